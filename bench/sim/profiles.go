package sim

import (
	"fmt"
	"strings"
)

// Profile is how a platform has been seen to start workers.
type Profile struct {
	// Name has the date in it; Source says who measured.
	Name, Source string
	// Seen is up to how many workers it was measured.
	Seen int
	// Provisioning is what to simulate.
	Provisioning Provisioning
	// Note is what to know before trusting it.
	Note string
}

// Profiles is the list of profiles. A new one is a new entry here.
func Profiles() []Profile {
	return []Profile{codeEngine2021()}
}

// FindProfile returns the profile of that name; the error for an unknown one
// names those that there are.
func FindProfile(name string) (Profile, error) {
	var names []string
	for _, p := range Profiles() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Profile{}, fmt.Errorf("no profile %q; there are %s", name, strings.Join(names, ", "))
}

// codeEngine2021 is fitted to the only public measurements of IBM Cloud Code
// Engine that were found: first, median and last start of 50 to 250 instances,
// medians over 5 to 11 runs, read off timelines to about 1 s
// (LucaMueller1/Lithops-Thumbnails-CodeEngine, MIT). Starts are not a ramp of a
// fixed rate: the 50th of 50 came 18 s after the first, the 125th of 250 after
// 12 s. They are a distribution whose scale grows with the number of instances,
// and whose median is 0.28 of the way from first to last: a Weibull distribution
// of shape 1.6 behind 9.3 s.
func codeEngine2021() Profile {
	const scale = 4.9 // s
	return Profile{
		Name: "codeengine-2021", Source: "Lithops-Thumbnails-CodeEngine, 2021, read off timelines to about 1 s", Seen: 250,
		Provisioning: Provisioning{
			Profile: "codeengine-2021",
			Latency: 9.3, Delay: Weibull{Scale: scale, Shape: 1.6}, DelayGrowth: 0.0485 / scale,
		},
		Note: "image thumbnails, one image an instance; the platform has changed since",
	}
}
