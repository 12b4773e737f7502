package runner

import (
	"context"
	"fmt"
	"runtime/debug"
)

// Func is a function that tasks run, under a name that driver and worker
// agree on. Make one with [NewFunc], hand it to [Main], and fan it out with
// [Map], [MapReduce] or [Stream].
//
// A function must be safe to repeat: a task whose worker was lost runs again.
type Func[In, Out any] struct {
	name string
	call func(context.Context, In) (Out, error)
	in   codec[In]
	out  codec[Out]
}

// NewFunc names a function. In and Out travel between processes as CBOR; byte
// slices, strings, integers, floats, bool and struct{} as themselves. A byte
// slice that is nil arrives empty. Fields that are not exported do not travel,
// nor do values that are nested more than 4,096 levels deep.
func NewFunc[In, Out any](name string, call func(context.Context, In) (Out, error)) *Func[In, Out] {
	return &Func[In, Out]{name: name, call: call, in: codecFor[In](), out: codecFor[Out]()}
}

// Name returns the name that driver and worker agree on.
func (f *Func[In, Out]) Name() string { return f.name }

// Call runs the function on in, here and now: the plain loop that a fan-out is
// measured against. A panic is not caught.
func (f *Func[In, Out]) Call(ctx context.Context, in In) (Out, error) { return f.call(ctx, in) }

// AnyFunc is a Func of any types: what [Main] takes.
type AnyFunc interface {
	Name() string
	serve(ctx context.Context, s *serving) (next int, err error)
}

// PanicError is the error of a task whose function panicked.
type PanicError struct {
	Value string // what was passed to panic, printed
	Stack string
}

// Error returns the panic's value; the stack is in e.Stack.
func (e *PanicError) Error() string { return "panic: " + e.Value }

// caught turns the value of a recovered panic into an error.
func caught(v any) error {
	return &PanicError{Value: fmt.Sprint(v), Stack: string(debug.Stack())}
}
