package bench

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Differs says in words what another plan asks for otherwise, but for how it is
// shown; empty when nothing.
func (p Plan) Differs(other Plan) (string, error) {
	was, err := p.leaves()
	if err != nil {
		return "", err
	}
	is, err := other.leaves()
	if err != nil {
		return "", err
	}
	all := maps.Clone(was)
	maps.Copy(all, is)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if was[name] != is[name] {
			short := name[strings.LastIndex(name, ".")+1:]
			list = append(list, fmt.Sprintf("%s was %s and is %s", short, orNone(was[name]), orNone(is[name])))
		}
	}
	return strings.Join(list, ", "), nil
}

func orNone(value string) string {
	if value == "" {
		return "not set"
	}
	return value
}

// leaves returns the values of a plan by their paths.
func (p Plan) leaves() (map[string]string, error) {
	p.Price = ""
	data, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("compare plans: %w", err)
	}
	all := make(map[string]string)
	var walk func(path string, data json.RawMessage) error
	walk = func(path string, data json.RawMessage) error {
		var object map[string]json.RawMessage
		var list []json.RawMessage
		switch {
		case json.Unmarshal(data, &object) == nil && object != nil:
			for name, value := range object {
				if err := walk(path+"."+name, value); err != nil {
					return err
				}
			}
		case path == ".sweeps":
			if err := json.Unmarshal(data, &list); err != nil {
				return fmt.Errorf("compare plans: %w", err)
			}
			for i, value := range list {
				if err := walk(fmt.Sprintf(".%d", i), value); err != nil {
					return err
				}
			}
		default:
			all[path] = string(data)
		}
		return nil
	}
	return all, walk("", data)
}
