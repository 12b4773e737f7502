package trace_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"corecast/runner/trace"
)

func TestTimeJSON(t *testing.T) {
	for _, test := range []struct {
		t    trace.Time
		want string
	}{
		{0, "0"},
		{1, "0.000000001"},
		{-1, "-0.000000001"},
		{999_999_999, "0.999999999"},
		{1e9, "1"},
		{-1e9, "-1"},
		{-1_500_000_000, "-1.5"},
		{1_000_000_010, "1.00000001"},
		// A float64 holds no nanoseconds from 2^53 ns, 104 days, on.
		{1<<53 + 1, "9007199.254740993"},
		{math.MaxInt64, "9223372036.854775807"},
		{math.MinInt64 + 1, "-9223372036.854775807"},
		{trace.Unknown, "null"},
	} {
		data, err := json.Marshal(test.t)
		if err != nil || string(data) != test.want {
			t.Errorf("%d: %s, %v, want %s", test.t, data, err, test.want)
		}
		back := trace.Time(42)
		if err := json.Unmarshal(data, &back); err != nil || back != test.t {
			t.Errorf("%d came back from %s as %d, %v", test.t, data, back, err)
		}
	}
}

func TestTimeFromJSON(t *testing.T) {
	for _, test := range []struct {
		in   string
		want trace.Time
	}{
		{"-0", 0},
		{"1.500", 1_500_000_000},
		{"0.1", 100_000_000},
		{"1e-9", 1},
		{"-2.5E3", -2_500_000_000_000},
		{"9e9", 9e18},
	} {
		var got trace.Time
		if err := json.Unmarshal([]byte(test.in), &got); err != nil || got != test.want {
			t.Errorf("%s: %d, %v, want %d", test.in, got, err, test.want)
		}
	}
	for _, in := range []string{
		"0.0000000001", "9223372036.854775808", "-9223372036.854775808", "1e10", "1e400", "18446744073709551616",
		`"1"`, "true", "{}", "[]", `""`,
	} {
		got := trace.Time(42)
		if err := json.Unmarshal([]byte(in), &got); err == nil || got != 42 {
			t.Errorf("%s: %d, %v, want an error", in, got, err)
		}
	}
	// Called without encoding/json, which lets only numbers through.
	for _, in := range []string{"", "-", ".", "-.", "+1", "--1", "1.2.3", "1_0", "0x1", "nan", "NaN", "inf", "e", "1e", "1.-5", " 1", "1.+5"} {
		got := trace.Time(42)
		if err := got.UnmarshalJSON([]byte(in)); err == nil || got != 42 {
			t.Errorf("%q: %d, %v, want an error", in, got, err)
		}
	}
}

func TestTimeSeconds(t *testing.T) {
	if s := trace.Unknown.Seconds(); !math.IsNaN(s) {
		t.Errorf("unknown is %v s", s)
	}
	if got := trace.FromSeconds(math.NaN()); got != trace.Unknown {
		t.Errorf("NaN s is %d", got)
	}
	for _, s := range []float64{0, 1e-9, -1e-9, 0.1, -2.5, 86400.000000001, 9e9} {
		if got := trace.FromSeconds(s).Seconds(); math.Abs(got-s) > math.Abs(s)*1e-15 {
			t.Errorf("%v s came back as %v", s, got)
		}
	}
	if got := trace.FromSeconds(1.4e-9); got != 1 {
		t.Errorf("1.4 ns was rounded to %d", got)
	}
	if got := trace.Unknown.Or(5); got != 5 {
		t.Errorf("unknown or 5 is %d", got)
	}
	if got := trace.Time(0).Or(5); got != 0 {
		t.Errorf("0 or 5 is %d", got)
	}
}

func TestOutcomeNames(t *testing.T) {
	for o, want := range map[trace.Outcome]string{
		trace.Done: "done", trace.Failed: "failed", trace.Lost: "lost", trace.Cancelled: "cancelled",
		trace.Replaced: "replaced", trace.Outcome(trace.Outcomes): "outcome 5", 255: "outcome 255",
	} {
		if got := o.String(); got != want {
			t.Errorf("outcome %d is %q, want %q", o, got, want)
		}
	}
}

// FuzzTimeJSON holds that every time comes back to the nanosecond, and that
// its JSON means what it is.
func FuzzTimeJSON(f *testing.F) {
	for _, ns := range []int64{0, 1, -1, 1e9, 123456789, math.MaxInt64, math.MinInt64, 1<<53 + 1} {
		f.Add(ns)
	}
	f.Fuzz(func(t *testing.T, ns int64) {
		data, err := json.Marshal(trace.Time(ns))
		if err != nil {
			t.Fatal(err)
		}
		var back trace.Time
		if err := json.Unmarshal(data, &back); err != nil || int64(back) != ns {
			t.Errorf("%d came back from %s as %d, %v", ns, data, back, err)
		}
		if !back.Known() {
			return
		}
		exact, ok := new(big.Rat).SetString(string(data))
		if !ok || exact.Cmp(big.NewRat(ns, 1e9)) != 0 {
			t.Errorf("%d was written as %s", ns, data)
		}
	})
}

// FuzzTimeFromJSON holds that a number which is read is read right: exactly
// where it is written without an exponent, to a nanosecond where with one
// (within what a float64 holds).
func FuzzTimeFromJSON(f *testing.F) {
	for _, s := range []string{"0", "-0.000000001", "1e-9", "9223372036.854775807", "null", "0.10", "1E2", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.TrimSpace(s) // encoding/json takes it off
		if !json.Valid([]byte(s)) || s == "null" {
			return
		}
		var got trace.Time
		if json.Unmarshal([]byte(s), &got) != nil {
			return
		}
		exact, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("%q was read as %d", s, got)
		}
		off := new(big.Rat).Sub(exact, big.NewRat(int64(got), 1e9))
		allowed := new(big.Rat)
		for _, c := range s {
			if c == 'e' || c == 'E' {
				allowed.SetFloat64(1e-9 + math.Abs(got.Seconds())*1e-15)
			}
		}
		if off.Abs(off).Cmp(allowed) > 0 {
			t.Errorf("%q was read as %d ns", s, got)
		}
	})
}
