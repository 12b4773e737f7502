package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corecast/internal/emulator"
	"corecast/internal/emulator/image"
	"corecast/internal/emulator/instance"
)

// emulateFlags are the flags of emulate.
type emulateFlags struct {
	listen, envFile, log, output, format string
	region, project, bucket, apiKey      string
	tokenLife, clockAhead                time.Duration
	images, maps                         []string
	startDelay                           string
	provisionRate                        float64
	quotaVCPU                            float64
	quotaMemory                          string
	quotaInstances                       int
	faults                               []string
	seed                                 uint64
	enforce                              string
	compat                               string
}

// Values of --enforce and --compat.
const (
	enforceAuto = "auto"
	enforceNone = "none"
	compatNone  = "none"
	compatSDK   = "sdk-tests"
)

func (a *app) newEmulate() *cobra.Command {
	var f emulateFlags
	cmd := &cobra.Command{
		Use:   "emulate",
		Short: "serve IBM Cloud Code Engine and Object Storage on this machine",
		Long: `Serve IBM Cloud Code Engine (API v2), IAM's tokens and Cloud Object Storage on
loopback, for corecast and any other client. Job runs really execute: each index
is a process of this machine, held to its vCPU and memory by the kernel where
that is allowed (said where not). When all is ready, the environment for clients
is printed; the emulator runs until it is interrupted, then kills what it
started, removes what it made, and prints how many requests there were.

An image is a folder or a tar (OCI layout, or of docker save) that --image names.
There is no container: what the image does not have is this machine's. With
--map, commands of images that are not here run as they are, with prefixes of
paths replaced.

What is measured against it is emulated, and says so. docs/emulator.md has what
is as in the service, and what is not.`,
		Example: `  corecast emulate --env-file ce.env --image my/worker=./image.tar
  corecast emulate --start-delay codeengine-2021 --log instances.jsonl
  corecast emulate --map /usr/local/bin/python=/usr/bin/python3
  corecast emulate --fault 429=5,503=5,drop=2,kill=1 --seed 7
  corecast emulate --quota-vcpu 4 --quota-instances 10 --provision-rate 3`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.emulate(cmd.Context(), &f) },
	}
	f.bind(cmd)
	return cmd
}

func (f *emulateFlags) bind(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.listen, "listen", "127.0.0.1:0", "loopback address to listen at (port 0: one that the kernel chooses)")
	fs.StringVar(&f.envFile, "env-file", "", "file to write the environment to, as NAME=value; removed at the end")
	fs.StringArrayVar(&f.images, "image", nil, "image, as NAME=DIR or NAME=TAR; can be given again")
	fs.StringArrayVar(&f.maps, "map", nil, "prefix of paths in commands, and what stands for it here, as /usr/local/bin/python=/usr/bin/python3; can be given again")
	fs.StringVar(&f.startDelay, "start-delay", "0", "from admission to start: a time, uniform:1s,5s, exponential:2s, normal:5s,1s, lognormal:2s,0.5 (median, sigma), weibull:5s,1.6 (scale, shape), or a profile such as codeengine-2021")
	fs.Float64Var(&f.provisionRate, "provision-rate", 0, "instances a second that begin to start (default: any number)")
	q := emulator.DefaultQuota()
	fs.Float64Var(&f.quotaVCPU, "quota-vcpu", q.VCPU, "vCPU that a project's instances have together; others wait (0: no limit)")
	fs.StringVar(&f.quotaMemory, "quota-memory", "512G", "memory that they have together (0: no limit)")
	fs.IntVar(&f.quotaInstances, "quota-instances", q.Instances, "instances at a time (0: no limit)")
	fs.StringArrayVar(&f.faults, "fault", nil, "what goes wrong, in percent: 429=5,503=5,slow=5,drop=5,storage=5,kill=5, or all=5; can be given again")
	fs.Uint64Var(&f.seed, "seed", 1, "seed of faults and delays")
	fs.StringVar(&f.enforce, "enforce", enforceAuto, "hold instances to their vCPU and memory: auto, none")
	fs.StringVar(&f.region, "region", "us-south", "region that it is")
	fs.StringVar(&f.project, "project", "emulated", "project that is there at the start")
	fs.StringVar(&f.bucket, "bucket", "corecast", "bucket that is there at the start")
	fs.StringVar(&f.apiKey, "api-key", "", "key that tokens are given for (default: a random one)")
	fs.DurationVar(&f.tokenLife, "token-life", time.Hour, "how long a token holds")
	fs.DurationVar(&f.clockAhead, "clock-ahead", 0, "how far the service's clock is ahead of this machine's")
	fs.StringVar(&f.log, "log", "", "file for what became of each instance, as lines of JSON")
	fs.StringVar(&f.output, "output", "", "folder for what instances print, a file each (default: lost)")
	fs.StringVar(&f.compat, "compat", compatNone, "none, or sdk-tests: what the SDK's own integration tests need (seeded items, laxer order)")
	formatFlag(cmd, &f.format, "text", "json")
	cmd.RegisterFlagCompletionFunc("enforce", cobra.FixedCompletions([]string{enforceAuto, enforceNone}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("compat", cobra.FixedCompletions([]string{compatNone, compatSDK}, cobra.ShellCompDirectiveNoFileComp))
}

// options reads the flags.
func (f *emulateFlags) options() (o emulator.Options, err error) {
	if err := checkFormat(f.format, "text", "json"); err != nil {
		return o, err
	}
	for name, v := range map[string]struct{ value, a, b string }{
		"enforce": {f.enforce, enforceAuto, enforceNone}, "compat": {f.compat, compatNone, compatSDK},
	} {
		if v.value != v.a && v.value != v.b {
			return o, fmt.Errorf("--%s: %q is neither %s nor %s", name, v.value, v.a, v.b)
		}
	}
	o = emulator.Options{
		Listen: f.listen, Region: f.region, Project: f.project, Bucket: f.bucket, APIKey: f.apiKey,
		TokenLife: f.tokenLife, ClockAhead: f.clockAhead, Seed: f.seed, Output: f.output,
		Unheld: f.enforce == enforceNone, SDKTests: f.compat == compatSDK,
	}
	if err := f.quota(&o); err != nil {
		return o, err
	}
	if o.Provisioning, err = emulator.ParseStartDelay(f.startDelay); err != nil {
		return o, fmt.Errorf("--start-delay: %w", err)
	}
	o.Provisioning.Rate = f.provisionRate
	for _, s := range f.images {
		source, err := image.ParseSource(s)
		if err != nil {
			return o, fmt.Errorf("--image: %w", err)
		}
		o.Images = append(o.Images, source)
	}
	for _, s := range f.maps {
		m, err := image.ParseMap(s)
		if err != nil {
			return o, fmt.Errorf("--map: %w", err)
		}
		o.Maps = append(o.Maps, m)
	}
	for _, s := range f.faults {
		if err := o.Faults.Parse(s); err != nil {
			return o, fmt.Errorf("--fault: %w", err)
		}
	}
	return o, nil
}

func (f *emulateFlags) quota(o *emulator.Options) error {
	q := emulator.DefaultQuota()
	q.VCPU, q.Instances = f.quotaVCPU, f.quotaInstances
	if f.quotaVCPU < 0 || f.quotaInstances < 0 || f.provisionRate < 0 {
		return fmt.Errorf("--quota-vcpu, --quota-instances, --provision-rate: they cannot be negative")
	}
	q.Memory = 0
	if f.quotaMemory != "0" {
		bytes, err := emulator.ParseSize(f.quotaMemory)
		if err != nil {
			return fmt.Errorf("--quota-memory: %w", err)
		}
		q.Memory = bytes
	}
	o.Quota = &q
	return nil
}

// emulate runs the emulator until ctx ends.
func (a *app) emulate(ctx context.Context, f *emulateFlags) (err error) {
	o, err := f.options()
	if err != nil {
		return err
	}
	if f.log != "" {
		file, err := os.Create(f.log)
		if err != nil {
			return fmt.Errorf("--log: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		o.Log = file
	}
	if f.output != "" {
		if err := os.MkdirAll(f.output, 0o777); err != nil {
			return fmt.Errorf("--output: %w", err)
		}
	}
	e, err := emulator.Start(ctx, o)
	if err != nil {
		return err
	}
	defer e.Close()
	if f.envFile != "" {
		if err := writeEnvFile(f.envFile, e.Env()); err != nil {
			return fmt.Errorf("--env-file: %w", err)
		}
		defer os.Remove(f.envFile)
	}
	if err := a.printEmulator(f, e); err != nil {
		return err
	}
	<-ctx.Done()
	closeErr := e.Close() // then those that it ended are counted too
	records, logErr := e.Instances()
	a.printRequests(f, e.Requests(), records)
	if logErr != nil {
		return errors.Join(closeErr, fmt.Errorf("--log: %w", logErr))
	}
	return closeErr
}

// writeEnvFile writes an environment that only this user can read, at once:
// who waits for the file finds it whole.
func writeEnvFile(path string, env []emulator.Variable) error {
	var b strings.Builder
	for _, v := range env {
		fmt.Fprintf(&b, "%s=%s\n", v.Name, v.Value)
	}
	part := path + ".part"
	if err := os.WriteFile(part, []byte(b.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// printEmulator says where it is, and how clients find it.
func (a *app) printEmulator(f *emulateFlags, e *emulator.Emulator) error {
	for _, w := range e.Warnings {
		fmt.Fprintf(a.stderr, "corecast: warning: %s\n", oneLine(w))
	}
	if f.format == "json" {
		env := make(map[string]string)
		for _, v := range e.Env() {
			env[v.Name] = v.Value
		}
		return json.NewEncoder(a.stdout).Encode(map[string]any{
			"emulated": true, "url": e.URL, "api_url": e.APIURL, "project": e.Project, "project_id": e.ProjectID, "held": e.Held(), "env": env,
		})
	}
	held := "nothing: they run as they like"
	if h := e.Held(); len(h) > 0 {
		held = "their " + strings.Join(h, " and ") + ", by the kernel"
	}
	fmt.Fprintf(a.stdout, "# corecast emulates Code Engine at %s, and object storage at %s\n", e.APIURL, e.URL)
	fmt.Fprintf(a.stdout, "# instances are held to %s\n", held)
	for _, v := range e.Env() {
		fmt.Fprintf(a.stdout, "export %s=%s\n", v.Name, v.Value)
	}
	_, err := fmt.Fprintf(a.stdout, "# ready; requests so far: %s/_emulator/requests; an interrupt ends it\n", e.URL)
	return err
}

// printRequests says what there was to do.
func (a *app) printRequests(f *emulateFlags, n emulator.Requests, records []instance.Record) {
	if f.format == "json" {
		json.NewEncoder(a.stdout).Encode(map[string]any{"emulated": true, "requests": n, "instances": len(records)})
		return
	}
	printCounts(a.stdout, n, records)
}

func printCounts(w io.Writer, n emulator.Requests, records []instance.Record) {
	fmt.Fprintf(w, "# requests: %d, of which %d for tokens, %d to Code Engine, %d to object storage (%d class A, %d class B, %d deletes; %d bytes in, %d out)\n",
		n.Total, n.Tokens, n.API, n.Storage, n.ClassA, n.ClassB, n.Deletes, n.BytesIn, n.BytesOut)
	for _, k := range emulator.Sorted(n.Kinds) {
		fmt.Fprintf(w, "#   %7d %s\n", n.Kinds[k], k)
	}
	for _, k := range emulator.Sorted(n.Faults) {
		fmt.Fprintf(w, "#   %7d made to fail or wait: %s\n", n.Faults[k], k)
	}
	var billed, cpu float64
	for _, r := range records {
		billed += r.BilledSeconds
		cpu += r.CPUSeconds
	}
	fmt.Fprintf(w, "# instances: %d, which ran for %.3f s and used %.3f s of processor time (emulated)\n", len(records), billed, cpu)
}
