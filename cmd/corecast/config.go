package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// newConfig makes config: what the settings are, and where they come from.
func (a *app) newConfig() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "config",
		Short: "show the settings of backends in a cloud, and where each comes from",
		Long: `Show the settings of backends in a cloud, and where each comes from: the
environment over the profile of the config file over the default. Secrets are
masked.

The config file is $CORECAST_CONFIG, or corecast/config.yaml in the folder of the
user's configuration:

  profiles:
    default:
      project: my-project
      image: icr.io/me/corecast:1
      bucket: my-bucket`,
		Example: `  corecast config
  corecast config --profile work --format json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.config(format) },
	}
	formatFlag(cmd, &format, "table", "json")
	return cmd
}

// mask shows that a secret is there, and not what it is.
func (s *setting) shown() string {
	if s.secret && s.value != "" {
		return "********"
	}
	return s.value
}

func (a *app) config(format string) error {
	if err := checkFormat(format, "table", "json"); err != nil {
		return err
	}
	all, err := a.cloud.config()
	if err != nil {
		return err
	}
	if format == "json" {
		type row struct {
			Name  string `json:"name"`
			Value string `json:"value"`
			From  string `json:"from"`
			Env   string `json:"env"`
		}
		rows := []row{}
		for _, s := range all {
			rows = append(rows, row{s.name, s.shown(), s.from, s.env})
		}
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "setting\tvalue\tfrom\tvariable\twhat it is\n")
	for _, s := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.name, s.shown(), s.from, s.env, s.usage)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "\nconfig file: %s\n", configPath())
	return nil
}
