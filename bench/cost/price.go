// Package cost turns what a trial used into US dollars: dated price lists with
// their sources ([Prices], [Lookup], [Parse] for a user's own) and a bill
// ([Price.Bill]). Package bench/metrics takes usage from the record and calls
// it. A figure that was looked for and not found is nil here, never a guess.
package cost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
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
	Name string `json:"name"`
	// Date is the day (or month) of the source, empty when the source bears
	// none; Source says where the figures are from.
	Date   string `json:"date,omitempty"`
	Source string `json:"source"`
	// VCPUSecond is USD for one vCPU for one second.
	VCPUSecond float64 `json:"vcpu_second_usd"`
	// MemorySecond is USD for one unit of memory for one second; the unit is
	// MemoryUnit bytes, GB or GiB.
	MemorySecond float64 `json:"memory_second_usd"`
	MemoryUnit   float64 `json:"memory_unit_bytes,omitempty"`
	// Machine is set when whole machines are rented, instead of the two above.
	Machine *Machine `json:"machine,omitempty"`
	// Granularity is what billed seconds are rounded up to, Minimum the least
	// that a worker is billed for, both in seconds. Nil: not known.
	Granularity *float64 `json:"granularity_s,omitempty"`
	Minimum     *float64 `json:"minimum_s,omitempty"`
	// Items are prices of what is billed besides time, by results.Usage.Item,
	// for one of it.
	Items map[string]float64 `json:"items_usd,omitempty"`
	// Note is what to know before trusting the figures.
	Note string `json:"note,omitempty"`
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

// Parse reads a user's own price list from JSON with the fields of [Price].
// Unknown fields, missing prices and negative figures are errors.
func Parse(data []byte) (Price, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var p Price
	if err := d.Decode(&p); err != nil {
		return Price{}, fmt.Errorf("read price list: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Price{}, errors.New("read price list: something follows the object")
	}
	if err := p.validate(); err != nil {
		return Price{}, fmt.Errorf("price list %q: %w", p.Name, err)
	}
	return p, nil
}

func (p *Price) validate() error {
	switch {
	case strings.TrimSpace(p.Name) == "":
		return errors.New("name is missing")
	case p.Source == "":
		return errors.New("source is missing")
	case p.VCPUSecond < 0 || p.MemorySecond < 0:
		return errors.New("a price is negative")
	case p.MemorySecond > 0 && !(p.MemoryUnit > 0):
		return errors.New("memory_unit_bytes is missing: 1e9 for GB, 1073741824 for GiB")
	case p.Machine == nil && p.VCPUSecond == 0 && p.MemorySecond == 0:
		return errors.New("no price of time: vcpu_second_usd, memory_second_usd or machine")
	case p.Machine != nil && (p.VCPUSecond > 0 || p.MemorySecond > 0):
		return errors.New("machine and prices a second exclude each other")
	case p.Machine != nil && !(p.Machine.HourUSD >= 0 && p.Machine.VCPU > 0 && p.Machine.Memory > 0):
		return errors.New("machine needs hour_usd, vcpu and memory_bytes")
	case p.Granularity != nil && !(*p.Granularity > 0):
		return errors.New("granularity_s is not positive")
	case p.Minimum != nil && *p.Minimum < 0:
		return errors.New("minimum_s is negative")
	}
	for item, usd := range p.Items {
		if usd < 0 {
			return fmt.Errorf("items_usd: %s is negative", item)
		}
	}
	return nil
}
