package cost

import (
	"fmt"
	"slices"
	"strings"

	"corecast/results"
)

// Worker is what one worker used.
type Worker struct {
	// Seconds is how long it was billed for, or lived.
	Seconds float64
	// Billed is set when the platform told Seconds; they are final then.
	// Otherwise they are rounded by the price list's rules.
	Billed bool
	VCPU   float64
	// Memory is its limit in bytes, 0 when it has none.
	Memory int64
}

// Bill is what something cost.
type Bill struct {
	// USD is the sum: Time for workers, Items for requests and the like.
	USD, Time, Items float64
	// CoreSeconds are the billed seconds x vCPU over all workers.
	CoreSeconds float64
	// Free is what a month's free tier takes off when nothing else has used
	// it, in USD; USD has it still.
	Free     float64
	Warnings []results.Warning
}

// Bill returns what workers and usage cost by the list: billed seconds x (vCPU
// x price + memory x price) over workers, plus items. Free tiers are not
// taken off. Warnings say what the figure leaves out.
func (p *Price) Bill(workers []Worker, usage []results.Usage) Bill {
	var b Bill
	unrounded, memoryless, memory := 0, 0, 0.0
	for _, w := range workers {
		seconds := w.Seconds
		if !w.Billed {
			seconds = p.Round(seconds)
			unrounded++
		}
		b.Time += seconds * p.Second(w.VCPU, w.Memory)
		b.CoreSeconds += seconds * w.VCPU
		if p.MemoryUnit > 0 {
			memory += seconds * float64(w.Memory) / p.MemoryUnit
		}
		if w.Memory == 0 && p.MemorySecond > 0 {
			memoryless++
		}
	}
	unpriced := b.items(p, usage)
	b.USD = b.Time + b.Items
	b.Free = min(b.CoreSeconds, p.FreeVCPU)*p.VCPUSecond + min(memory, p.FreeMemory)*p.MemorySecond
	b.warn(p, unrounded, memoryless, unpriced)
	return b
}

// items adds usage up and names what has no price.
func (b *Bill) items(p *Price, usage []results.Usage) (unpriced []string) {
	for _, u := range usage {
		price, ok := p.Items[u.Item]
		if !ok && u.Quantity != 0 && !slices.Contains(unpriced, u.Item) {
			unpriced = append(unpriced, u.Item)
		}
		b.Items += u.Quantity * price
	}
	return unpriced
}

func (b *Bill) warn(p *Price, unrounded, memoryless int, unpriced []string) {
	add := func(code, text, advice string) {
		b.Warnings = append(b.Warnings, results.Warning{Code: code, Text: text, Advice: advice})
	}
	if unrounded > 0 && p.Granularity == nil {
		add("no_rounding", fmt.Sprintf("%s: the billing granularity is not known; no rounding was applied to %d workers' time", p.Title(), unrounded),
			"give granularity_s in a price list of your own: what is shown is the least that it costs")
	}
	if p.Machine == nil && p.VCPUSecond == 0 && p.MemorySecond == 0 {
		add("no_time_price", p.Title()+": it has no price of time; only requests and the like are in the cost", "name the list of a place where workers run")
	}
	if memoryless > 0 {
		add("memory_unknown", fmt.Sprintf("%s: %d workers have no memory limit; their memory is not in the cost", p.Title(), memoryless),
			"set a memory limit")
	}
	if len(unpriced) > 0 {
		add("unpriced_usage", fmt.Sprintf("%s: no price for %s; not in the cost", p.Title(), strings.Join(unpriced, ", ")),
			"set items_usd in a price list of your own")
	}
	if p.Machine != nil {
		add("machine_share", fmt.Sprintf("%s: machines are rented whole; each worker pays its share of one", p.Title()),
			"a machine that is not filled costs more than this")
	}
}
