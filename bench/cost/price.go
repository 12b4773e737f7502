// Package cost turns what a trial used into US dollars: dated price lists with
// their sources ([Prices], [Lookup]; [Read] for a user's own) and a bill
// ([Price.Bill]). Package bench/metrics takes usage from the record and calls
// it, bench/sim and bench/capacity for what they forecast. A figure that was
// looked for and not found is nil here, never a guess: it is a setting that
// the user gives ([Price.With]).
package cost

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Bytes in the units of memory that providers charge by.
const (
	GB  = 1e9
	GiB = 1 << 30
)

// Price is one provider's price list, in US dollars.
type Price struct {
	// Name is what the user types.
	Name string `json:"name,omitempty" jsonschema:"what users type; required without a base"`
	// Date is the day (or month) of the source, empty when the source bears
	// none; Source says where the figures are from.
	Date   string `json:"date,omitempty"`
	Source string `json:"source,omitempty" jsonschema:"where the figures are from; required"`
	// VCPUSecond is USD for one vCPU for one second.
	VCPUSecond float64 `json:"vcpu_second_usd,omitempty" jsonschema:"USD for one vCPU for one second"`
	// MemorySecond is USD for one unit of memory for one second; the unit is
	// MemoryUnit bytes, GB or GiB.
	MemorySecond float64 `json:"memory_second_usd,omitempty" jsonschema:"USD for one unit of memory for one second"`
	MemoryUnit   float64 `json:"memory_unit_bytes,omitempty" jsonschema:"bytes of a unit of memory: 1e9 for GB, 1073741824 for GiB"`
	// Machine is set when whole machines are rented, instead of the two above.
	Machine *Machine `json:"machine,omitempty"`
	// Granularity is what billed seconds are rounded up to, Minimum the least
	// that a worker is billed for, both in seconds. Nil: not known.
	Granularity *float64 `json:"granularity_s,omitempty" jsonschema:"billed seconds are rounded up to this"`
	Minimum     *float64 `json:"minimum_s,omitempty" jsonschema:"the least seconds that a worker is billed for"`
	// PullBilled says whether the time to pull the image is billed. Nil: not
	// known.
	PullBilled *bool `json:"pull_billed,omitempty" jsonschema:"whether the time to pull the image is billed"`
	// FreeVCPU and FreeMemory are what a month has free, in vCPU-seconds and in
	// units of memory times seconds.
	FreeVCPU   float64 `json:"free_vcpu_seconds_month,omitempty" jsonschema:"vCPU-seconds a month that are free"`
	FreeMemory float64 `json:"free_memory_seconds_month,omitempty" jsonschema:"units of memory times seconds a month that are free"`
	// Sizes are the combinations of vCPU and memory that there are; nil: any.
	Sizes []Size `json:"sizes,omitempty" jsonschema:"combinations of vCPU and memory that there are"`
	// Quota is what may run at a time unless it is raised.
	Quota *Quota `json:"quota,omitempty" jsonschema:"what may run at a time"`
	// Items are prices of what is billed besides time, by results.Usage.Item,
	// for one of it.
	Items map[string]float64 `json:"items_usd,omitempty"`
	// Note is what to know before trusting the figures.
	Note string `json:"note,omitempty"`
}

// Size is a number of vCPU with the amounts of memory that go with it.
type Size struct {
	VCPU float64 `json:"vcpu"`
	// Memory is in units of Price.MemoryUnit.
	Memory []float64 `json:"memory" jsonschema:"amounts of memory in units of memory_unit_bytes"`
}

// Quota is what may run at a time; 0: no limit is known.
type Quota struct {
	VCPU float64 `json:"vcpu,omitempty"`
	// Memory is in units of Price.MemoryUnit.
	Memory float64 `json:"memory,omitempty" jsonschema:"in units of memory_unit_bytes"`
	// Instances are workers at a time, Array those of one request.
	Instances int `json:"instances,omitempty"`
	Array     int `json:"array,omitempty" jsonschema:"most instances of one job run"`
	// RunSeconds is how long an instance may run.
	RunSeconds float64 `json:"run_s,omitempty" jsonschema:"how long an instance may run"`
	// Source says where it is from.
	Source string `json:"source,omitempty"`
}

// Workers is how many workers of a size may run at a time; 0: no limit is
// known. memory is in bytes.
func (p *Price) Workers(vcpu float64, memory int64) int {
	if p.Quota == nil {
		return 0
	}
	limit := math.Inf(1)
	if q := p.Quota; q.Instances > 0 {
		limit = float64(q.Instances)
	}
	if q := p.Quota; q.VCPU > 0 && vcpu > 0 {
		limit = min(limit, math.Floor(q.VCPU/vcpu+1e-9))
	}
	if q := p.Quota; q.Memory > 0 && memory > 0 {
		limit = min(limit, math.Floor(q.Memory*p.MemoryUnit/float64(memory)+1e-9))
	}
	if math.IsInf(limit, 1) {
		return 0
	}
	return int(limit)
}

// Settings are figures that a provider does not publish, or that depend on the
// user; zero values leave the list as it is.
type Settings struct {
	// Granularity and Minimum are in seconds.
	Granularity, Minimum float64
}

// With returns the list with settings in place of its figures.
func (p Price) With(s Settings) Price {
	if s.Granularity > 0 {
		p.Granularity = &s.Granularity
	}
	if s.Minimum > 0 {
		p.Minimum = &s.Minimum
	}
	return p
}

// Machine is what is rented as a whole.
type Machine struct {
	// HourUSD is the price of an hour.
	HourUSD float64 `json:"hour_usd"`
	VCPU    float64 `json:"vcpu"`
	// Memory is in bytes.
	Memory float64 `json:"memory_bytes"`
}

// Title names the list with its date, for tables: "codeengine (2025-09-26)".
func (p *Price) Title() string {
	if p.Date == "" {
		return p.Name + " (undated)"
	}
	return p.Name + " (" + p.Date + ")"
}

// Second returns USD for one billed second of a worker with so many vCPU and
// bytes of memory. Of a machine that is rented whole a worker pays its share:
// of the processors or of the memory, whichever is larger.
func (p *Price) Second(vcpu float64, memory int64) float64 {
	if m := p.Machine; m != nil {
		return m.HourUSD / 3600 * max(vcpu/m.VCPU, float64(memory)/m.Memory)
	}
	usd := vcpu * p.VCPUSecond
	if p.MemorySecond > 0 {
		usd += float64(memory) / p.MemoryUnit * p.MemorySecond
	}
	return usd
}

// Round returns the seconds that are billed for seconds used: at least the
// minimum, then rounded up to the granularity, as far as they are known.
func (p *Price) Round(seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	if p.Minimum != nil {
		seconds = max(seconds, *p.Minimum)
	}
	if p.Granularity != nil {
		units := seconds / *p.Granularity
		// A whole number of units that a division missed by an ulp stays it.
		if whole := math.Round(units); math.Abs(units-whole) < 1e-9*max(1, whole) {
			units = whole
		}
		seconds = math.Ceil(units) * *p.Granularity
	}
	return seconds
}

// validate returns what is wrong with the list, and at which field.
func (p *Price) validate() (field string, err error) {
	for _, f := range p.figures() {
		switch {
		case math.IsNaN(f.value) || math.IsInf(f.value, 0):
			return f.name, errors.New(f.name + " is not a finite number")
		case f.value < 0:
			return f.name, fmt.Errorf("%s is negative", f.name)
		}
	}
	switch {
	case strings.TrimSpace(p.Name) == "":
		return "name", errors.New("name is missing")
	case p.Source == "":
		return "source", errors.New("source is missing: say where the figures are from")
	case p.MemorySecond > 0 && p.MemoryUnit == 0:
		return "memory_second_usd", errors.New("memory_unit_bytes is missing: 1e9 for GB, 1073741824 for GiB")
	case p.Machine == nil && p.VCPUSecond == 0 && p.MemorySecond == 0 && len(p.Items) == 0:
		return "", errors.New("no price of time: vcpu_second_usd, memory_second_usd or machine")
	case p.Machine != nil && (p.VCPUSecond > 0 || p.MemorySecond > 0):
		return "machine", errors.New("machine and prices a second exclude each other")
	case p.Machine != nil && (p.Machine.VCPU == 0 || p.Machine.Memory == 0):
		return "machine", errors.New("machine needs hour_usd, vcpu and memory_bytes")
	case p.Granularity != nil && *p.Granularity == 0:
		return "granularity_s", errors.New("granularity_s is not positive")
	}
	for i, s := range p.Sizes {
		at := fmt.Sprintf("sizes[%d]", i)
		if !(s.VCPU > 0) || len(s.Memory) == 0 {
			return at, errors.New("a size needs vcpu and memory")
		}
		for _, m := range s.Memory {
			if !(m > 0) || math.IsInf(m, 0) || p.MemoryUnit == 0 {
				return at, fmt.Errorf("memory %g of %g vCPU is not positive, or memory_unit_bytes is missing", m, s.VCPU)
			}
		}
	}
	return "", nil
}

// figure is a number of the list by the name of its field.
type figure struct {
	name  string
	value float64
}

// figures are the list's numbers that must be finite and not negative.
func (p *Price) figures() []figure {
	list := []figure{
		{"vcpu_second_usd", p.VCPUSecond}, {"memory_second_usd", p.MemorySecond}, {"memory_unit_bytes", p.MemoryUnit},
		{"free_vcpu_seconds_month", p.FreeVCPU}, {"free_memory_seconds_month", p.FreeMemory},
	}
	if p.Granularity != nil {
		list = append(list, figure{"granularity_s", *p.Granularity})
	}
	if p.Minimum != nil {
		list = append(list, figure{"minimum_s", *p.Minimum})
	}
	if m := p.Machine; m != nil {
		list = append(list, figure{"machine.hour_usd", m.HourUSD}, figure{"machine.vcpu", m.VCPU}, figure{"machine.memory_bytes", m.Memory})
	}
	if q := p.Quota; q != nil {
		list = append(list, figure{"quota.vcpu", q.VCPU}, figure{"quota.memory", q.Memory},
			figure{"quota.instances", float64(q.Instances)}, figure{"quota.array", float64(q.Array)}, figure{"quota.run_s", q.RunSeconds})
	}
	for i, s := range p.Sizes {
		list = append(list, figure{fmt.Sprintf("sizes[%d].vcpu", i), s.VCPU})
	}
	for _, item := range slices.Sorted(maps.Keys(p.Items)) {
		list = append(list, figure{"items_usd." + item, p.Items[item]})
	}
	return list
}
