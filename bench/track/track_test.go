package track

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"corecast/results/history"
)

// pointsOf makes a history of one series: a run a value.
func pointsOf(values ...float64) []history.Point {
	var list []history.Point
	for i, v := range values {
		list = append(list, history.Point{
			Run: "r" + strconv.Itoa(i), Commit: "c" + strconv.Itoa(i), Created: time.Unix(int64(i), 0), Machine: "m",
			Values: history.Values{v * 0.99, v, v * 1.01},
		})
	}
	return list
}

// level gives n values of 5 % noise about a level.
func level(r *rand.Rand, n int, about float64) (list []float64) {
	for range n {
		list = append(list, about*(1+0.05*r.NormFloat64()))
	}
	return list
}

func TestVerdicts(t *testing.T) {
	const series = "w/local/cores=2/makespan_s"
	r := rand.New(rand.NewPCG(1, 1))
	flat, up := level(r, 20, 1), level(r, 20, 1.3)
	all := func(parts ...[]float64) []float64 {
		var list []float64
		for _, p := range parts {
			list = append(list, p...)
		}
		return list
	}
	for name, c := range map[string]struct {
		series string
		values []float64
		accept int // the run of an acceptance, or -1
		want   string
		change string // verdict of the first change
	}{
		"flat":                 {series, all(flat, level(r, 20, 1)), -1, None, ""},
		"worse":                {series, all(flat, up), -1, Regression, Worse},
		"better":               {series, all(up, flat), -1, None, Better},
		"more is better":       {"w/local/cores=2/speedup", all(up, flat), -1, Regression, Worse},
		"taken back":           {series, all(flat, up, level(r, 20, 1)), -1, None, TakenBack},
		"accepted":             {series, all(flat, up), 20, None, Accepted},
		"accepted elsewhere":   {series, all(flat, up), 5, Regression, Worse},
		"empty":                {series, nil, -1, None, ""},
		"one run":              {series, []float64{1}, -1, None, ""},
		"vanishes, comes back": {series, all(flat, []float64{math.NaN(), math.Inf(1)}, up), -1, Regression, Worse},
	} {
		o := Options{}
		if c.accept >= 0 {
			o.Accepted = []history.Acceptance{{Series: c.series, Run: "r" + strconv.Itoa(c.accept), Reason: "meant"}}
		}
		a := New("h", map[string][]history.Point{c.series: pointsOf(c.values...)}, o)
		got := ""
		if len(a.Series[0].Changes) > 0 {
			got = a.Series[0].Changes[0].Verdict
		}
		if a.Verdict != c.want || got != c.change {
			t.Errorf("%s: %s, the first change %q; want %s, %q", name, a.Verdict, got, c.want, c.change)
		}
	}
	if a := New("h", nil, Options{}); a.Verdict != None || len(a.Warnings) != 1 || a.Warnings[0].Code != "empty_history" {
		t.Errorf("an empty history: %+v", a)
	}
}

// TestCorrection: a machine that is 40 % slower from some day on is no
// regression where the references tell of it, and one where they do not.
func TestCorrection(t *testing.T) {
	const series = "w/local/cores=2/makespan_s"
	alarms := map[bool]int{}
	for i := range 20 {
		r := rand.New(rand.NewPCG(2, uint64(i)))
		var values, spin []float64
		for day := range 40 {
			slow := math.Exp(0.1 * r.NormFloat64())
			if day >= 20 {
				slow *= 1.4
			}
			values = append(values, 2*slow*(1+0.02*r.NormFloat64()))
			spin = append(spin, 0.1*slow*(1+0.02*r.NormFloat64()))
		}
		for _, with := range []bool{false, true} {
			all := map[string][]history.Point{series: pointsOf(values...)}
			if with {
				all["spin/serial/cores=1/makespan_s"] = pointsOf(spin...)
			}
			a := New("h", all, Options{})
			if len(a.Series) != 1 {
				t.Fatalf("%d series", len(a.Series))
			}
			if a.Verdict == Regression {
				alarms[with]++
			}
			p := a.Series[0].Points[30]
			if with && (math.Abs(p.Raw.Median-values[30]) > 1e-9 || math.Abs(*p.Corrected-p.Raw.Median) < 0.1) {
				t.Errorf("raw %v, corrected %v, measured %v", p.Raw.Median, *p.Corrected, values[30])
			}
		}
	}
	if alarms[false] < 18 || alarms[true] > 3 {
		t.Errorf("a slower machine: %d of 20 alarms without reference, %d with", alarms[false], alarms[true])
	}
}

// TestCorrectionHarmless: references that have nothing to do with a metric do
// not hide a regression of it.
func TestCorrectionHarmless(t *testing.T) {
	found := 0
	for i := range 20 {
		r := rand.New(rand.NewPCG(3, uint64(i)))
		values := append(level(r, 25, 1), level(r, 15, 1.2)...)
		a := New("h", map[string][]history.Point{
			"w/local/cores=2/makespan_s":     pointsOf(values...),
			"noop/serial/cores=1/makespan_s": pointsOf(level(r, 40, 1e-5)...),
		}, Options{})
		if a.Verdict == Regression {
			found++
		}
	}
	if found < 18 {
		t.Errorf("a regression of 20 %% is found in %d of 20 histories", found)
	}
}

func TestSuspect(t *testing.T) {
	for want, values := range map[string][]float64{"[x]": {1, 1.1, 0.9, 1.2}, "[]": {1, 1.3, 0.9, 1.2}} {
		a := New("h", map[string][]history.Point{"x": pointsOf(values...)}, Options{})
		if got := fmt.Sprint(a.Suspect()); got != want {
			t.Errorf("%v: suspect %s, want %s", values, got, want)
		}
	}
}
