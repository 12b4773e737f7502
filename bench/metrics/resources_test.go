package metrics

import (
	"testing"

	"corecast/runner/trace"
	"github.com/google/go-cmp/cmp"
)

// used is a worker that started and told all.
func used(cpu, throttled, waited trace.Time, peak int64) trace.Worker {
	return trace.Worker{CPU: cpu, Throttled: throttled, Waited: waited, PeakMemory: peak, VoluntarySwitches: 3, InvoluntarySwitches: 1}
}

func ptr[T any](v T) *T { return &v }

func TestResources(t *testing.T) {
	silent := trace.Worker{CPU: trace.Unknown, Throttled: trace.Unknown, Waited: trace.Unknown}
	never := silent
	never.Started = trace.Unknown
	chunks, deliveries := []trace.Chunk{{Bytes: 5}, {Bytes: 7}}, []trace.Delivery{{Bytes: 11}}
	for name, c := range map[string]struct {
		workers []trace.Worker
		share   float64
		want    Resources
		warns   bool
	}{
		"whole cores": {
			[]trace.Worker{used(4e9, trace.Unknown, trace.Unknown, 10), used(2e9, trace.Unknown, trace.Unknown, 30), never}, 1,
			Resources{PeakMemory: ptr[int64](30), Voluntary: ptr[int64](6), Involuntary: ptr[int64](2)}, false,
		},
		"one that does not tell": {[]trace.Worker{used(4e9, 0, 0, 10), silent}, 1, Resources{}, false},
		"none that started":      {[]trace.Worker{never}, 1, Resources{}, false},
		"a share as asked": {
			[]trace.Worker{used(5e8, 3e9, 4e9, 10), used(5e8, 3e9, 4e9, 10)}, 0.125,
			Resources{PeakMemory: ptr[int64](10), Voluntary: ptr[int64](6), Involuntary: ptr[int64](2), Throttled: ptr(6.0), Waited: ptr(8.0), CoreShare: ptr(0.125), CoreShareHad: ptr(0.125)}, false,
		},
		"less than asked": {
			[]trace.Worker{used(5e8, 1e9, 7e9, 10)}, 0.125,
			Resources{PeakMemory: ptr[int64](10), Voluntary: ptr[int64](3), Involuntary: ptr[int64](1), Throttled: ptr(1.0), Waited: ptr(7.0), CoreShare: ptr(0.125), CoreShareHad: ptr(0.0625)}, true,
		},
		"less than asked, for no more was wanted": {
			[]trace.Worker{used(5e8, 0, 1e9, 10)}, 0.125,
			Resources{PeakMemory: ptr[int64](10), Voluntary: ptr[int64](3), Involuntary: ptr[int64](1), Throttled: ptr(0.0), Waited: ptr(1.0), CoreShare: ptr(0.125), CoreShareHad: ptr(0.0625)}, false,
		},
	} {
		tr := &trace.Trace{Workers: c.workers, Chunks: chunks, Deliveries: deliveries}
		c.want.BytesIn, c.want.BytesOut = 12, 11
		got := resourcesOf(tr, workerCPU(tr), 8, c.share)
		if diff := cmp.Diff(&c.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
		if w := got.doubts(8); (len(w) == 1) != c.warns {
			t.Errorf("%s: warnings %v", name, w)
		}
	}
}
