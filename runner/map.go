package runner

import (
	"context"
	"iter"
)

// Map runs f on each input over the workers of pool and returns the results
// in input order.
//
// When some tasks failed for good, the error is a [*TasksError] that names
// them and the other results are valid. When ctx ended or the job's time ran
// out, the error says so. A pool runs one job at a time; Map waits its turn.
func Map[In, Out any](ctx context.Context, pool *Pool, f *Func[In, Out], inputs []In, options JobOptions) ([]Out, error) {
	outs := make([]Out, len(inputs))
	j := newJob(f, inputs, func(i int, out Out) bool { outs[i] = out; return true })
	err := pool.run(ctx, j, options)
	return outs, err
}

// MapReduce runs f on each input and folds the results, in input order, into
// acc: acc = reduce(acc, result 0), then result 1, and so on, as they become
// available. Tasks that failed for good are left out of the fold and named in
// the error. reduce runs at the driver, never concurrently with itself.
func MapReduce[In, Out, Acc any](ctx context.Context, pool *Pool, f *Func[In, Out], inputs []In, acc Acc, reduce func(Acc, Out) Acc, options JobOptions) (Acc, error) {
	waiting := make(map[int]Out)
	next := 0
	fold := func() {
		for out, ok := waiting[next]; ok; out, ok = waiting[next] {
			acc = reduce(acc, out)
			delete(waiting, next)
			next++
		}
	}
	j := newJob(f, inputs, func(i int, out Out) bool {
		waiting[i] = out
		fold()
		return true
	})
	err := pool.run(ctx, j, options)
	for ; len(waiting) > 0; next++ { // what stands behind a failed task
		fold()
	}
	return acc, err
}

// Result is one task's result as it arrives.
type Result[Out any] struct {
	Task  int
	Value Out
}

// Stream runs f on each input and yields the results in the order in which
// they arrive. The last pair holds the job's error when there is one, with
// Task -1. Leaving the loop early cancels what has not run.
func Stream[In, Out any](ctx context.Context, pool *Pool, f *Func[In, Out], inputs []In, options JobOptions) iter.Seq2[Result[Out], error] {
	return func(yield func(Result[Out], error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		results := make(chan Result[Out], 256)
		var err error
		go func() {
			defer close(results)
			j := newJob(f, inputs, func(i int, out Out) bool {
				select {
				case results <- Result[Out]{i, out}:
					return true
				case <-ctx.Done():
					return false
				}
			})
			err = pool.run(ctx, j, options)
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
