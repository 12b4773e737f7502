package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"corecast/bench/cost"
	"corecast/bench/planfile"
	"corecast/bench/scenariofile"
	"corecast/report"
)

// schema is a published JSON Schema.
type schema struct {
	name string
	make func() ([]byte, error)
}

// schemas lists those of outputs, then those of files that people write.
func schemas() []schema {
	var list []schema
	for _, name := range report.SchemaNames() {
		if name == "plan" {
			continue // it shares its name with a file
		}
		list = append(list, schema{name, func() ([]byte, error) { return report.Schema(name) }})
	}
	return append(list,
		schema{"plan", planSchema},
		schema{"price", cost.FileSchema},
		schema{"scenario", scenariofile.Schema},
	)
}

// planSchema is of both that go by the name: what corecast bench --plan reads,
// and what corecast plan answers. No value is valid as both: one needs sweeps,
// the other options.
func planSchema() ([]byte, error) {
	var either []map[string]any
	for _, make := range []func() ([]byte, error){planfile.Schema, func() ([]byte, error) { return report.Schema("plan") }} {
		data, err := make()
		if err != nil {
			return nil, err
		}
		var one map[string]any
		if err := json.Unmarshal(data, &one); err != nil {
			return nil, fmt.Errorf("join the schemas of plans: %w", err)
		}
		delete(one, "$schema")
		delete(one, "$id")
		either = append(either, one)
	}
	both, err := json.MarshalIndent(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$id":     "urn:corecast:schema:plan:1",
		"title":   "A plan: what corecast bench --plan reads, or what corecast plan answers",
		"anyOf":   either,
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema plan: %w", err)
	}
	return append(both, '\n'), nil
}

// newSchema makes schema.
func (a *app) newSchema() *cobra.Command {
	var names []string
	for _, s := range schemas() {
		names = append(names, s.name)
	}
	return &cobra.Command{
		Use:       "schema [name]",
		Short:     "print the JSON Schema of an output or of a file: " + strings.Join(names, ", "),
		Example:   "  corecast schema bench",
		ValidArgs: names,
		Args:      cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := fmt.Fprintln(a.stdout, strings.Join(names, "\n"))
				return err
			}
			for _, s := range schemas() {
				if s.name != args[0] {
					continue
				}
				data, err := s.make()
				if err != nil {
					return err
				}
				_, err = a.stdout.Write(data)
				return err
			}
			return fmt.Errorf("no schema %q: there are %s", args[0], strings.Join(names, ", "))
		},
	}
}
