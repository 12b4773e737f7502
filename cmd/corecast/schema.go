package main

import (
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
		list = append(list, schema{name, func() ([]byte, error) { return report.Schema(name) }})
	}
	return append(list,
		schema{"plan", planfile.Schema},
		schema{"price", cost.FileSchema},
		schema{"scenario", scenariofile.Schema},
	)
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
