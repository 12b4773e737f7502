package runner

import (
	"context"
	"iter"
	"slices"

	"corecast/runner/work"
)

// Map runs f on each input over the workers of pool and returns the results
// in input order.
//
// When some tasks failed for good, the error is a [*TasksError] that names
// them and the other results are valid. When ctx ended or the job's time ran
// out, the error says so. A pool runs one job at a time; Map waits its turn.
func Map[In, Out any](ctx context.Context, pool *Pool, f *Func[In, Out], inputs []In, options JobOptions) ([]Out, error) {
	outs := make([]Out, len(inputs))
	j := &work.TypedJob[In, Out]{Fn: f, Inputs: inputs, Deliver: func(task int, part []Out) bool { copy(outs[task:], part); return true }}
	err := run(ctx, pool, j, options)
	return outs, err
}

// MapReduce runs f on each input and folds the results, in input order, into
// acc: acc = reduce(acc, result 0), then result 1, and so on, as they become
// available. Tasks that failed for good are left out of the fold and named in
// the error. reduce runs at the driver, never concurrently with itself.
func MapReduce[In, Out, Acc any](ctx context.Context, pool *Pool, f *Func[In, Out], inputs []In, acc Acc, reduce func(Acc, Out) Acc, options JobOptions) (Acc, error) {
	fold := folding[Acc, Out]{acc: acc, reduce: reduce, waiting: make(map[int][]Out)}
	err := run(ctx, pool, &work.TypedJob[In, Out]{Fn: f, Inputs: inputs, Deliver: fold.add}, options)
	fold.rest(len(inputs))
	return fold.acc, err
}

// folding folds results in the order of their tasks.
type folding[Acc, Out any] struct {
	acc    Acc
	reduce func(Acc, Out) Acc
	next   int // the first task that was not folded
	// waiting are results of consecutive tasks, by the first of them.
	waiting map[int][]Out
}

// add takes the results of the tasks from task on.
func (f *folding[Acc, Out]) add(task int, outs []Out) bool {
	if task != f.next {
		f.waiting[task] = slices.Clone(outs)
		return true
	}
	for outs != nil {
		for _, out := range outs {
			f.acc = f.reduce(f.acc, out)
		}
		f.next += len(outs)
		outs = f.waiting[f.next]
		delete(f.waiting, f.next)
	}
	return true
}

// rest folds what stands behind tasks that have no result; there are n tasks.
func (f *folding[Acc, Out]) rest(n int) {
	for len(f.waiting) > 0 && f.next < n {
		outs, ok := f.waiting[f.next]
		if !ok {
			f.next++
			continue
		}
		delete(f.waiting, f.next)
		f.add(f.next, outs)
	}
}

// Result is one task's result as it arrives.
type Result[Out any] struct {
	Task  int
	Value Out
}

// Stream runs f on each input and yields the results in the order in which
// they arrive. The last pair holds the job's error when there is one, with
// Task -1. Leaving the loop early cancels what has not run. While some hundred
// results wait for the loop to take them, no more tasks are handed out; the
// job's time goes on.
func Stream[In, Out any](ctx context.Context, pool *Pool, f *Func[In, Out], inputs []In, options JobOptions) iter.Seq2[Result[Out], error] {
	return func(yield func(Result[Out], error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		results := make(chan Result[Out], 256)
		var err error
		go func() {
			defer close(results)
			j := &work.TypedJob[In, Out]{Fn: f, Inputs: inputs}
			j.Deliver = func(task int, outs []Out) bool {
				for k, out := range outs {
					select {
					case results <- Result[Out]{task + k, out}:
					case <-j.Done(): // nobody takes it, and the time is up
						return false
					}
				}
				return true
			}
			err = run(ctx, pool, j, options)
		}()
		for r := range results {
			if !yield(r, nil) {
				cancel()
				for range results { // until the job has ended
				}
				return
			}
		}
		if err != nil {
			yield(Result[Out]{Task: -1}, err)
		}
	}
}
