package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/cost"
	"corecast/runner/codeengine"
)

// bindDoctor has doctor check what a backend in a cloud needs, when one is named.
func (a *app) bindDoctor(cmd *cobra.Command) {
	var backend, format, coreShare, memory string
	var vcpu int
	cmd.Long = `Check what keeps this machine from measuring well (the subcommands), or, with
--backend codeengine, what a backend in a cloud needs, in turn: settings, key,
project, image, bucket, quota and price; and say what to do about what is wrong.
The latter costs two writes of an object.`
	cmd.Example = `  corecast doctor --backend codeengine
  corecast doctor --backend codeengine --core-share 12.5%`
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if backend == "" {
			return cmd.Help()
		}
		if err := checkFormat(format, "table", "json"); err != nil {
			return err
		}
		if backend != codeengine.Name {
			return fmt.Errorf("--backend: there is nothing to check of %q: codeengine has", backend)
		}
		o := codeengine.Options{VCPU: float64(vcpu)}
		share, err := bench.ParseCoreShare(coreShare)
		if err != nil {
			return fmt.Errorf("--core-share: %w", err)
		}
		if share > 0 {
			o.VCPU = share
		}
		if o.Memory, err = bench.ParseMemory(memory); err != nil {
			return fmt.Errorf("--memory: %w", err)
		}
		return a.doctorCloud(cmd, o, format)
	}
	fs := cmd.Flags()
	fs.StringVar(&backend, "backend", "", "backend to check: codeengine")
	fs.IntVar(&vcpu, "vcpu", 1, "vCPU of an instance")
	fs.StringVar(&coreShare, "core-share", "", "the same, less than one, such as 12.5%")
	fs.StringVar(&memory, "memory", "", "memory of an instance, such as 4G")
	formatFlag(cmd, &format, "table", "json")
}

func (a *app) doctorCloud(cmd *cobra.Command, o codeengine.Options, format string) error {
	all, err := a.cloud.config()
	if err != nil {
		return err
	}
	s, err := settingsOf(all)
	if err != nil {
		return err
	}
	found := codeengine.Doctor(cmd.Context(), *s, o)
	if price, err := cost.Lookup("codeengine"); err == nil {
		usd := price.Second(o.VCPU, codeengine.MemoryOf(o)) * 3600
		found = append(found, codeengine.Finding{What: "price", OK: true, Text: fmt.Sprintf("%.4g USD an hour and instance, free tier aside (%s)", usd, price.Date)})
	}
	bad := 0
	for _, f := range found {
		if !f.OK {
			bad++
		}
	}
	if format == "json" {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(found); err != nil {
			return err
		}
	} else {
		for _, f := range found {
			mark := "ok  "
			if !f.OK {
				mark = "BAD "
			}
			fmt.Fprintf(a.stdout, "%s %s: %s\n", mark, f.What, oneLine(f.Text))
		}
	}
	if bad > 0 {
		return negative{errors.New("not all is well")}
	}
	return nil
}
