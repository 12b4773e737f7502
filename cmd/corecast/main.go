// Command corecast measures how a job scales over cores: how long it takes,
// what it costs, and where the time goes.
//
// It is the only place that prints, exits and reads flags. Each subcommand is
// a file; what they do is in the packages bench (measure), results (record),
// bench/metrics (figures) and report (tables, plots).
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	_ "corecast/internal/workerentry" // must start before other packages initialise
	_ "corecast/internal/workerentry/all"
	_ "corecast/internal/workerentry/stored"
	"corecast/runner/remote"
	"corecast/workloads"
)

func main() {
	remote.Main(workloads.Funcs()...)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
