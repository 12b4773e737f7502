package bench

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxCores bounds a core count.
const MaxCores = 100_000

// ParseCores reads a list of core counts and ranges: 1,2,4 or 1..16x2 (each
// twice the last) or 1..9+2 (each two more) or 1..4 (each one more). The
// result is sorted, without repetitions.
func ParseCores(s string) ([]int, error) {
	var cores []int
	for _, part := range strings.Split(s, ",") {
		some, err := parseRange(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		cores = append(cores, some...)
	}
	slices.Sort(cores)
	return slices.Compact(cores), nil
}

func parseRange(s string) ([]int, error) {
	first, rest, isRange := strings.Cut(s, "..")
	lo, err := parseCount(first)
	if err != nil || !isRange {
		return []int{lo}, err
	}
	next := func(n int) int { return n + 1 }
	last := rest
	if i := strings.IndexAny(rest, "x+"); i >= 0 {
		step, err := strconv.Atoi(rest[i+1:])
		if err != nil || step < 1 || step < 2 && rest[i] == 'x' {
			return nil, fmt.Errorf("core count range %q: its step must be x2 or more, or +1 or more", s)
		}
		last = rest[:i]
		next = func(n int) int { return n + step }
		if rest[i] == 'x' {
			next = func(n int) int { return n * step }
		}
	}
	hi, err := parseCount(last)
	if err != nil {
		return nil, err
	}
	if hi < lo {
		return nil, fmt.Errorf("core count range %q ends before it begins", s)
	}
	var cores []int
	for n := lo; n <= hi; n = next(n) {
		cores = append(cores, n)
	}
	return cores, nil
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		return 0, fmt.Errorf("core count %q is not a whole number: write a list such as 1,2,4 or a range such as 1..16x2", s)
	case n < 1:
		return 0, fmt.Errorf("core count %d is less than 1", n)
	case n > MaxCores:
		return 0, fmt.Errorf("core count %d is more than %d", n, MaxCores)
	}
	return n, nil
}

// DefaultCores returns the powers of two up to all, and all.
func DefaultCores(all int) []int {
	var cores []int
	for n := 1; n < all; n *= 2 {
		cores = append(cores, n)
	}
	return append(cores, max(all, 1))
}
