package sim

import "testing"

// The profile is within the resolution of what was measured, 1 s, for the first
// start, twice that for the median; the last start of a run is one instance, and
// those that were measured do not even rise with their number.
func TestCodeEngineProfile(t *testing.T) {
	p, err := FindProfile("codeengine-2021")
	check(t, err)
	for _, seen := range []struct {
		instances           int
		first, median, last float64
	}{
		{50, 9.2, 14.7, 27.2}, {100, 9.7, 16.8, 38.8}, {150, 9.5, 19.6, 39.4}, {200, 10.3, 19.0, 45.4}, {250, 10.9, 23.0, 58.1},
	} {
		s := &Scenario{Workers: seen.instances, Tasks: Tasks{Count: seen.instances, Time: Constant(100)}, Provisioning: p.Provisioning, Chunks: Chunks{Size: 1}}
		i := simulated(t, s)
		t.Logf("%d: first %.1f (%.1f), median %.1f (%.1f), last %.1f (%.1f)", seen.instances,
			i.FirstStart.Median, seen.first, i.P50Start.Median, seen.median, i.LastStart.Median, seen.last)
		if !near(i.FirstStart.Median, seen.first, 1.5) || !near(i.P50Start.Median, seen.median, 2) || !near(i.LastStart.Median, seen.last, 7) {
			t.Errorf("%d instances: first %.1f, median %.1f, last %.1f s; measured %+v", seen.instances, i.FirstStart.Median, i.P50Start.Median, i.LastStart.Median, seen)
		}
	}
}

func TestFindProfile(t *testing.T) {
	if _, err := FindProfile("moon"); err == nil {
		t.Error("an unknown profile is found")
	}
}
