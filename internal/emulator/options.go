package emulator

import (
	"fmt"
	"io"
	"net"
	"time"

	"corecast/internal/emulator/image"
	"corecast/internal/emulator/instance"
)

// Options are how an emulator behaves. The zero value is a service in us-south
// with the default quotas, that starts instances at once, holds them to their
// size where this machine allows that, and never fails.
type Options struct {
	// Listen is the address; empty: loopback, at a port that the kernel
	// chooses.
	Listen string
	// Region is the service's; empty: us-south.
	Region string
	// Project is the name of the project that is there at the start; empty:
	// emulated. Bucket is that of the bucket; empty: corecast.
	Project, Bucket string
	// APIKey is the key that tokens are given for; empty: a random one, as
	// those of the object store are.
	APIKey string
	// TokenLife is how long a token holds; 0: an hour.
	TokenLife time.Duration
	// ClockAhead is how far the service's clock is ahead of this machine's.
	ClockAhead time.Duration
	// Images stand for the registry; Maps has commands run as they are, with
	// prefixes of paths replaced.
	Images []image.Source
	Maps   []image.Map
	// Quota is what a project's instances may use together; nil: the service's
	// default, [DefaultQuota].
	Quota *instance.Quota
	// Provisioning is how instances come to start.
	Provisioning instance.Provisioning
	// Unheld has instances run without the kernel holding them to their
	// processors and memory.
	Unheld bool
	// Faults are what goes wrong, drawn from Seed, as delays are.
	Faults Faults
	Seed   uint64
	// Output is a folder for what instances print, a file each; empty: lost.
	Output string
	// Log gets a line of JSON for each instance that has ended (see
	// [instance.Record]); nil: none.
	Log io.Writer
	// SDKTests is the service as the SDK's own integration tests want it:
	// one item of each kind in the project that they name, entity tags that
	// always match, and things that are deleted before those that need them.
	SDKTests bool
}

// DefaultQuota is what a project has until it is raised (IBM's documentation,
// 2025-12-12).
func DefaultQuota() instance.Quota {
	return instance.Quota{VCPU: 128, Memory: 512e9, Instances: 250, Total: 2500}
}

func (o *Options) complete() error {
	for _, d := range []struct {
		to    *string
		value string
	}{{&o.Listen, "127.0.0.1:0"}, {&o.Region, "us-south"}, {&o.Project, "emulated"}, {&o.Bucket, "corecast"}} {
		if *d.to == "" {
			*d.to = d.value
		}
	}
	if o.APIKey == "" {
		o.APIKey = random(32)
	}
	if o.TokenLife == 0 {
		o.TokenLife = time.Hour
	}
	if o.Quota == nil {
		q := DefaultQuota()
		o.Quota = &q
	}
	if o.TokenLife < 0 {
		return fmt.Errorf("a token's life of %v is negative", o.TokenLife)
	}
	return loopback(o.Listen)
}

// loopback refuses addresses that others could reach: what comes in is run.
func loopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("listen at %s: it must be a loopback address, such as 127.0.0.1:8080, for it runs whatever it is told to", address)
	}
	return nil
}
