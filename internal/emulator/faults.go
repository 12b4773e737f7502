package emulator

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Faults are what goes wrong, each the share of the requests or instances, 0 to
// 1, that it befalls.
type Faults struct {
	// TooMany and Unavailable are API and token requests that are answered 429
	// and 503.
	TooMany, Unavailable float64
	// Slow are requests to any service that are answered half a second to two
	// seconds late.
	Slow float64
	// Dropped are requests to any service whose connection is cut: every other
	// one before anything was done, the others when it has been.
	Dropped float64
	// Storage are requests to the object store that it answers 500 or 503.
	Storage float64
	// Killed are instances that are killed within two seconds of their start.
	Killed float64
}

// faultNames are the names of faults in ParseFaults and in counts.
var faultNames = []string{"429", "503", "slow", "drop", "storage", "kill"}

// share returns the field of a name; nil for an unknown one.
func (f *Faults) share(name string) *float64 {
	return map[string]*float64{
		"429": &f.TooMany, "503": &f.Unavailable, "slow": &f.Slow, "drop": &f.Dropped, "storage": &f.Storage, "kill": &f.Killed,
	}[name]
}

// ParseFaults adds faults to f, as NAME=PERCENT, separated by commas. The name
// all stands for every fault.
func (f *Faults) Parse(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		name, text, ok := strings.Cut(strings.TrimSpace(part), "=")
		percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
		if !ok || err != nil || !(percent >= 0 && percent <= 100) {
			return fmt.Errorf("%q is not NAME=PERCENT, such as 503=5", part)
		}
		names := []string{name}
		if name == "all" {
			names = faultNames
		}
		for _, n := range names {
			to := f.share(n)
			if to == nil {
				return fmt.Errorf("no fault %q; there are %s, all", n, strings.Join(faultNames, ", "))
			}
			*to = percent / 100
		}
	}
	return nil
}

// chance draws faults.
type chance struct {
	f   Faults
	mu  sync.Mutex
	rng *rand.Rand
}

func newChance(f Faults, seed uint64) *chance {
	return &chance{f: f, rng: rand.New(rand.NewPCG(seed, 3))}
}

// fate is what befalls a request.
type fate struct {
	name   string        // empty: nothing
	status int           // that is answered instead; 0: none
	wait   time.Duration // before it is passed on
	before bool          // a connection is cut before it is
}

// draw draws what befalls a request of a service: one fault at most.
func (c *chance) draw(s service) fate {
	c.mu.Lock()
	defer c.mu.Unlock()
	u, v := c.rng.Float64(), c.rng.Float64()
	for _, k := range []struct {
		share float64
		at    bool
		fate  fate
	}{
		{c.f.TooMany, s != serviceStorage, fate{name: "429", status: http.StatusTooManyRequests}},
		{c.f.Unavailable, s != serviceStorage, fate{name: "503", status: http.StatusServiceUnavailable}},
		{c.f.Storage, s == serviceStorage, fate{name: "storage", status: http.StatusInternalServerError + 3*int(2*v)}},
		{c.f.Slow, true, fate{name: "slow", wait: time.Duration((0.5 + 1.5*v) * float64(time.Second))}},
		{c.f.Dropped, true, fate{name: "drop", before: v < 0.5}},
	} {
		if !k.at {
			continue
		}
		if u < k.share {
			return k.fate
		}
		u -= k.share
	}
	return fate{}
}
