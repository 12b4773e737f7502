package metrics

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"corecast/results"
)

// canonical writes settings in one way, whatever the types of their numbers.
func canonical(s results.Settings) string {
	if len(s) == 0 {
		return ""
	}
	b, err := json.Marshal(s) // sorts the keys
	if err != nil {
		return fmt.Sprint(map[string]any(s))
	}
	return string(b)
}

// labelCells names each cell by the settings in which cells differ, and by
// its size where sizes differ without following the cores, and sorts cells by
// label, kind and cores.
func (g *group) labelCells() {
	keys := g.varying()
	sized := g.scaling != ScalingWeak && slices.ContainsFunc(g.cells, func(c *cell) bool {
		return c.point.Size != g.cells[0].point.Size
	})
	for _, c := range g.cells {
		var parts []string
		if sized {
			parts = append(parts, "size="+strconv.FormatInt(c.point.Size, 10))
		}
		for _, k := range keys {
			if v, ok := c.point.Settings[k]; ok {
				parts = append(parts, k+"="+results.SettingText(v))
			}
		}
		c.label = strings.Join(parts, ", ")
	}
	slices.SortStableFunc(g.cells, func(a, b *cell) int {
		order := 0
		if sized {
			order = cmp.Compare(a.point.Size, b.point.Size)
		}
		for _, k := range keys {
			order = cmp.Or(order, compareScalars(a.point.Settings[k], b.point.Settings[k]))
		}
		return cmp.Or(order, cmp.Compare(a.kind, b.kind), cmp.Compare(a.point.Cores, b.point.Cores))
	})
}

// varying returns the settings that are not the same in all cells, sorted.
func (g *group) varying() []string {
	var keys []string
	for _, c := range g.cells {
		for k := range maps.Keys(c.point.Settings) {
			differs := slices.ContainsFunc(g.cells, func(o *cell) bool {
				v, ok := o.point.Settings[k]
				return !ok || results.SettingText(v) != results.SettingText(c.point.Settings[k])
			})
			if differs && !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// compareScalars orders numbers by value and all else by text; what is absent
// comes first.
func compareScalars(a, b any) int {
	if (a == nil) != (b == nil) {
		if a == nil {
			return -1
		}
		return 1
	}
	x, xErr := strconv.ParseFloat(results.SettingText(a), 64)
	y, yErr := strconv.ParseFloat(results.SettingText(b), 64)
	if xErr == nil && yErr == nil {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(results.SettingText(a), results.SettingText(b))
}

// sizesFollowCores reports whether there are several sizes and each is the
// same number of units a core, to within one unit a core: a weak scaling.
func (g *group) sizesFollowCores() bool {
	several := false
	for _, c := range g.cells {
		first := g.cells[0].point
		if first.Cores <= 0 || c.point.Cores <= 0 || c.point.Size <= 0 {
			return false
		}
		several = several || c.point.Size != first.Size
		a := float64(c.point.Size) / float64(c.point.Cores)
		b := float64(first.Size) / float64(first.Cores)
		if a-b > 1 || b-a > 1 {
			return false
		}
	}
	return several
}
