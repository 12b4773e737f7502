package work

import (
	"errors"
	"fmt"
	"runtime"

	"corecast/runner/exchange"
)

// ErrTaskTimeout is in the error of a task that ran out of its time.
var ErrTaskTimeout = errors.New("task timeout")

// PanicError is the error of a task whose function panicked.
type PanicError struct {
	Value string // what was passed to panic, printed
	Stack string
}

// Error returns the panic's value; the stack is in e.Stack.
func (e *PanicError) Error() string { return "panic: " + e.Value }

// Caught turns the value of a recovered panic into an error.
func Caught(v any) error {
	return &PanicError{Value: fmt.Sprint(v), Stack: stack()}
}

// stack returns the stack of the calling goroutine, as debug.Stack does: that
// package would have a worker start late.
func stack() string {
	for buf := make([]byte, 4<<10); ; buf = make([]byte, 2*len(buf)) {
		if n := runtime.Stack(buf, false); n < len(buf) {
			return string(buf[:n])
		}
	}
}

// describe turns an error into what travels; nil for nil.
func describe(err error) *exchange.Failure {
	if err == nil {
		return nil
	}
	f := &exchange.Failure{Text: err.Error(), Detail: Detail(err), Err: err}
	var p *PanicError
	switch {
	case errors.As(err, &p):
		f.Kind, f.Text, f.Detail = exchange.FailedPanic, p.Value, p.Stack
	case errors.Is(err, ErrTaskTimeout):
		f.Kind = exchange.FailedTimeout
	}
	return f
}

// Cause turns a failure back into an error.
func Cause(f exchange.Failure) error {
	switch {
	case f.Err != nil:
		return f.Err
	case f.Kind == exchange.FailedPanic:
		return &PanicError{Value: f.Text, Stack: f.Detail}
	case f.Kind == exchange.FailedTimeout:
		return &remoteError{f.Text, f.Detail, ErrTaskTimeout}
	}
	return &remoteError{f.Text, f.Detail, nil}
}

// remoteError is an error that came from another process.
type remoteError struct {
	text, detail string
	kind         error
}

func (e *remoteError) Error() string  { return e.text }
func (e *remoteError) Unwrap() error  { return e.kind }
func (e *remoteError) Detail() string { return e.detail }

// WithDetail attaches text to an error of a task's function that travels with
// it to the driver, where [Detail] finds it: what is too long, or not meant,
// for its message.
func WithDetail(err error, detail string) error { return &detailed{err, detail} }

// Detail returns the text that WithDetail attached to err, empty when none
// was.
func Detail(err error) string {
	var d interface{ Detail() string }
	if errors.As(err, &d) {
		return d.Detail()
	}
	return ""
}

type detailed struct {
	error
	detail string
}

func (e *detailed) Unwrap() error  { return e.error }
func (e *detailed) Detail() string { return e.detail }
