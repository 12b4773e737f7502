package cost

import (
	"fmt"
	"strings"
)

// Names of items that are billed besides time; see results.Usage.
const (
	ItemClassA   = "class_a_requests" // object storage: writes and lists
	ItemClassB   = "class_b_requests" // object storage: reads
	ItemRequests = "requests"         // calls of a function
	ItemStored   = "stored_gb_months" // object storage: GB kept for a month
)

// Prices is the list of price lists. A new one is a new entry here.
func Prices() []Price {
	return []Price{codeengine(), cos(), fargate(), lambda(), cloudRun(), ec2(), vpc8(), vpc128()}
}

// Lookup returns the price list of that name; the error for an unknown one
// names those that there are.
func Lookup(name string) (Price, error) {
	var names []string
	for _, p := range Prices() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Price{}, fmt.Errorf("no price list %q; there are %s, and files of your own (corecast schema price)", name, strings.Join(names, ", "))
}

func seconds(s float64) *float64 { return &s }

func yes() *bool { b := true; return &b }

// cosItems are the prices of IBM Cloud Object Storage Standard, us-south.
func cosItems() map[string]float64 {
	return map[string]float64{ItemClassA: 0.0052 / 1_000, ItemClassB: 0.0042 / 10_000, ItemStored: 0.0230}
}

func codeengine() Price {
	return Price{
		Name: "codeengine", Date: "2025-09-26",
		Source:     "IBM documentation: Code Engine pricing; Object Storage Standard us-south",
		VCPUSecond: 0.00003431, MemorySecond: 0.00000356, MemoryUnit: GB,
		PullBilled: yes(), FreeVCPU: 100_000, FreeMemory: 200_000,
		Items: cosItems(),
		Sizes: []Size{
			{0.125, []float64{.25, .5, 1}}, {0.25, []float64{.5, 1, 2}}, {0.5, []float64{1, 2, 4}},
			{1, []float64{2, 4, 8}}, {2, []float64{4, 8, 16}}, {4, []float64{8, 16, 32}}, {6, []float64{12, 24, 48}},
			{8, []float64{16, 32}}, {10, []float64{20, 40}}, {12, []float64{24, 48}},
		},
		Quota: &Quota{
			VCPU: 128, Memory: 512, Instances: 250, Array: 1000, RunSeconds: 7200,
			Source: "IBM documentation: Code Engine limits of a project and of a job, 2025-12-12",
		},
		Note: "billing granularity and minimum not found; image pull time is billed (2026-01); " +
			"the free tier of a month is not taken off unless asked for",
	}
}

func cos() Price {
	return Price{
		Name: "cos", Date: "2025-09-26", Source: "IBM documentation: Object Storage Standard us-south",
		Items: cosItems(), Note: "requests and storage only; deletes are free; part of codeengine too",
	}
}

func fargate() Price {
	return Price{
		Name: "fargate", Date: "2026-09-20", Source: "AWS: Fargate x86, us-east-1",
		VCPUSecond: 0.000011244, MemorySecond: 0.000001235, MemoryUnit: GB,
		Minimum: seconds(60),
		Note:    "the source says GB; whether decimal or binary was not found, decimal is taken",
	}
}

func lambda() Price {
	return Price{
		Name: "lambda", Source: "AWS: Lambda x86, as quoted, undated",
		MemorySecond: 0.0000166667, MemoryUnit: GB,
		Items: map[string]float64{ItemRequests: 0.20 / 1_000_000},
		Note: "processors come with memory and have no price of their own; " +
			"the source says GB; whether decimal or binary was not found, decimal is taken",
	}
}

func cloudRun() Price {
	return Price{
		Name: "cloudrun-jobs", Source: "Google: Cloud Run jobs, tier 1, undated copy",
		VCPUSecond: 0.000018, MemorySecond: 0.000002, MemoryUnit: GiB,
		Granularity: seconds(0.1),
	}
}

func ec2() Price {
	return Price{
		Name: "ec2-c7i.2xlarge", Source: "AWS: EC2 on demand, us-east-1, as quoted, undated",
		Machine:     &Machine{HourUSD: 0.357, VCPU: 8, Memory: 16 * GiB},
		Granularity: seconds(1), Minimum: seconds(60),
	}
}

const vpcNote = "a third party's figure; the official list was not found"

func vpc8() Price {
	return Price{
		Name: "vpc-bx2-8x32", Source: "third party: IBM VPC, undated",
		Machine: &Machine{HourUSD: 0.396, VCPU: 8, Memory: 32 * GiB}, Note: vpcNote,
	}
}

func vpc128() Price {
	return Price{
		Name: "vpc-bx2-128x512", Source: "third party: IBM VPC, undated",
		Machine: &Machine{HourUSD: 6.336, VCPU: 128, Memory: 512 * GiB}, Note: vpcNote,
	}
}
