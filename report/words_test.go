package report

import (
	"strings"
	"testing"

	"corecast/bench/metrics"
)

// TestSerialWords: whoever asks how many cores to use is told when it is none.
func TestSerialWords(t *testing.T) {
	point := func(speedup, hi float64, base string) metrics.Summary {
		return metrics.Summary{Serial: &metrics.Serial{}, Points: []metrics.Point{{
			Cores: 2, Trials: 3, Makespan: metrics.Interval{Median: 4},
			Speedup: &metrics.Speedup{Interval: metrics.Interval{Median: speedup, Hi: hi}, Base: base},
		}}}
	}
	for want, s := range map[string]metrics.Summary{
		"Do not fan this out: a plain loop takes 1.00 s": point(0.25, 0.5, "serial"),
		"A plain loop may be as fast: it takes 3.60 s":   point(0.9, 1.1, "serial"),
		"": point(1.5, 1.6, "serial"),
	} {
		if got := serialWords(&s, 0); !strings.HasPrefix(got, want) || (want == "") != (got == "") {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	other := point(0.5, 0.6, "1 core")
	if got := serialWords(&other, 0); got != "" {
		t.Errorf("over another base: %q", got)
	}
}
