//go:build !linux

package local_test

import "corecast/runner"

// Limits are Linux's.
func limitFuncs() []runner.AnyFunc { return nil }

func limitsDriver() {}
