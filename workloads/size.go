package workloads

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// sizeValue is a flag for a whole number, that people write as 1e8,
// 5_000_000, 100MB, 64MiB or 1.5G.
type sizeValue int64

// String returns the number in digits.
func (v *sizeValue) String() string { return strconv.FormatInt(int64(*v), 10) }

// Set reads a size that is 0 or more.
func (v *sizeValue) Set(s string) error {
	n, err := ParseSize(s)
	if err != nil {
		return err
	}
	*v = sizeValue(n)
	return nil
}

// units are the suffixes of sizes, longest first.
var units = []struct {
	suffix string
	factor int64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12},
	{"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {"t", 1e12}, {"b", 1},
}

// ParseSize reads a whole number of 0 or more: digits with or without
// underscores, a decimal fraction or exponent, and a unit of k, M, G, T (10^3
// and so on, B may follow) or KiB, MiB, GiB, TiB (2^10 and so on).
func ParseSize(s string) (int64, error) {
	digits, factor := strings.ToLower(strings.TrimSpace(s)), int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(digits, u.suffix); ok {
			digits, factor = strings.TrimSpace(rest), u.factor
			break
		}
	}
	digits = strings.ReplaceAll(digits, "_", "")
	if len(digits) > 40 || strings.ContainsAny(digits, "/xpo") {
		return 0, sizeError(s)
	}
	if _, e, found := strings.Cut(digits, "e"); found {
		if n, err := strconv.Atoi(e); err != nil || n > 30 || n < -30 {
			return 0, sizeError(s)
		}
	}
	value, ok := new(big.Rat).SetString(digits)
	if !ok {
		return 0, sizeError(s)
	}
	value.Mul(value, new(big.Rat).SetInt64(factor))
	switch {
	case value.Sign() < 0:
		return 0, fmt.Errorf("%q is negative", s)
	case !value.IsInt():
		return 0, fmt.Errorf("%q is not a whole number", s)
	case value.Cmp(new(big.Rat).SetInt64(math.MaxInt64)) > 0:
		return 0, fmt.Errorf("%q is more than %d", s, int64(math.MaxInt64))
	}
	return value.Num().Int64(), nil
}

func sizeError(s string) error {
	return fmt.Errorf("%q is not a size: write 100000, 1e8, 5_000_000, 100MB or 64MiB", s)
}
