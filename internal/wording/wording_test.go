package wording

import "testing"

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		Count(1, "core"): "1 core", Count(0, "task"): "0 tasks", Count(2, "trial"): "2 trials", Count(12345678, "row"): "12,345,678 rows",
		Whole(-1000): "-1,000", Whole(999): "999",
		Cores(1): "1 core", Cores(0.25): "0.25 cores", Cores(1000): "1,000 cores", Cores(2.9999): "3 cores", Cores(1.5): "1.5 cores",
		Cores(0.9999): "1 core", Cores(10): "10 cores",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
