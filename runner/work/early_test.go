package work_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"corecast/runner"
	"corecast/runner/local"
	"corecast/runner/work"
)

// stageFunc is a function that returns how far its program has come.
func stageFunc(name string, stage *atomic.Int64) *work.Func[int, int64] {
	return work.NewPlain(name, func(context.Context, int) (int64, error) { return stage.Load(), nil })
}

// TestMain is a program that initialises in three stages.
func TestMain(m *testing.M) {
	var stage atomic.Int64
	work.Early(stageFunc("first", &stage))
	stage.Store(1)
	work.Early(stageFunc("second", &stage))
	stage.Store(2)
	runner.Main(stageFunc("third", &stage))
	os.Exit(m.Run())
}

// TestEarly has workers of each stage: they come no further than the functions
// that they are asked for.
func TestEarly(t *testing.T) {
	type job struct {
		name string
		want int64
	}
	for _, jobs := range [][]job{
		{{"noop", 0}, {"first", 0}, {"second", 1}, {"first", 1}, {"third", 2}, {"second", 2}, {"first", 2}}, // one after another
		{{"third", 2}, {"first", 2}},                   // two stages at once
		{{"unknown", -1}, {"second", 2}, {"first", 2}}, // nobody knows it: known when all were asked
	} {
		p := runner.NewPool(local.New(1, local.Options{}))
		defer p.Close()
		for _, j := range jobs {
			if j.name == "noop" {
				if _, err := runner.Map(t.Context(), p, runner.Noop, make([]struct{}, 3), runner.JobOptions{}); err != nil {
					t.Error(err)
				}
				continue
			}
			got, err := runner.Map(t.Context(), p, stageFunc(j.name, nil), []int{1, 2, 3}, runner.JobOptions{})
			if j.want < 0 {
				if err == nil || !strings.Contains(err.Error(), `does not know the function "unknown"`) {
					t.Errorf("%s: error %v", j.name, err)
				}
				continue
			}
			if err != nil || !slices.Equal(got, []int64{j.want, j.want, j.want}) {
				t.Errorf("%s ran at the stages %v, want %d (%v)", j.name, got, j.want, err)
			}
		}
	}
}

// TestEarlyIdle ends workers that were never asked for anything.
func TestEarlyIdle(t *testing.T) {
	p := runner.NewPool(local.New(2, local.Options{}))
	if err := p.Warm(t.Context()); err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
