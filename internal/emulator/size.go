package emulator

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Limits of jobs and runs (IBM's documentation, 2025-12-12).
const (
	maxArray       = 1000
	maxIndex       = 9_999_999
	maxRetries     = 5
	maxSeconds     = 86_400
	defaultSeconds = 7_200
	defaultRetries = 3
	// maxObject is how many bytes a job or a run has, with arguments and
	// environment.
	maxObject = 10 << 10
	// leastStorage and mostStorage bound ephemeral storage, in bytes.
	leastStorage = 400e6
	mostStorage  = 48e9
)

// combination is how much memory, in GB, an instance of so many vCPU may have.
type combination struct {
	vcpu   float64
	memory []float64
}

// combinations are all that there are (IBM's documentation, 2025-12-12).
var combinations = []combination{
	{0.125, []float64{0.25, 0.5, 1}},
	{0.25, []float64{0.5, 1, 2}},
	{0.5, []float64{1, 2, 4}},
	{1, []float64{2, 4, 8}},
	{2, []float64{4, 8, 16}},
	{4, []float64{8, 16, 32}},
	{6, []float64{12, 24, 48}},
	{8, []float64{16, 32}},
	{10, []float64{20, 40}},
	{12, []float64{24, 48}},
}

// checkCombination refuses a size that instances cannot have.
func checkCombination(vcpu float64, bytes int64) *failure {
	for _, c := range combinations {
		if c.vcpu != vcpu {
			continue
		}
		if slices.Contains(c.memory, float64(bytes)/1e9) {
			return nil
		}
		return invalid("%v vCPU cannot be combined with %v G of memory: %s.", vcpu, float64(bytes)/1e9, list(c.memory, " G"))
	}
	all := make([]float64, len(combinations))
	for i, c := range combinations {
		all[i] = c.vcpu
	}
	return invalid("An instance cannot have %v vCPU: %s.", vcpu, list(all, ""))
}

func list(values []float64, unit string) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v) + unit
	}
	return strings.Join(texts, ", ")
}

// parseCPU reads 0.125 or 125m.
func parseCPU(s string) (float64, *failure) {
	digits, milli := strings.CutSuffix(s, "m")
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 0, invalid("The scale_cpu_limit %q is no number of vCPU.", s)
	}
	if milli {
		v /= 1000
	}
	return v, nil
}

var sizePattern = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)([MG])B?$`)

// parseSize reads 400M or 4G: decimal megabytes and gigabytes.
func parseSize(field, s string) (int64, *failure) {
	m := sizePattern.FindStringSubmatch(s)
	if m == nil {
		return 0, invalid("The %s %q is no size such as 400M or 4G.", field, s)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil || v > 1e9 {
		return 0, invalid("The %s %q is no size such as 400M or 4G.", field, s)
	}
	unit := 1e6
	if m[2] == "G" {
		unit = 1e9
	}
	return int64(math.Round(v * unit)), nil
}

// parseIndices reads an array specification such as 1-5,7-8,10: each index
// once, sorted.
func parseIndices(spec string) ([]int, *failure) {
	bad := func(why string) ([]int, *failure) {
		return nil, invalid("The scale_array_spec %q %s.", clip(spec), why)
	}
	seen := make(map[int]bool)
	for part := range strings.SplitSeq(spec, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		from, err := strconv.Atoi(first)
		to := from
		if isRange && err == nil {
			to, err = strconv.Atoi(last)
		}
		switch {
		case err != nil || from < 0 || to < from:
			return bad("is no list of indices and ranges, such as 0-9 or 1-5,7")
		case to > maxIndex:
			return bad(fmt.Sprintf("has an index above %d", maxIndex))
		case to-from >= maxArray:
			return bad(fmt.Sprintf("has more than %d indices", maxArray))
		}
		for i := from; i <= to; i++ {
			seen[i] = true
		}
		if len(seen) > maxArray {
			return bad(fmt.Sprintf("has more than %d indices", maxArray))
		}
	}
	indices := make([]int, 0, len(seen))
	for i := range seen {
		indices = append(indices, i)
	}
	slices.Sort(indices)
	return indices, nil
}

// clip shortens what a request has, for an error.
func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

// formatIndices writes sorted indices as a specification has them.
func formatIndices(indices []int) string {
	var b strings.Builder
	for i := 0; i < len(indices); {
		j := i
		for j+1 < len(indices) && indices[j+1] == indices[j]+1 {
			j++
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(indices[i]))
		if j > i {
			b.WriteByte('-')
			b.WriteString(strconv.Itoa(indices[j]))
		}
		i = j + 1
	}
	return b.String()
}
