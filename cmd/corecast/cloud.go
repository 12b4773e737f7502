package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/cost"
	"corecast/internal/yamlfile"
	"corecast/runner/codeengine"
	"corecast/runner/objstore"
)

// cloudFlags are what every command that may use a cloud takes.
type cloudFlags struct {
	profile string
	yes     bool
	maxCost float64

	settings *codeengine.Settings // once a plan asks for it
	price    *cost.Price
}

func (f *cloudFlags) bind(cmd *cobra.Command) {
	fs := cmd.PersistentFlags()
	fs.StringVar(&f.profile, "profile", "", "profile of the config file (or $CORECAST_PROFILE; see corecast config)")
	fs.BoolVar(&f.yes, "yes", false, "do not ask before a run in a cloud")
	fs.Float64Var(&f.maxCost, "max-cost", 0, "end a run in a cloud when it may have cost so many USD, and keep what is done (0: never)")
}

// setting is one of the config file.
type setting struct {
	name, env, usage string
	secret           bool
	value, from      string
}

// cloudSettings lists the settings, in the order in which they are shown.
func cloudSettings() []setting {
	return []setting{
		{name: "api_key", env: "CODE_ENGINE_APIKEY", usage: "IAM key", secret: true},
		{name: "region", env: "CORECAST_REGION", usage: "region of the services", value: "us-south"},
		{name: "project", env: "CORECAST_PROJECT", usage: "Code Engine project, by name or id"},
		{name: "image", env: "CORECAST_IMAGE", usage: "image of the workers (corecast image build)"},
		{name: "image_secret", env: "CORECAST_IMAGE_SECRET", usage: "name of the secret for the image's registry"},
		{name: "command", env: "CORECAST_COMMAND", usage: "program in the image, with arguments; empty: its entry point"},
		{name: "bucket", env: "CORECAST_BUCKET", usage: "bucket of Object Storage"},
		{name: "cos_endpoint", env: "CORECAST_COS_ENDPOINT", usage: "address of Object Storage; empty: the region's"},
		{name: "cos_access_key_id", env: "CORECAST_COS_ACCESS_KEY_ID", usage: "HMAC key of Object Storage; empty: api_key opens it", secret: true},
		{name: "cos_secret_access_key", env: "CORECAST_COS_SECRET_ACCESS_KEY", usage: "its secret", secret: true},
		{name: "quota_instances", env: "CORECAST_QUOTA_INSTANCES", usage: "instances that the project runs at a time; empty: its default quota"},
		{name: "max_time", env: "CORECAST_MAX_TIME", usage: "limit of an instance's life, such as 2h; empty: the service's"},
		{name: "url", env: "CODE_ENGINE_URL", usage: "address of Code Engine; empty: the region's"},
		{name: "auth_url", env: "CODE_ENGINE_AUTH_URL", usage: "address of IAM; empty: IBM's"},
	}
}

// configFile is the file of settings: profiles by name.
type configFile struct {
	Profiles map[string]map[string]string `json:"profiles"`
}

func configPath() string {
	if p := os.Getenv("CORECAST_CONFIG"); p != "" {
		return p
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "corecast", "config.yaml")
}

// config reads the settings: the profile of the config file, the environment
// over it.
func (f *cloudFlags) config() ([]setting, error) {
	all := cloudSettings()
	path := configPath()
	profile := f.profile
	if profile == "" {
		profile = os.Getenv("CORECAST_PROFILE")
	}
	values, err := readProfile(path, profile)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool)
	for i := range all {
		s := &all[i]
		known[s.name] = true
		s.from = "default"
		if v, ok := values[s.name]; ok {
			s.value, s.from = v, "config file, profile "+orDefault(profile)
		}
		if v, ok := os.LookupEnv(s.env); ok && v != "" {
			s.value, s.from = v, "$"+s.env
		}
	}
	for name := range values {
		if !known[name] {
			return nil, fmt.Errorf("%s: profile %s: there is no setting %q: corecast config lists them", path, orDefault(profile), name)
		}
	}
	return all, nil
}

func orDefault(profile string) string {
	if profile == "" {
		return "default"
	}
	return profile
}

// readProfile reads a profile; none was asked for: default, if there is a file.
func readProfile(path, profile string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && profile == "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the config file: %w", err)
	}
	var c configFile
	if _, err := yamlfile.Decode(data, &c); err != nil && !errors.Is(err, yamlfile.ErrEmpty) {
		return nil, fmt.Errorf("config file %s: %w", path, err)
	}
	values, ok := c.Profiles[orDefault(profile)]
	if !ok && profile != "" {
		return nil, fmt.Errorf("config file %s has no profile %q", path, profile)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 && (values["api_key"] != "" || values["cos_secret_access_key"] != "") {
		return nil, fmt.Errorf("config file %s holds keys and is open to others (mode %#o): chmod 600 %[1]s", path, info.Mode().Perm())
	}
	return values, nil
}

// settingsOf makes the backend's settings of what was read.
func settingsOf(all []setting) (*codeengine.Settings, error) {
	v := make(map[string]string)
	for _, s := range all {
		v[s.name] = s.value
	}
	s := &codeengine.Settings{
		APIKey: v["api_key"], URL: v["url"], AuthURL: v["auth_url"], Region: v["region"], Project: v["project"],
		Image: v["image"], ImageSecret: v["image_secret"], Command: strings.Fields(v["command"]), Emulated: os.Getenv("CORECAST_EMULATED") == "1",
		Store: objstore.Access{Endpoint: v["cos_endpoint"], Region: v["region"], Bucket: v["bucket"], AccessKey: v["cos_access_key_id"], SecretKey: v["cos_secret_access_key"]},
	}
	if q := v["quota_instances"]; q != "" {
		n, err := strconv.Atoi(q)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("quota_instances: %q is not a number of instances", q)
		}
		s.Quota = n
	}
	if t := v["max_time"]; t != "" {
		d, err := time.ParseDuration(t)
		if err != nil || d <= 0 {
			return nil, fmt.Errorf("max_time: %q is not a time such as 2h", t)
		}
		s.MaxTime = d
	}
	return s, nil
}

// prepareCloud reads the settings if a plan asks for a cloud, tells what the
// run may cost, and asks.
func (a *app) prepareCloud(ctx context.Context, plan bench.Plan) error {
	var sweeps []bench.Sweep
	for _, s := range plan.Sweeps {
		if s.Backend == codeengine.Name {
			sweeps = append(sweeps, s)
		}
	}
	if len(sweeps) == 0 {
		if a.cloud.maxCost != 0 {
			return errors.New("--max-cost is for runs in a cloud: no sweep has --backend codeengine")
		}
		return nil
	}
	if a.cloud.maxCost < 0 {
		return fmt.Errorf("--max-cost: %v USD is negative", a.cloud.maxCost)
	}
	all, err := a.cloud.config()
	if err != nil {
		return err
	}
	s, err := settingsOf(all)
	if err != nil {
		return err
	}
	for _, w := range sweeps {
		if err := codeengine.Check(*s, codeengine.Options{VCPU: vcpuOf(w), Memory: w.Memory}); err != nil {
			return err
		}
	}
	price, err := cost.Lookup("codeengine")
	if err != nil {
		return err
	}
	a.cloud.settings, a.cloud.price = s, &price
	return a.askCost(ctx, plan, sweeps)
}

func vcpuOf(s bench.Sweep) float64 {
	if s.CoreShare > 0 {
		return s.CoreShare
	}
	return s.VCPU
}

// askCost says what a run costs while it runs, and asks unless that was
// answered beforehand. Nobody knows how long tasks take before they have run.
func (a *app) askCost(ctx context.Context, plan bench.Plan, sweeps []bench.Sweep) error {
	trials, minute := 0, 0.0
	var most int
	var largest float64
	for _, s := range sweeps {
		o := codeengine.Options{VCPU: vcpuOf(s), Memory: s.Memory}
		reps := max(s.Reps, plan.Reps, 1)
		for _, cores := range s.Cores {
			workers := cores
			if s.CoreShare == 0 {
				workers = cores / int(s.VCPU)
			}
			usd := 60 * float64(workers) * a.cloud.price.Second(o.VCPU, codeengine.MemoryOf(o))
			n := reps + 1 // and one to warm up
			if plan.Once {
				n = 1
			}
			trials += n
			minute += float64(n) * usd
			most, largest = max(most, workers), max(largest, usd)
		}
	}
	where := "Code Engine"
	if a.cloud.settings.Emulated {
		where = "the emulator (nothing is billed; as the service would be)"
	}
	fmt.Fprintf(a.stderr, "corecast: %d trials on %s, of up to %d instances at a time.\n", trials, where, most)
	fmt.Fprintf(a.stderr, "corecast: The largest costs %.4g USD for each minute; all together, if each takes a minute, %.4g USD (prices of %s, free tier aside).\n", largest, minute, a.cloud.price.Date)
	if a.cloud.maxCost > 0 {
		fmt.Fprintf(a.stderr, "corecast: The run ends when it may have cost %.4g USD.\n", a.cloud.maxCost)
	}
	if a.cloud.yes || a.cloud.settings.Emulated {
		return nil
	}
	file, ok := a.stdin.(*os.File)
	if !ok || !isTerminal(file) {
		return errors.New("a run in a cloud costs money: say --yes, where nobody can be asked")
	}
	fmt.Fprint(a.stderr, "corecast: Go on? [y/N] ")
	answer, _ := bufio.NewReader(a.stdin).ReadString('\n')
	if s := strings.ToLower(strings.TrimSpace(answer)); s != "y" && s != "yes" {
		return errors.New("nothing was run")
	}
	return ctx.Err()
}

// benchOptions are those of a run.
func (a *app) benchOptions(p *progress) bench.Options {
	return bench.Options{Progress: p.update, Cloud: a.cloud.settings, MaxCost: a.cloud.maxCost, Price: a.cloud.price}
}
