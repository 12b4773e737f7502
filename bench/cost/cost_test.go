package cost

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corecast/internal/yamlfile/schematest"
	"corecast/results"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*max(1, math.Abs(b)) }

// Ten instances of 1 vCPU and 4 GB for 100 s: 1000 vCPU-s and 4000 GB-s, with
// 2,000 class A and 30,000 class B requests.
func TestCodeEngineByHand(t *testing.T) {
	p, err := Lookup("codeengine")
	if err != nil {
		t.Fatal(err)
	}
	var workers []Worker
	for range 10 {
		workers = append(workers, Worker{Seconds: 100, Billed: true, VCPU: 1, Memory: 4_000_000_000})
	}
	b := p.Bill(workers, []results.Usage{{Item: ItemClassA, Quantity: 2000}, {Item: ItemClassB, Quantity: 30000}})
	if want := 0.03431 + 0.01424; !near(b.Time, want) {
		t.Errorf("time %v, want %v", b.Time, want)
	}
	if want := 0.0104 + 0.0126; !near(b.Items, want) {
		t.Errorf("items %v, want %v", b.Items, want)
	}
	if !near(b.USD, b.Time+b.Items) || b.CoreSeconds != 1000 || len(b.Warnings) != 0 {
		t.Errorf("bill %+v", b)
	}
}

func TestBillWarns(t *testing.T) {
	p, err := Lookup("codeengine")
	if err != nil {
		t.Fatal(err)
	}
	b := p.Bill([]Worker{{Seconds: 1.5, VCPU: 2}}, []results.Usage{{Item: "bytes_out", Quantity: 7}})
	if want := 3 * 0.00003431; !near(b.USD, want) {
		t.Errorf("cost %v, want %v: unrounded", b.USD, want)
	}
	var codes []string
	for _, w := range b.Warnings {
		codes = append(codes, w.Code)
	}
	if got, want := strings.Join(codes, " "), "no_rounding memory_unknown unpriced_usage"; got != want {
		t.Errorf("warnings %s, want %s", got, want)
	}
}

func TestRound(t *testing.T) {
	for _, test := range []struct {
		list          string
		seconds, want float64
	}{
		{"codeengine", 1.234, 1.234},   // nothing known, nothing done
		{"fargate", 12, 60},            // one minute at least
		{"fargate", 61.5, 61.5},        // granularity not known
		{"cloudrun-jobs", 0.3, 0.3},    // 0.3/0.1 is not 3 in binary
		{"cloudrun-jobs", 0.31, 0.4},   // up
		{"ec2-c7i.2xlarge", 59.2, 60},  // minimum
		{"ec2-c7i.2xlarge", 60.01, 61}, // by the second
		{"ec2-c7i.2xlarge", 0, 0},      // never started
		{"cloudrun-jobs", 3600.05, 3600.1},
	} {
		p, err := Lookup(test.list)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Round(test.seconds); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: %v s are billed as %v, want %v", test.list, test.seconds, got, test.want)
		}
	}
}

// A whole machine's worth of workers costs what the machine does.
func TestMachineShare(t *testing.T) {
	p, err := Lookup("ec2-c7i.2xlarge")
	if err != nil {
		t.Fatal(err)
	}
	if got := 3600 * 8 * p.Second(1, 0); !near(got, 0.357) {
		t.Errorf("8 vCPU for an hour cost %v", got)
	}
	if got := 3600 * 2 * p.Second(1, 8*GiB); !near(got, 0.357) {
		t.Errorf("all of the memory for an hour costs %v", got)
	}
	if b := p.Bill([]Worker{{Seconds: 60, VCPU: 1}}, nil); len(b.Warnings) != 1 || b.Warnings[0].Code != "machine_share" {
		t.Errorf("warnings %v", b.Warnings)
	}
}

func TestListIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for i, p := range Prices() {
		if field, err := p.validate(); err != nil {
			t.Errorf("%s: %s: %v", p.Name, field, err)
		}
		if seen[p.Name] {
			t.Errorf("%s stands twice", p.Name)
		}
		seen[p.Name] = true
		if i == 0 && p.Name != "codeengine" {
			t.Errorf("the first is %s", p.Name)
		}
	}
	_, err := Lookup("gold")
	if err == nil || !strings.Contains(err.Error(), `"gold"; there are codeengine, cos, fargate`) {
		t.Errorf("unknown list: %v", err)
	}
}

// TestRead: a list of one's own, as JSON, as YAML, and on top of another.
func TestRead(t *testing.T) {
	p, err := Read([]byte(`{"name":"own","source":"contract","vcpu_second_usd":0.5,"memory_second_usd":2,
		"memory_unit_bytes":1073741824,"granularity_s":1,"items_usd":{"class_a_requests":0.25}}`))
	if err != nil {
		t.Fatal(err)
	}
	b := p.Bill([]Worker{{Seconds: 1.5, VCPU: 2, Memory: GiB}}, []results.Usage{{Item: ItemClassA, Quantity: 4}})
	if want := 2*(2*0.5+2) + 1.0; b.USD != want || len(b.Warnings) != 0 {
		t.Errorf("bill %+v, want %v USD", b, want)
	}
	ours, err := Read([]byte("base: codeengine\nsource: contract of 2026\nvcpu_second_usd: 0.00003\ngranularity_s: 0.1\nitems_usd:\n  class_a_requests: 0\nquota: {vcpu: 1000}\n"))
	if err != nil {
		t.Fatal(err)
	}
	base := codeengine()
	if ours.Name != "codeengine (changed)" || ours.VCPUSecond != 0.00003 || ours.MemorySecond != base.MemorySecond || *ours.Granularity != 0.1 ||
		ours.Items[ItemClassA] != 0 || ours.Items[ItemClassB] != base.Items[ItemClassB] || len(ours.Sizes) != len(base.Sizes) || ours.Quota.VCPU != 1000 || ours.Date != "" {
		t.Errorf("on codeengine: %+v", ours)
	}
	if p := codeengine(); p.Items[ItemClassA] == 0 || p.Quota.VCPU != 128 {
		t.Error("the base was changed")
	}
}

func TestReadTellsWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "the price list is empty",
		"name: x\nsource: y\n":            "no price of time",
		"source: y\nvcpu_second_usd: 1\n": "name is missing",
		"name: x\nvcpu_second_usd: 1\n":   "source is missing",
		"name: x\nsource: y\nvcpu_second_usd: -1":                                 "line 3, column 18: vcpu_second_usd is negative",
		"name: x\nsource: y\nmemory_second_usd: 1":                                "memory_unit_bytes",
		"name: x\nsource: y\nvcpu_secnd: 1":                                       `line 3, column 1: unknown field "vcpu_secnd"`,
		"name: x\nsource: y\nvcpu_second_usd: cheap":                              "line 3, column 18: ",
		"name: x\nsource: y\nvcpu_second_usd: .nan":                               "line 3, column 18: vcpu_second_usd is not a finite number",
		"name: x\nsource: y\nvcpu_second_usd: 1\ngranularity_s: 0":                "granularity_s",
		"name: x\nsource: y\nvcpu_second_usd: 1\nitems_usd: {a: -1}":              "line 4, column 16: items_usd.a is negative",
		"name: x\nsource: y\nvcpu_second_usd: 1\nmachine: {hour_usd: 1}":          "exclude",
		"name: x\nsource: y\nmachine: {hour_usd: 1, vcpu: 0, memory_bytes: 1}":    "machine needs",
		"name: x\nsource: y\nvcpu_second_usd: 1\nfree_vcpu_seconds_month: -1":     "free_vcpu_seconds_month is negative",
		"name: x\nsource: y\nvcpu_second_usd: 1\nsizes: [{vcpu: 1}]":              "line 4, column 9: a size needs vcpu and memory",
		"name: x\nsource: y\nvcpu_second_usd: 1\nsizes: [{vcpu: 1, memory: [0]}]": "memory 0 of 1 vCPU",
		"name: x\nsource: y\nvcpu_second_usd: 1\nquota: {instances: -1}":          "line 4, column 20: quota.instances is negative",
		"base: gold\nsource: y":                                                   `line 1, column 7: no price list "gold"`,
		"name: x\nname: z\nsource: y\nvcpu_second_usd: 1\n":                       "line 2, column 1: ",
		`{"name":"x","source":"y","vcpu_second_usd":1} {"a": 1}`:                  "line 1",
	} {
		_, err := Read([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v, want one line with %q", text, err, want)
		}
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(path, []byte("base: fargate\nsource: me\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := Load(path); err != nil || p.VCPUSecond != fargate().VCPUSecond {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := Load("lambda"); err != nil || p.Name != "lambda" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := Load("missing.yaml"); err == nil || !strings.Contains(err.Error(), "missing.yaml") {
		t.Errorf("%v", err)
	}
}

// TestSchema: the built-in lists are valid by the schema of files.
func TestSchema(t *testing.T) {
	data, err := FileSchema()
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]bool{"{base: lambda, sorce: x}": false}
	for _, p := range Prices() {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		texts[string(text)] = true
		if back, err := Read(text); err != nil || back.Title() != p.Title() {
			t.Errorf("%s read back: %v", p.Name, err)
		}
	}
	schematest.Check(t, data, texts)
}

// TestQuota: how many workers of a size may run at a time (the figures of
// shared limits: 128 wide at 1 vCPU and 4 GB, 250 at half of that).
func TestQuota(t *testing.T) {
	p := codeengine()
	for _, c := range []struct {
		vcpu   float64
		memory int64
		want   int
	}{{1, 4e9, 128}, {0.5, 2e9, 250}, {0.125, 5e8, 250}, {1, 8e9, 64}, {12, 24e9, 10}, {1, 0, 128}} {
		if got := p.Workers(c.vcpu, c.memory); got != c.want {
			t.Errorf("%g vCPU, %d bytes: %d workers, want %d", c.vcpu, c.memory, got, c.want)
		}
	}
	if p := fargate(); p.Workers(1, 4e9) != 0 {
		t.Error("a limit for a list without a quota")
	}
}

func TestFreeTier(t *testing.T) {
	p := codeengine()
	b := p.Bill([]Worker{{Seconds: 1000, VCPU: 1, Memory: 4e9}}, nil)
	if !near(b.Free, b.USD) {
		t.Errorf("a small job costs %v, of which %v are free", b.USD, b.Free)
	}
	b = p.Bill([]Worker{{Seconds: 1e6, VCPU: 1, Memory: 4e9}}, nil)
	if want := 100_000*0.00003431 + 200_000*0.00000356; !near(b.Free, want) {
		t.Errorf("%v are free, want %v", b.Free, want)
	}
}

func TestWith(t *testing.T) {
	base := codeengine()
	p := base.With(Settings{Granularity: 0.1, Minimum: 60})
	if p.Round(1) != 60 || base.Round(1) != 1 || base.With(Settings{}).Granularity != nil {
		t.Errorf("rounded to %v, %v", p.Round(1), base.Round(1))
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"base: codeengine\nsource: x\n", "name: x\nsource: y\nvcpu_second_usd: 1e999", "sizes: [{vcpu: 1, memory: [1, 2]}]", "quota: {vcpu: .inf}", "machine: {hour_usd: 0.4}", "items_usd: {a: .nan}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Read(data)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		b := p.Bill([]Worker{{Seconds: 90, VCPU: 1, Memory: 4e9}}, nil)
		if !(b.USD >= 0) {
			t.Errorf("%s bills %v USD", data, b.USD)
		}
	})
}
