package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"corecast/internal/cgroup"
	"corecast/runner/codeengine"
)

// newClean makes clean: it removes what drivers that were killed have left.
func (a *app) newClean() *cobra.Command {
	var backend, run, format string
	var list bool
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "remove what drivers that were killed have left",
		Long: `Remove what drivers that were killed have left: jobs, job runs, secrets, config
maps and objects (codeengine), or control groups (local). Without --run, of all
runs: those that are going on as well, so look first (--list).`,
		Example: `  corecast clean --backend codeengine --list
  corecast clean --backend codeengine --run 20261124-101112-abcd
  corecast clean --backend local`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format, "table", "json"); err != nil {
				return err
			}
			switch backend {
			case "local":
				return a.cleanLocal(list)
			case codeengine.Name:
				return a.cleanCloud(cmd, run, format, list)
			}
			return fmt.Errorf("--backend: %q is neither local nor codeengine", backend)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&backend, "backend", "local", "whose leftovers: local or codeengine")
	fs.StringVar(&run, "run", "", "id of the run whose leftovers are meant (default: all)")
	fs.BoolVar(&list, "list", false, "only list them")
	formatFlag(cmd, &format, "table", "json")
	return cmd
}

func (a *app) cleanLocal(list bool) error {
	if list {
		return fmt.Errorf("--list is for codeengine: control groups of drivers that are gone cannot be of use to anybody")
	}
	if err := cgroup.CleanOwn(); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "no control groups are left of drivers that are gone")
	return nil
}

func (a *app) cleanCloud(cmd *cobra.Command, run, format string, list bool) error {
	all, err := a.cloud.config()
	if err != nil {
		return err
	}
	s, err := settingsOf(all)
	if err != nil {
		return err
	}
	verb, do := "removed", codeengine.Clean
	if list {
		verb, do = "found", codeengine.Find
	}
	l, err := do(cmd.Context(), *s, run)
	if l != nil && format == "json" {
		if e := json.NewEncoder(a.stdout).Encode(l); e != nil {
			return e
		}
	} else if l != nil {
		fmt.Fprintf(a.stdout, "%s: %d jobs, %d job runs, %d secrets, %d config maps, %d objects\n", verb, len(l.Jobs), len(l.JobRuns), len(l.Secrets), len(l.ConfigMaps), len(l.Objects))
		for _, id := range l.Runs() {
			fmt.Fprintf(a.stdout, "  run %s\n", id)
		}
	}
	return err
}
