package capacity

import (
	"math"

	"corecast/bench/cost"
)

// Fixed is what machines that run all day would cost instead.
type Fixed struct {
	// Price names the list, Machines is how many have the cores of the option
	// that it is held against.
	Price    string  `json:"price"`
	Machines int     `json:"machines"`
	Cores    int     `json:"cores"`
	DayUSD   float64 `json:"usd_a_day"`
	// Jobs is from how many jobs a day on the machines are cheaper than paying
	// for each; nil without a price of the job. Possible is how many they can
	// do, one after another.
	Jobs     *float64 `json:"jobs_a_day"`
	Possible float64  `json:"possible_jobs_a_day"`
	// Pays is set when they can do as many.
	Pays bool `json:"pays"`
}

// fixed returns the machines of the lists that rent them whole, for the cores
// of an option.
func fixed(o *Option) []Fixed {
	var list []Fixed
	for _, p := range cost.Prices() {
		if p.Machine == nil {
			continue
		}
		n := int(math.Ceil(float64(o.Cores) / p.Machine.VCPU))
		f := Fixed{Price: p.Title(), Machines: n, Cores: n * int(p.Machine.VCPU), DayUSD: 24 * float64(n) * p.Machine.HourUSD,
			Possible: math.Floor(24 * 3600 / o.Makespan.Median)}
		if o.Cost != nil && o.Cost.Median > 0 {
			jobs := f.DayUSD / o.Cost.Median
			f.Jobs, f.Pays = &jobs, jobs <= f.Possible
		}
		list = append(list, f)
	}
	return list
}
