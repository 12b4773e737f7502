// Package wording writes numbers into sentences for people: counts with their
// nouns, and long numbers with separators. Packages that make up warnings and
// errors use it, and so does report, which has the units.
package wording

import (
	"strconv"
	"strings"
)

// Count writes a count with its noun: 1 trial, 5 trials, 1,000 trials.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Whole(n) + " " + noun + "s"
}

// Whole writes a whole number with thousands separators: 100,000.
func Whole(n int) string { return Thousands(strconv.Itoa(n)) }

// Thousands puts commas into a decimal whole number.
func Thousands(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Cores writes a number of cores, which may be a fraction: 1 core, 0.25 cores,
// 1,000 cores.
func Cores(v float64) string {
	whole, fraction, some := strings.Cut(strconv.FormatFloat(v, 'f', 3, 64), ".")
	if fraction = strings.TrimRight(fraction, "0"); some && fraction != "" {
		return Thousands(whole) + "." + fraction + " cores"
	}
	if whole == "1" {
		return "1 core"
	}
	return Thousands(whole) + " cores"
}
