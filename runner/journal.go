package runner

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"corecast/runner/exchange"
	"corecast/runner/trace"
	"corecast/runner/work"
)

// Journal keeps the accepted results of a job, so that the same job goes on
// after its driver was killed. results.Journal is one, in a file.
type Journal interface {
	// Load calls yield with each result that earlier parts of the job have
	// kept, until it returns an error. The bytes are valid during the call.
	Load(yield func(task int, result []byte) error) error
	// Append keeps one more, in an order of its own, before the caller gets it.
	// It is called from one goroutine and should not wait. An error ends the
	// job.
	Append(task int, result []byte) error
}

// Fingerprint identifies a job by its function's name and its encoded inputs:
// equal jobs have equal ones. It does not see what the inputs only name, such
// as files.
func Fingerprint[In, Out any](f *Func[In, Out], inputs []In) (string, error) {
	codec := f.InCodec()
	sum := xxhash.New()
	fmt.Fprintf(sum, "%s\x00%d\x00", f.Name(), len(inputs))
	var buf []byte
	for i, in := range inputs {
		var err error
		if buf, err = codec.Encode(buf[:0], in); err != nil {
			return "", fmt.Errorf("encode the input of task %d: %w", i, err)
		}
		sum.Write(binary.AppendUvarint(nil, uint64(len(buf))))
		sum.Write(buf)
	}
	return fmt.Sprintf("%016x", sum.Sum64()), nil
}

// run runs a job on a pool, and keeps its results in a journal if there is one:
// those that are there already are delivered first, and their tasks do not run.
func run[In, Out any](ctx context.Context, pool *Pool, j *work.TypedJob[In, Out], o JobOptions) error {
	if o.Journal == nil {
		return pool.run(ctx, j, o)
	}
	k := kept[In, Out]{job: j, journal: o.Journal}
	if err := k.load(ctx); err != nil {
		return fmt.Errorf("take results from the journal: %w", err)
	}
	err := pool.run(ctx, k.rest(), k.options(o))
	if k.err != nil {
		return k.err
	}
	return k.whole(err)
}

// kept is a job some of whose results are in a journal.
type kept[In, Out any] struct {
	job     *work.TypedJob[In, Out]
	journal Journal
	// left are the tasks that have no result yet, when some have; nil: all.
	left []int32
	buf  []byte
	err  error // of the journal
}

// load delivers the results that the journal has.
func (k *kept[In, Out]) load(ctx context.Context) error {
	k.job.Begin(ctx.Done())
	n := k.job.Len()
	have, count := newTaskSet(n), 0
	err := k.journal.Load(func(task int, result []byte) error {
		if task < 0 || task >= n {
			return fmt.Errorf("there is one of task %d, and the job has %d", task, n)
		}
		if have.has(task) {
			return nil
		}
		if len(result) >= exchange.RawSize { // the value may be these bytes
			result = bytes.Clone(result)
		}
		out, err := k.job.Fn.OutCodec().Decode(result)
		if err != nil {
			return fmt.Errorf("decode that of task %d: %w", task, err)
		}
		have.add(task, task+1)
		count++
		if !k.job.Deliver(task, []Out{out}) {
			return context.Cause(ctx)
		}
		return nil
	})
	if err != nil || count == 0 {
		return err
	}
	k.left = make([]int32, 0, n-count)
	for task := range n {
		if !have.has(task) {
			k.left = append(k.left, int32(task))
		}
	}
	return nil
}

// task returns the index in the whole job of a task of the rest.
func (k *kept[In, Out]) task(i int) int {
	if k.left == nil {
		return i
	}
	return int(k.left[i])
}

// rest is the job of the tasks that have no result yet.
func (k *kept[In, Out]) rest() *work.TypedJob[In, Out] {
	inputs := k.job.Inputs
	if k.left != nil {
		inputs = make([]In, len(k.left))
		for i, task := range k.left {
			inputs[i] = k.job.Inputs[task]
		}
	}
	return &work.TypedJob[In, Out]{Fn: k.job.Fn, Inputs: inputs, Deliver: k.accept, Begun: k.job.Begin}
}

// accept keeps results and hands them on.
func (k *kept[In, Out]) accept(first int, outs []Out) bool {
	for i := range outs {
		if k.err = k.append(k.task(first+i), outs[i]); k.err != nil {
			return false
		}
	}
	for from := 0; from < len(outs); { // consecutive ones together
		to := from + 1
		for to < len(outs) && k.task(first+to) == k.task(first+from)+to-from {
			to++
		}
		if !k.job.Deliver(k.task(first+from), outs[from:to]) {
			return false
		}
		from = to
	}
	return true
}

func (k *kept[In, Out]) append(task int, out Out) error {
	codec := k.job.Fn.OutCodec()
	var result []byte
	if codec.Raw != nil {
		result = codec.Raw(out)
	} else {
		var err error
		if k.buf, err = codec.Encode(k.buf[:0], out); err != nil {
			return fmt.Errorf("keep the result of task %d: %w", task, err)
		}
		result = k.buf
	}
	if err := k.journal.Append(task, result); err != nil {
		return fmt.Errorf("keep the result of task %d: %w", task, err)
	}
	return nil
}

// options are those of the rest, in terms of the whole job.
func (k *kept[In, Out]) options(o JobOptions) JobOptions {
	o.Journal = nil
	if k.left == nil {
		return o
	}
	n := k.job.Len()
	had := n - len(k.left)
	if label := o.Label; label != nil {
		o.Label = func(i int) string { return label(k.task(i)) }
	} else {
		o.Label = func(i int) string { return taskLabel(k.task(i)) }
	}
	if progress := o.Progress; progress != nil {
		o.Progress = func(settled, _ int) { progress(had+settled, n) }
	}
	if hand := o.Trace; hand != nil {
		o.Trace = func(t *trace.Trace) {
			t.Tasks = n
			renumber(t.Attempts, k.left)
			hand(t)
		}
	}
	if o.Spill != nil {
		o.Spill = renumbered{o.Spill, k.left}
	}
	return o
}

// renumbered is a sink of rows of tasks that have other numbers in the whole
// job.
type renumbered struct {
	trace.Sink
	tasks []int32
}

func (r renumbered) Rows(rows trace.Rows) error {
	renumber(rows.Attempts, r.tasks)
	return r.Sink.Rows(rows)
}

func renumber(rows []trace.Attempt, tasks []int32) {
	for i := range rows {
		rows[i].Task = tasks[rows[i].Task]
	}
}

// whole brings the error of the rest to the whole job.
func (k *kept[In, Out]) whole(err error) error {
	failed, ok := err.(*TasksError)
	if !ok || k.left == nil {
		return err
	}
	whole := &TasksError{Tasks: k.job.Len(), Failed: slices.Clone(failed.Failed)}
	for _, f := range whole.Failed {
		f.Task = k.task(f.Task)
	}
	return whole
}
