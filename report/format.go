package report

import (
	"math"
	"strconv"
	"strings"

	"corecast/internal/wording"
)

// nothing stands in for a number that is not known.
const nothing = "-"

// unit is one step of a ladder of units: a value of at least from is shown
// divided by per.
type unit struct {
	name      string
	from, per float64
}

// The ladders rise; values below the first rung use the first rung.
func timeUnits() []unit {
	return []unit{
		{"ns", 0, 1e-9}, {"us", 1e-6, 1e-6}, {"ms", 1e-3, 1e-3},
		{"s", 1, 1}, {"min", 600, 60}, {"h", 7200, 3600},
	}
}

func byteUnits() []unit {
	return []unit{{"B", 0, 1}, {"kB", 1e3, 1e3}, {"MB", 1e6, 1e6}, {"GB", 1e9, 1e9}, {"TB", 1e12, 1e12}}
}

// unitFor returns the unit in which a value as large as v, taken at three
// digits, reads best.
func unitFor(v float64, ladder []unit) unit {
	v = math.Abs(round3(v))
	best := ladder[0]
	for _, u := range ladder {
		if v >= u.from {
			best = u
		}
	}
	return best
}

// round3 returns v rounded to three significant digits.
func round3(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 2, 64), 64)
	return r
}

// digits3 writes v to three significant digits without an exponent; whole
// numbers of more digits are written out with thousands separators.
func digits3(v float64) string {
	switch {
	case math.IsNaN(v):
		return nothing
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	case v == 0:
		return "0"
	case math.Abs(round3(v)) >= 1000:
		return thousands(strconv.FormatFloat(v, 'f', 0, 64))
	}
	places := 2 - int(math.Floor(math.Log10(math.Abs(round3(v)))+1e-12))
	return strconv.FormatFloat(v, 'f', max(places, 0), 64)
}

// Seconds writes a time in seconds to three digits in the unit that suits it:
// 1.23 s, 45.6 ms, 789 us, 12.0 ns, 12.3 min, 4.56 h; "-" for NaN.
func Seconds(s float64) string {
	if math.IsNaN(s) {
		return nothing
	}
	if s == 0 {
		return "0 s"
	}
	u := unitFor(s, timeUnits())
	return digits3(s/u.per) + " " + u.name
}

// SecondsRange writes a median with its interval, all in the median's unit:
// 1.23 s [1.20, 1.31].
func SecondsRange(median, lo, hi float64) string {
	if math.IsNaN(median) {
		return nothing
	}
	u := unitFor(median, timeUnits())
	return Seconds(median) + " [" + digits3(lo/u.per) + ", " + digits3(hi/u.per) + "]"
}

// CoreSeconds writes core time given in core-seconds: 1.23 core-s.
func CoreSeconds(s float64) string {
	if math.IsNaN(s) {
		return nothing
	}
	if s == 0 {
		return "0 core-s"
	}
	u := unitFor(s, timeUnits())
	return digits3(s/u.per) + " core-" + u.name
}

// Bytes writes a number of bytes in decimal units: 1.23 MB.
func Bytes(n float64) string {
	if math.IsNaN(n) {
		return nothing
	}
	u := unitFor(n, byteUnits())
	if u.per == 1 {
		return strconv.FormatFloat(n, 'f', 0, 64) + " B"
	}
	return digits3(n/u.per) + " " + u.name
}

// USD writes an amount in USD: cents from one dollar up, three digits below.
func USD(v float64) string {
	if math.IsNaN(v) {
		return nothing
	}
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	if v == 0 || v < 0.995 {
		return sign + "$" + digits3(v)
	}
	whole, cents, _ := strings.Cut(strconv.FormatFloat(v, 'f', 2, 64), ".")
	return sign + "$" + thousands(whole) + "." + cents
}

// Ratio writes a factor to three digits: 3.71x.
func Ratio(r float64) string {
	if math.IsNaN(r) {
		return nothing
	}
	return digits3(r) + "x"
}

// RatioRange writes a factor with its interval: 3.71x [3.60, 3.80].
func RatioRange(median, lo, hi float64) string {
	if math.IsNaN(median) {
		return nothing
	}
	return Ratio(median) + " [" + digits3(lo) + ", " + digits3(hi) + "]"
}

// Percent writes a share (1 is all): whole percents from 10 % on, one decimal
// below, and "<0.1 %" for less than that which is not nothing.
func Percent(share float64) string {
	p := share * 100
	switch {
	case math.IsNaN(p):
		return nothing
	case p == 0:
		return "0 %"
	case math.Abs(p) < 0.05 && p > 0:
		return "<0.1 %"
	case math.Abs(p) < 0.05:
		return ">-0.1 %"
	case math.Abs(p) < 9.95:
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + " %"
}

// Count writes a whole number with thousands separators: 100,000.
func Count(n int) string { return wording.Whole(n) }

// plural and thousands write counts as all packages do.
func plural(n int, noun string) string { return wording.Count(n, noun) }
func thousands(s string) string        { return wording.Thousands(s) }
