package runner

import (
	"context"

	"corecast/runner/work"
)

// Func is a function that tasks run, under a name that driver and worker
// agree on. Make one with [NewFunc], hand it to [Main], and fan it out with
// [Map], [MapReduce] or [Stream].
//
// A function must be safe to repeat: a task whose worker was lost runs again.
type Func[In, Out any] = work.Func[In, Out]

// NewFunc names a function. In and Out travel between processes as CBOR; byte
// slices, strings, integers, floats, bool and struct{} as themselves. A byte
// slice that is nil arrives empty. Fields that are not exported do not travel,
// nor do values that are nested more than 4,096 levels deep.
func NewFunc[In, Out any](name string, call func(context.Context, In) (Out, error)) *Func[In, Out] {
	return work.NewFunc(name, call, codecFor[In](), codecFor[Out]())
}

// AnyFunc is a Func of any types: what [Main] takes.
type AnyFunc = work.AnyFunc

// Noop does nothing. Every worker knows it: no-op tasks measure what a pool's
// dispatch costs.
var Noop = work.Noop
