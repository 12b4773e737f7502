package learn

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corecast/internal/boost"
)

// TestQuantile975 against the tables of Student's t.
func TestQuantile975(t *testing.T) {
	for degrees, want := range map[int]float64{1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764, 9: 2.2622, 29: 2.0452, 120: 1.9799, 999: 1.9623} {
		if got := quantile975(degrees); math.Abs(got-want) > 6e-5 {
			t.Errorf("%d degrees: %v, want %v", degrees, got, want)
		}
	}
}

// TestSummarize by hand: 1 to 5 have a variance of 2.5.
func TestSummarize(t *testing.T) {
	got := Summarize([]float64{1, 2, 3, 4, 5})
	se := math.Sqrt(2.5 / 5)
	if got.Mean != 3 || math.Abs(got.StandardError-se) > 1e-15 || math.Abs(got.Hi-(3+2.776445*se)) > 1e-5 || math.Abs(got.Hi+got.Lo-6) > 1e-12 {
		t.Errorf("%+v", got)
	}
}

// TestFoldsAreFair: each row is held out once, folds and classes are even, and
// a share of the training rows is of the training rows and holds all classes.
func TestFoldsAreFair(t *testing.T) {
	table := &Table{Rows: 1003, Classes: []string{"a", "b", "c"}, Target: boost.Target{Classes: 3, Y: make([]float64, 1003)}}
	for i := range table.Target.Y {
		switch {
		case i%50 == 0:
			table.Target.Y[i] = 2
		case i%3 == 0:
			table.Target.Y[i] = 1
		}
	}
	folds, err := Divide(table, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for fold := range 5 {
		rows := folds.Held(fold)
		held += len(rows)
		count := func(rows []int32) (n [3]int) {
			for _, r := range rows {
				n[int(table.Target.Y[r])]++
			}
			return n
		}
		if n := count(rows); len(rows) < 200 || len(rows) > 201 || n[2] < 4 || n[2] > 5 {
			t.Errorf("fold %d holds %d rows, of classes %v", fold, len(rows), n)
		}
		whole := folds.Train(fold, 1)
		if len(whole)+len(rows) != 1003 {
			t.Errorf("fold %d: %d rows to train, %d held", fold, len(whole), len(rows))
		}
		part := folds.Train(fold, 1.0/9)
		if n := count(part); len(part) != 90 || n[2] < 1 || n[2] > 3 || n[1] < 25 || n[1] > 33 {
			t.Errorf("a ninth of fold %d: %d rows, of classes %v", fold, len(part), n)
		}
		for _, r := range append(part, whole...) {
			if int(folds.Of[r]) == fold {
				t.Fatalf("fold %d: row %d is trained on and held out", fold, r)
			}
		}
	}
	if held != 1003 {
		t.Errorf("%d rows are held out, want each once", held)
	}
}

func TestDivideRefuses(t *testing.T) {
	table := &Table{Name: "t.csv", Goal: "y", Rows: 5, Classes: []string{"a", "b"}, Target: boost.Target{Classes: 2, Y: []float64{0, 0, 0, 1, 1}}}
	for n, want := range map[int]string{
		6: "6 folds of the 5 rows of t.csv: give at most 5, or more rows",
		3: "3 folds, and class b of column y has 2 rows: give fewer folds (2 or more), or take its rows out",
	} {
		_, err := Divide(table, n, 1)
		var in *InputError
		if !errors.As(err, &in) || in.About != AboutFolds || err.Error() != want {
			t.Errorf("%d folds: error %v, want %s", n, err, want)
		}
	}
}

// TestFitBeatsConstant: the generated problems can be learnt, and scores are
// what they say.
func TestFitBeatsConstant(t *testing.T) {
	for _, task := range []string{"classify", "regress"} {
		table := Generate(1000, task, 3)
		folds, err := Divide(table, 4, 3)
		if err != nil {
			t.Fatal(err)
		}
		p := Problem{table, folds}
		score, err := p.Fit(t.Context(), Default(), 1, 1, 3)
		if err != nil {
			t.Fatal(err)
		}
		if score.Rows != 250 || score.Trained != 750 {
			t.Errorf("%s: %+v", task, score)
		}
		if task == "classify" && (score.Accuracy() < 0.75 || score.LogLoss() > 0.55) {
			t.Errorf("accuracy %v, log loss %v", score.Accuracy(), score.LogLoss())
		}
		// The variance is about 20: a constant has an RMSE of 4.5.
		if r2 := score.R2(table.Variance()); task == "regress" && (score.RMSE() < 1 || score.RMSE() > 2.8 || r2 < 0.6 || r2 > 0.96) {
			t.Errorf("RMSE %v, R2 %v", score.RMSE(), r2)
		}
	}
}

// TestGenerate: half of the rows are of each class, the target has the mean and
// variance of the chi-squared distribution, and the seed decides.
func TestGenerate(t *testing.T) {
	const rows = 20_000
	classes, numbers := Generate(rows, "classify", 1), Generate(rows, "regress", 1)
	high, sum := 0.0, 0.0
	for i := range rows {
		high += classes.Target.Y[i]
		sum += numbers.Target.Y[i]
		if above := numbers.Target.Y[i] > medianSquares; above != (classes.Target.Y[i] == 1) {
			t.Fatalf("row %d of %v is of class %v", i, numbers.Target.Y[i], classes.Target.Y[i])
		}
	}
	if high < 0.48*rows || high > 0.52*rows || sum < 9.8*rows || sum > 10.2*rows || numbers.Variance() < 19 || numbers.Variance() > 21 {
		t.Errorf("%v high, sum %v, variance %v", high, sum, numbers.Variance())
	}
	if Generate(5, "regress", 2).Target.Y[0] == numbers.Target.Y[0] {
		t.Error("another seed makes the same")
	}
}

// TestSpace: the default comes first, nothing is out of range, and a grid is as
// large as it may be and has no setting twice.
func TestSpace(t *testing.T) {
	for _, n := range []int{2, 3, 5, 20, 28, 100, 1000} {
		grid, random := Grid(n), Random(n, 1)
		if len(random) != n || len(grid) > n || n > 4 && 3*len(grid) < n {
			t.Errorf("%d settings asked for: grid has %d, random %d", n, len(grid), len(random))
		}
		seen := make(map[boost.Settings]bool)
		for i, s := range append(grid, random...) {
			if err := s.Check(); err != nil {
				t.Errorf("%d settings, number %d: %v", n, i, err)
			}
			if i < len(grid) && seen[s] {
				t.Errorf("grid of %d has %+v twice", n, s)
			}
			seen[s] = true
		}
		if grid[0] != Default() || random[0] != Default() {
			t.Errorf("%d settings: the default is not the first", n)
		}
	}
	if cmp.Equal(Random(5, 1), Random(5, 2)) {
		t.Error("two seeds draw the same settings")
	}
}

func TestRungs(t *testing.T) {
	for n, want := range map[int][]Rung{
		2: {{2, 1}}, 4: {{4, 1}}, 5: {{5, 1.0 / 3}, {3, 1}},
		20: {{20, 1.0 / 9}, {8, 1.0 / 3}, {4, 1}},
		82: {{82, 1.0 / 27}, {28, 1.0 / 9}, {10, 1.0 / 3}, {4, 1}},
	} {
		if diff := cmp.Diff(want, Rungs(n), cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })); diff != "" {
			t.Errorf("%d settings (-want +got):\n%s", n, diff)
		}
	}
}

// TestCacheReadsOnce, whoever asks, and says when the file is another by then.
func TestCacheReadsOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("x,y\n1,0\n2,1\n3,0\n4,1\n")
	var driver, worker Cache
	s, first, err := driver.Open(Source{Path: path, Name: "a.csv", Goal: "y", Folds: 2})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	got := make([]*Problem, 8)
	for i := range got {
		all.Go(func() {
			if p, err := worker.Problem(s); err == nil {
				got[i] = p
			}
		})
	}
	all.Wait()
	for i, p := range got {
		if p == nil || p != got[0] || p == first {
			t.Fatalf("problem %d is read again", i)
		}
	}
	if diff := cmp.Diff(first.Table, got[0].Table); diff != "" {
		t.Error(diff)
	}
	write("x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n")
	_, err = worker.Problem(s)
	if err == nil || !strings.Contains(err.Error(), "a.csv was changed since the run began (20 bytes then, 24 now)") {
		t.Errorf("changed: error %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := worker.Problem(s); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed: error %v", err)
	}
}
