package work

import "context"

// Func is a function that tasks run, under a name that driver and worker
// agree on. Package runner makes it, hands it to workers and fans it out.
//
// A function must be safe to repeat: a task whose worker was lost runs again.
type Func[In, Out any] struct {
	name string
	call func(context.Context, In) (Out, error)
	in   Codec[In]
	out  Codec[Out]
}

// NewFunc names a function whose inputs and results travel between processes
// as the codecs say.
func NewFunc[In, Out any](name string, call func(context.Context, In) (Out, error), in Codec[In], out Codec[Out]) *Func[In, Out] {
	return &Func[In, Out]{name: name, call: call, in: in, out: out}
}

// NewPlain names a function of plain types.
func NewPlain[In, Out Plain](name string, call func(context.Context, In) (Out, error)) *Func[In, Out] {
	in, _ := PlainCodec[In]()
	out, _ := PlainCodec[Out]()
	return NewFunc(name, call, in, out)
}

// Noop does nothing. Every worker knows it: no-op tasks measure what a pool's
// dispatch costs.
var Noop = NewPlain("noop", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })

// InCodec and OutCodec tell how inputs and results travel.
func (f *Func[In, Out]) InCodec() Codec[In] { return f.in }

// OutCodec is as InCodec.
func (f *Func[In, Out]) OutCodec() Codec[Out] { return f.out }

// Name returns the name that driver and worker agree on.
func (f *Func[In, Out]) Name() string { return f.name }

// Call runs the function on in, here and now: the plain loop that a fan-out is
// measured against. A panic is not caught.
func (f *Func[In, Out]) Call(ctx context.Context, in In) (Out, error) { return f.call(ctx, in) }

// AnyFunc is a Func of any types: what a worker knows.
type AnyFunc interface {
	Name() string
	serve(ctx context.Context, s *serving) (next int, err error)
}
