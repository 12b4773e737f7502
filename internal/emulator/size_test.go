package emulator

import (
	"slices"
	"testing"
)

func TestIndices(t *testing.T) {
	for spec, want := range map[string]string{
		"0": "0", "0-9": "0-9", "1-5,7-8,10": "1-5,7-8,10", "3,2,1": "1-3", "5,5-6": "5-6", " 1 , 2": "1-2", "9999999": "9999999",
		"": "refused", "-1": "refused", "1-": "refused", "a": "refused", "0-1000": "refused", "0-999": "0-999", "0-999,1000": "refused",
	} {
		got := "refused"
		if indices, failed := parseIndices(spec); failed == nil {
			got = formatIndices(indices)
		}
		if got != want {
			t.Errorf("%q: %s, want %s", spec, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"4G": 4e9, "400M": 400e6, "0.25G": 250e6, "1GB": 1e9, "4": -1, "G": -1, "1Gi": -1, "-1G": -1, "": -1} {
		got, failed := parseSize("size", text)
		if failed != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	for text, want := range map[string]float64{"1": 1, "0.125": 0.125, "125m": 0.125, "12": 12, "": -1, "-1": -1, "NaN": -1, "Inf": -1, "1v": -1} {
		got, failed := parseCPU(text)
		if failed != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// FuzzIndices has specifications that are accepted come back as themselves.
func FuzzIndices(f *testing.F) {
	for _, s := range []string{"0", "0-9", "1-5,7-8,10", "3,2,1", "9999999", "1-", "0-99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		indices, failed := parseIndices(spec)
		if failed != nil {
			return
		}
		if len(indices) == 0 || len(indices) > maxArray || !slices.IsSorted(indices) {
			t.Fatalf("%q: %v", spec, indices)
		}
		again, failed := parseIndices(formatIndices(indices))
		if failed != nil || !slices.Equal(indices, again) {
			t.Fatalf("%q: %v, and again %v (%v)", spec, indices, again, failed)
		}
	})
}

func TestStartDelay(t *testing.T) {
	for text, ok := range map[string]bool{
		"0": true, "2s": true, "uniform:1s,5s": true, "exponential:2s": true, "normal:5s,1s": true, "lognormal:2s,0.5": true, "weibull:5s,1.6": true, "codeengine-2021": true,
		"-1s": false, "uniform:5s,1s": false, "uniform:1,5": false, "lognormal:2s": false, "other:1s": false, "": false,
	} {
		if _, err := ParseStartDelay(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
