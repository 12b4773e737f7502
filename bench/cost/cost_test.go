package cost

import (
	"math"
	"strings"
	"testing"

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
		if err := p.validate(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
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
	if err == nil || !strings.Contains(err.Error(), `"gold"; there are codeengine, fargate`) {
		t.Errorf("unknown list: %v", err)
	}
}

func TestParse(t *testing.T) {
	p, err := Parse([]byte(`{"name":"own","source":"contract","vcpu_second_usd":0.5,"memory_second_usd":2,
		"memory_unit_bytes":1073741824,"granularity_s":1,"items_usd":{"class_a_requests":0.25}}`))
	if err != nil {
		t.Fatal(err)
	}
	b := p.Bill([]Worker{{Seconds: 1.5, VCPU: 2, Memory: GiB}}, []results.Usage{{Item: ItemClassA, Quantity: 4}})
	if want := 2*(2*0.5+2) + 1.0; b.USD != want || len(b.Warnings) != 0 {
		t.Errorf("bill %+v, want %v USD", b, want)
	}
	for text, want := range map[string]string{
		`{"name":"x","source":"y"}`:                                                    "no price of time",
		`{"source":"y","vcpu_second_usd":1}`:                                           "name is missing",
		`{"name":"x","vcpu_second_usd":1}`:                                             "source is missing",
		`{"name":"x","source":"y","vcpu_second_usd":-1}`:                               "negative",
		`{"name":"x","source":"y","memory_second_usd":1}`:                              "memory_unit_bytes",
		`{"name":"x","source":"y","vcpu_secnd":1}`:                                     "vcpu_secnd",
		`{"name":"x","source":"y","vcpu_second_usd":1,"granularity_s":0}`:              "granularity_s",
		`{"name":"x","source":"y","vcpu_second_usd":1} {}`:                             "follows",
		`{"name":"x","source":"y","vcpu_second_usd":1,"items_usd":{"a":-1}}`:           "a is negative",
		`{"name":"x","source":"y","vcpu_second_usd":1,"machine":{"hour_usd":1}}`:       "exclude",
		`{"name":"x","source":"y","machine":{"hour_usd":1,"vcpu":0,"memory_bytes":1}}`: "machine needs",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", text, err, want)
		}
	}
}
