package boost

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// one is a single tree that fits as well as it can.
func one(depth int) Settings {
	return Settings{Trees: 1, Rate: 1, Depth: depth, MinLeaf: 1, Rows: 1, Columns: 1}
}

func train(t *testing.T, columns [][]float64, target Target, s Settings) *Model {
	t.Helper()
	m, err := Train(t.Context(), Bin(columns, upTo(len(target.Y))), &target, s, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// uniform returns columns of random numbers from -1 to 1.
func uniform(random *rand.Rand, columns, rows int) [][]float64 {
	x := make([][]float64, columns)
	for f := range x {
		x[f] = make([]float64, rows)
		for i := range x[f] {
			x[f][i] = 2*random.Float64() - 1
		}
	}
	return x
}

// TestStepFunctionExactly: a tree of depth 2 is three steps, and the value
// between two rows goes with the nearer one.
func TestStepFunctionExactly(t *testing.T) {
	x := []float64{5, 1, 2, 8, 4, 7, 3, 6}
	y := make([]float64, len(x))
	step := func(v float64) float64 {
		switch {
		case v <= 2.5:
			return -4
		case v <= 6.5:
			return 8
		}
		return 3
	}
	for i, v := range x {
		y[i] = step(v)
	}
	m := train(t, [][]float64{x}, Target{Y: y}, one(2))
	for _, v := range []float64{-1e9, 1, 2, 2.49, 2.51, 4, 6.49, 6.51, 8, 1e300, math.Inf(1), math.Inf(-1)} {
		if got := m.Number([][]float64{{v}}, 0); got != step(v) {
			t.Errorf("f(%v) = %v, want %v", v, got, step(v))
		}
	}
}

// TestXOR: no single feature says anything, two together say all.
func TestXOR(t *testing.T) {
	x := uniform(rand.New(rand.NewPCG(3, 0)), 2, 1000)
	y := make([]float64, 1000)
	for i := range y {
		if (x[0][i] > 0) != (x[1][i] > 0) {
			y[i] = 1
		}
	}
	m := train(t, x, Target{Classes: 2, Y: y}, Settings{Trees: 50, Rate: 0.3, Depth: 4, MinLeaf: 1, L2: 1, Rows: 1, Columns: 1})
	fresh, right := uniform(rand.New(rand.NewPCG(4, 0)), 2, 1000), 0
	for i := range 1000 {
		var p [2]float64
		m.Probabilities(fresh, i, p[:])
		if (p[1] > 0.5) == ((fresh[0][i] > 0) != (fresh[1][i] > 0)) {
			right++
		}
	}
	if right < 970 {
		t.Errorf("%d of 1000 new rows right, want 970", right)
	}
}

// TestOneSplitEqualsBruteForce compares the first split with the best of all
// partitions that one threshold and a side for missing values can make, each
// summed up on its own.
func TestOneSplitEqualsBruteForce(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 0))
	for round := range 200 {
		rows := 4 + random.IntN(40)
		x := uniform(random, 3, rows)
		y := make([]float64, rows)
		for i := range y {
			y[i] = math.Round(random.NormFloat64() * 10)
			x[1][i] = math.Round(3 * x[1][i]) // ties
			if random.IntN(3) == 0 {
				x[2][i] = math.NaN()
			}
		}
		least := 1 + random.IntN(3)
		s := one(1)
		s.MinLeaf, s.L2 = least, random.Float64()
		m := train(t, x, Target{Y: y}, s)
		want := bruteForce(x, y, m.start[0], s)
		got := 0.0
		if n := m.trees[0].nodes[0]; n.left != 0 {
			got = gainOf(x[n.feature], y, m.start[0], n.threshold, n.missingLeft, s)
		}
		if math.Abs(got-want) > 1e-9*(1+want) {
			t.Errorf("round %d: the split gains %v, the best %v", round, got, want)
		}
	}
}

func bruteForce(x [][]float64, y []float64, mean float64, s Settings) float64 {
	best := 0.0
	for _, column := range x {
		for _, threshold := range append(slices.Clone(column), math.Inf(1)) {
			for _, missingLeft := range []bool{false, true} {
				best = max(best, gainOf(column, y, mean, threshold, missingLeft, s))
			}
		}
	}
	return best
}

// gainOf is the gain of one partition, by its definition; 0 where it is not
// allowed.
func gainOf(column, y []float64, mean, threshold float64, missingLeft bool, s Settings) float64 {
	var g, n [2]float64
	for i, v := range column {
		side := 1
		if v <= threshold || math.IsNaN(v) && missingLeft {
			side = 0
		}
		g[side] += mean - y[i]
		n[side]++
	}
	if min(n[0], n[1]) < float64(s.MinLeaf) {
		return 0
	}
	return g[0]*g[0]/(n[0]+s.L2) + g[1]*g[1]/(n[1]+s.L2) - (g[0]+g[1])*(g[0]+g[1])/(n[0]+n[1]+s.L2)
}

// TestMissingValuesLearnTheirSide: what is missing says the target.
func TestMissingValuesLearnTheirSide(t *testing.T) {
	nan := math.NaN()
	x := [][]float64{{1, 2, nan, 3, nan, 4, nan, 5}}
	y := []float64{0, 0, 7, 0, 7, 0, 7, 0}
	m := train(t, x, Target{Y: y}, one(1))
	for i, want := range y {
		if got := m.Number(x, i); math.Abs(got-want) > 1e-12 {
			t.Errorf("row %d: %v, want %v", i, got, want)
		}
	}
}

// TestProbabilitiesAreCalibrated: rows whose class is drawn with a known
// probability get about that probability.
func TestProbabilitiesAreCalibrated(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 0))
	const rows = 20000
	x, y := uniform(random, 1, rows), make([]float64, rows)
	truth := func(v float64) float64 { return 1 / (1 + math.Exp(-3*v)) }
	for i := range y {
		if random.Float64() < truth(x[0][i]) {
			y[i] = 1
		}
	}
	m := train(t, x, Target{Classes: 2, Y: y}, Settings{Trees: 60, Rate: 0.1, Depth: 3, MinLeaf: 100, L2: 1, Rows: 1, Columns: 1})
	for _, v := range []float64{-0.9, -0.5, -0.1, 0.3, 0.8} {
		var p [2]float64
		m.Probabilities([][]float64{{v}}, 0, p[:])
		if math.Abs(p[1]-truth(v)) > 0.05 || math.Abs(p[0]+p[1]-1) > 1e-12 {
			t.Errorf("p(%v) = %v, drawn with %v", v, p, truth(v))
		}
	}
}

// TestManyClasses: three classes on a line are told apart, probabilities add up
// to 1, and the log loss is that of the probabilities.
func TestManyClasses(t *testing.T) {
	x := uniform(rand.New(rand.NewPCG(7, 0)), 2, 600)
	y := make([]float64, 600)
	for i, v := range x[0] {
		y[i] = math.Floor((v + 1) * 1.5)
	}
	right := 0
	m := train(t, x, Target{Classes: 3, Y: y}, Settings{Trees: 40, Rate: 0.2, Depth: 2, MinLeaf: 1, L2: 1, Rows: 1, Columns: 1})
	for i := range y {
		var p, scores [3]float64
		m.Probabilities(x, i, p[:])
		m.Scores(x, i, scores[:])
		c := int(y[i])
		if p[c] > 0.5 {
			right++
		}
		if math.Abs(p[0]+p[1]+p[2]-1) > 1e-12 {
			t.Errorf("row %d of class %d: %v", i, c, p)
		}
		if got, want := LogLoss(scores[:], c), -math.Log(p[c]); math.Abs(got-want) > 1e-12 {
			t.Errorf("log loss %v, want %v", got, want)
		}
	}
	if right < 590 { // a bin may hold both sides of a boundary
		t.Errorf("%d of 600 rows right, want 590", right)
	}
}

// TestLogLoss by hand, and where a probability is too small for a number.
func TestLogLoss(t *testing.T) {
	for _, test := range []struct {
		scores []float64
		class  int
		want   float64
	}{
		{[]float64{0}, 1, math.Ln2},
		{[]float64{math.Log(3)}, 1, math.Log(4.0 / 3)},
		{[]float64{math.Log(3)}, 0, math.Log(4)},
		{[]float64{2000}, 0, 2000},
		{[]float64{-2000}, 0, 0},
		{[]float64{5, 5, 5, 5}, 2, math.Log(4)},
		{[]float64{0, 3000, 0}, 0, 3000},
	} {
		if got := LogLoss(test.scores, test.class); math.Abs(got-test.want) > 1e-12*(1+test.want) {
			t.Errorf("log loss of class %d by %v is %v, want %v", test.class, test.scores, got, test.want)
		}
	}
}

// TestBinsKeepOrder: the code of a value says on which side of each edge it is,
// and many values fill the bins evenly.
func TestBinsKeepOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 0))
	x := uniform(random, 1, 5000)
	x[0][0], x[0][1] = math.MaxFloat64, -math.MaxFloat64
	b := Bin(x, upTo(5000))
	counts := make([]int, maxBins+1)
	for i, v := range x[0] {
		c := int(b.codes[0][i])
		counts[c]++
		if below := c - 1; below > 0 && b.edges[0][below-1] >= v || below < len(b.edges[0]) && b.edges[0][below] < v {
			t.Errorf("%v has bin %d", v, c)
		}
	}
	if len(b.edges[0]) != maxBins-1 || counts[0] != 0 || slices.Min(counts[1:]) < 60 || slices.Max(counts) > 100 {
		t.Errorf("%d edges, rows in bins %v", len(b.edges[0]), counts)
	}
}

// TestSameSeedSameModel, and another seed draws other rows.
func TestSameSeedSameModel(t *testing.T) {
	x := uniform(rand.New(rand.NewPCG(9, 0)), 4, 300)
	y := make([]float64, 300)
	for i := range y {
		y[i] = x[0][i] * x[1][i]
	}
	s := Settings{Trees: 20, Rate: 0.3, Depth: 3, MinLeaf: 2, L2: 0.5, Rows: 0.6, Columns: 0.5}
	grow := func(seed uint64) []float64 {
		m, err := Train(t.Context(), Bin(x, upTo(300)), &Target{Y: y}, s, seed, 2)
		if err != nil {
			t.Fatal(err)
		}
		values := make([]float64, 300)
		for i := range values {
			values[i] = m.Number(x, i)
		}
		return values
	}
	first := grow(1)
	if diff := cmp.Diff(first, grow(1)); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(first, grow(2)) {
		t.Error("two seeds drew the same rows")
	}
}

// TestMoreTreesFitBetter on the rows trained on, and all beat a constant.
func TestMoreTreesFitBetter(t *testing.T) {
	x := uniform(rand.New(rand.NewPCG(10, 0)), 3, 400)
	y, squares := make([]float64, 400), 0.0
	for i := range y {
		y[i] = math.Sin(3*x[0][i]) + x[1][i]*x[2][i]
		squares += y[i] * y[i]
	}
	last := squares
	for _, trees := range []int{1, 5, 25, 125} {
		m := train(t, x, Target{Y: y}, Settings{Trees: trees, Rate: 0.2, Depth: 3, MinLeaf: 5, L2: 1, Rows: 1, Columns: 1})
		sum := 0.0
		for i := range y {
			sum += math.Pow(m.Number(x, i)-y[i], 2)
		}
		if !(sum < 0.9*last) {
			t.Errorf("%d trees leave %v of %v", trees, sum, last)
		}
		last = sum
	}
}

func TestTrainRefuses(t *testing.T) {
	b, target := Bin([][]float64{{1, 2}}, upTo(2)), &Target{Y: []float64{1, 2}}
	for name, change := range map[string]func(*Settings){
		"trees": func(s *Settings) { s.Trees = 0 }, "rate": func(s *Settings) { s.Rate = math.NaN() },
		"depth": func(s *Settings) { s.Depth = 31 }, "min_leaf": func(s *Settings) { s.MinLeaf = 0 },
		"l2": func(s *Settings) { s.L2 = -1 }, "row_share": func(s *Settings) { s.Rows = 1.1 }, "column_share": func(s *Settings) { s.Columns = 0 },
	} {
		s := one(1)
		change(&s)
		if _, err := Train(t.Context(), b, target, s, 1, 1); err == nil || err.Error()[:len(name)] != name {
			t.Errorf("bad %s: error %v", name, err)
		}
	}
	if _, err := Train(t.Context(), Bin([][]float64{{1, 2}}, nil), target, one(1), 1, 1); err == nil {
		t.Error("no rows are taken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Train(ctx, b, target, one(1), 1, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}
