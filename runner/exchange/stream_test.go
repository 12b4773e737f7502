package exchange

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"corecast/internal/clock"
)

// script is a worker at the other end of a stream, which a test drives by
// hand.
type script struct {
	t    *testing.T
	conn net.Conn
	r    *FrameReader
	link *Stream
	job  *bytesJob
	// wrote is the sum of what it wrote.
	wrote  Sum
	served chan struct{}
	killed int

	mu     sync.Mutex
	events []Event
	// fatal and err are what Serve returned, once served is closed.
	fatal bool
	err   error
}

// newScript starts a Stream to a scripted worker.
func newScript(t *testing.T) *script {
	ours, theirs := net.Pipe()
	w := &script{t: t, conn: theirs, served: make(chan struct{})}
	w.job = &bytesJob{errs: make(map[int]error)}
	for i := range 100 {
		w.job.inputs = append(w.job.inputs, bytes.Repeat([]byte{byte(i)}, i))
	}
	w.link = NewStream(ours, StreamConfig{
		Slot: 3, Generation: 4, Build: "build", SameClock: true, Kill: func() { w.killed++ },
		Post: func(e Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(e.Deliveries) > 1 { // one event each, however many came together
				all := e.Deliveries
				for _, d := range all {
					e.At, e.Deliveries = d.Received, []*Delivery{d}
					w.events = append(w.events, e)
				}
				return
			}
			w.events = append(w.events, e)
		},
	})
	go func() {
		w.fatal, w.err = w.link.Serve()
		close(w.served)
	}()
	return w
}

// write seals and writes frames.
func (w *script) write(frames []byte) {
	w.t.Helper()
	frames = bytes.Clone(frames)
	w.wrote.Seal(frames, nil)
	w.raw(frames)
}

func (w *script) raw(data []byte) {
	w.t.Helper()
	if _, err := w.conn.Write(data); err != nil {
		w.t.Errorf("write to the driver: %v", err)
	}
}

func (w *script) hello() {
	w.write(must(AppendHello(nil, Hello{Build: "build", PID: 77, Ready: 1234, Uncertainty: 5})))
	w.r = NewFrameReader(w.conn, w.wrote)
}

// read takes a frame of the type that the driver must send now.
func (w *script) read(want FrameType) []byte {
	w.t.Helper()
	kind, body, err := w.r.Next(nil)
	if err != nil || kind != want {
		w.t.Fatalf("the driver sent type %d, %v; want type %d", kind, err, want)
	}
	return bytes.Clone(body)
}

func (w *script) chunk() *Inbound {
	w.t.Helper()
	in, err := ParseChunk(w.read(FrameChunk))
	if err != nil {
		w.t.Fatal(err)
	}
	return in
}

// echo is the Result frame of n tasks from lo of a chunk, each its own input.
func (w *script) echo(in *Inbound, lo, n int32) []byte {
	var b Results
	b.Begin(in, lo, true, false)
	for k := range n {
		b.add(int64(k), int64(k)+1, w.job.inputs[lo+k])
	}
	frames, _ := b.Take(NotKnown, 50)
	return frames
}

// end closes the worker's side and returns what was posted.
func (w *script) end() []Event {
	w.conn.Close()
	<-w.served
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Slot != 3 || e.Generation != 4 {
			w.t.Errorf("event of worker %d.%d", e.Slot, e.Generation)
		}
	}
	return w.events
}

func kinds(events []Event) []EventKind {
	var k []EventKind
	for _, e := range events {
		k = append(k, e.Kind)
	}
	return k
}

// inBubble runs a test in which a goroutine that is left behind, or waits for
// ever, is a failure.
func inBubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

func TestStreamJob(t *testing.T) {
	inBubble(t, "job", func(t *testing.T) {
		w := newScript(t)
		w.hello()
		w.job.errs[7] = errors.New("no such file")
		w.link.Open(Spec{ID: 1, TaskTimeout: 5, Grace: 6, Stamps: true, Job: w.job})
		w.link.Send(Chunk{ID: 10, Lo: 5, Hi: 9})
		w.link.Send(Chunk{ID: 11, Lo: 9, Hi: 10})
		w.link.Flush()
		if o, err := ParseOpen(w.read(FrameOpen)); err != nil || o != (Open{JobID: 1, Func: "bytes", TaskTimeout: 5, Grace: 6, Stamps: true}) {
			t.Errorf("open %+v, %v", o, err)
		}
		first, second := w.chunk(), w.chunk()
		if first.Chunk != (Chunk{ID: 10, Lo: 5, Hi: 9}) || second.Chunk != (Chunk{ID: 11, Lo: 9, Hi: 10}) {
			t.Errorf("chunks %+v, %+v", first.Chunk, second.Chunk)
		}
		w.write(w.echo(first, 5, 1))
		w.write(w.echo(first, 6, 3))
		w.write(w.echo(second, 9, 1))
		w.link.Finish(false)
		if job, cancel, err := ParseFinish(w.read(FrameFinish)); job != 1 || cancel || err != nil {
			t.Errorf("finish %d, %v, %v", job, cancel, err)
		}
		w.write(must(AppendDone(nil, Stats{JobID: 1, Stored: 99, CPU: 3, PeakMemory: 4})))
		events := w.end()
		if w.err != nil || w.fatal || w.killed != 0 {
			t.Errorf("Serve: fatal %v, %v; killed %d times", w.fatal, w.err, w.killed)
		}
		if diff := cmp.Diff([]EventKind{Ready, Delivered, Delivered, Delivered, Closed}, kinds(events)); diff != "" {
			t.Fatalf("events (-want +got):\n%s", diff)
		}
		if e := events[0]; e.ID != "77" || e.At != 1234 || e.ClockOffset != 0 || e.ClockUncertainty != 5+clock.Uncertainty() || e.Link != w.link {
			t.Errorf("ready %+v", e)
		}
		var sizes [][]int32
		for _, e := range events[1:4] {
			sizes = append(sizes, e.Deliveries[0].BytesIn)
			if e.Deliveries[0].Received != e.At {
				t.Errorf("received at %d, posted at %d", e.Deliveries[0].Received, e.At)
			}
		}
		if diff := cmp.Diff([][]int32{{5}, {6, int32(len("half of it")), 8}, {9}}, sizes); diff != "" {
			t.Errorf("sizes of inputs (-want +got):\n%s", diff)
		}
		if got := events[2].Deliveries[0].Results.(*bytesBlock).values[events[2].Deliveries[0].First+2]; !bytes.Equal(got, w.job.inputs[8]) {
			t.Errorf("result of task 8: % x", got)
		}
		if diff := cmp.Diff(&Stats{JobID: 1, Stored: 99, CPU: 3, PeakMemory: 4}, events[4].Stats); diff != "" {
			t.Errorf("stats (-want +got):\n%s", diff)
		}
	})
}

// TestStreamBadHello has workers that must not be used.
func TestStreamBadHello(t *testing.T) {
	other := must(AppendHello(nil, Hello{Build: "build"}))
	other[frameHeader] = Protocol + 1
	for _, test := range []struct {
		name  string
		sent  []byte
		fatal bool
		want  string
	}{
		{"nothing", nil, false, "it ended before it was ready: EOF"},
		{"half a hello", sealed(other)[:7], false, "it ended before it was ready: unexpected EOF"},
		{"another protocol", sealed(other), true, "protocol 3, want 2"},
		{"another build", sealed(must(AppendHello(nil, Hello{Build: "mine"}))), true, `the worker's build is "mine", the driver's "build": both must be the same program`},
		{"no hello", sealed(must(AppendDone(nil, Stats{}))), false, "type 6 where a hello was expected"},
		{"an endless hello", claiming(maxHello + 1), false, "malformed frame: length 65537"},
		{"no frames", []byte("Usage: program [flags]\n"), false, "malformed frame: its header"},
		{"a torn body", sealed(must(EndFrame(append(BeginFrame(nil, FrameHello), Protocol, 5, 'a'), 0))), true, "malformed frame: build"},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			w := newScript(t)
			if len(test.sent) > 0 {
				w.raw(test.sent)
			}
			w.link.Send(Chunk{}) // must not wait
			events := w.end()
			if len(events) != 0 || w.fatal != test.fatal || w.err == nil || !strings.Contains(w.err.Error(), test.want) {
				t.Errorf("%d events, fatal %v, error %v; want %q", len(events), w.fatal, w.err, test.want)
			}
		})
	}
}

// TestStreamBadWorker has workers of the right build that send what they must
// not after a job of one chunk, 10: tasks 5 to 8, was opened.
func TestStreamBadWorker(t *testing.T) {
	ready := []EventKind{Ready}
	result := []EventKind{Ready, Delivered}
	echo := func(w *script, in *Inbound) []byte { return w.echo(in, 5, 3) }
	for _, test := range []struct {
		name string
		send func(w *script, in *Inbound) []byte
		// spoil changes what was sent, on its way; nil: nothing does.
		spoil func(sent []byte) []byte
		want  []EventKind
		err   error
	}{
		{"a frame for workers", func(*script, *Inbound) []byte { return must(AppendFinish(nil, 1, true)) }, nil, ready, ErrFrame},
		{"an unknown type", func(*script, *Inbound) []byte { return must(EndFrame(BeginFrame(nil, 99), 0)) }, nil, ready, ErrFrame},
		{"a frame without a type", func(*script, *Inbound) []byte { return make([]byte, frameHeader) }, nil, ready, ErrFrame},
		{"half a frame", echo, func(b []byte) []byte { return b[:30] }, ready, io.ErrUnexpectedEOF},
		{"half a header", echo, func(b []byte) []byte { return b[:3] }, ready, io.ErrUnexpectedEOF},
		{"another value", echo, func(b []byte) []byte { b[len(b)-1]++; return b }, ready, ErrFrame},
		{"another length", echo, func(b []byte) []byte { b[0]++; return b }, ready, ErrFrame},
		{"a frame twice", echo, func(b []byte) []byte { return append(b, b...) }, result, ErrFrame},
		{"bytes between frames", echo, func(b []byte) []byte { return append(b, "hello, world\n"...) }, result, ErrFrame},
		{"a torn account", func(*script, *Inbound) []byte { return must(EndFrame(append(BeginFrame(nil, FrameDone), 1, 0), 0)) }, nil, ready, ErrFrame},
		{"torn results", func(*script, *Inbound) []byte {
			return must(EndFrame(append(BeginFrame(nil, FrameResult), 1, 0, 0, 0, 9), 0))
		}, nil, ready, ErrFrame},
		{"more results than any chunk has tasks", func(w *script, in *Inbound) []byte { return w.echo(in, 5, 5) }, nil, ready, ErrFrame},
		{"no times where they were asked for", func(w *script, in *Inbound) []byte {
			var b Results
			b.Begin(in, 5, false, false)
			b.add(0, 0, w.job.inputs[5])
			frames, _ := b.Take(NotKnown, 50)
			return frames
		}, nil, ready, ErrFrame},
		// Of a job that is over: nobody's business.
		{"another job", func(w *script, in *Inbound) []byte { in.JobID = 8; return echo(w, in) }, nil, ready, nil},
		// What does not fit what is out is for the scheduler to tell, which
		// knows what is.
		{"a chunk that was not sent", func(w *script, in *Inbound) []byte { in.ID = 99; return echo(w, in) }, nil, result, nil},
		{"results twice", func(w *script, in *Inbound) []byte { return append(w.echo(in, 5, 4), w.echo(in, 5, 4)...) }, nil, append(result, Delivered), nil},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			w := newScript(t)
			w.hello()
			w.link.Open(Spec{ID: 1, Stamps: true, Job: w.job})
			w.link.Send(Chunk{ID: 10, Lo: 5, Hi: 9})
			w.link.Flush()
			w.read(FrameOpen)
			sent := bytes.Clone(test.send(w, w.chunk()))
			w.wrote.Seal(sent, nil)
			if test.spoil != nil {
				sent = test.spoil(sent)
			}
			w.raw(sent)
			events := w.end()
			if diff := cmp.Diff(test.want, kinds(events)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if !errors.Is(w.err, test.err) || w.fatal {
				t.Errorf("Serve: fatal %v, error %v, want %v", w.fatal, w.err, test.err)
			}
		})
	}
}

// TestStreamResultBeforeOpen has a worker that delivers before there is a job.
func TestStreamResultBeforeOpen(t *testing.T) {
	inBubble(t, "early", func(t *testing.T) {
		w := newScript(t)
		w.hello()
		w.write(w.echo(&Inbound{JobID: 0, Chunk: Chunk{Lo: 1, Hi: 2}}, 1, 1))
		if events := w.end(); len(events) != 1 || !errors.Is(w.err, ErrFrame) {
			t.Errorf("%d events, error %v", len(events), w.err)
		}
	})
}

// TestStreamNotRead has a worker that reads no more: the link takes what it is
// handed without waiting, results still come in, and all ends with the worker.
func TestStreamNotRead(t *testing.T) {
	inBubble(t, "not read", func(t *testing.T) {
		w := newScript(t)
		w.hello()
		w.link.Open(Spec{ID: 1, Stamps: true, Job: w.job})
		for i := range int32(1000) {
			w.link.Send(Chunk{ID: i, Lo: 0, Hi: 100})
		}
		w.link.Finish(true)
		w.link.Kill()
		w.write(w.echo(&Inbound{JobID: 1, Chunk: Chunk{ID: 0, Lo: 0, Hi: 100}}, 0, 100))
		events := w.end()
		if diff := cmp.Diff([]EventKind{Ready, Delivered}, kinds(events)); diff != "" || w.err != nil || w.killed != 1 {
			t.Errorf("error %v; events (-want +got):\n%s", w.err, diff)
		}
	})
}

// halfPipe is a stream whose one direction fails.
type halfPipe struct {
	net.Conn
}

func (h halfPipe) Write([]byte) (int, error) { return 0, net.ErrClosed }

// TestStreamNotWritable has a stream that takes nothing: what the worker sent
// before is still read to its end.
func TestStreamNotWritable(t *testing.T) {
	inBubble(t, "not writable", func(t *testing.T) {
		ours, theirs := net.Pipe()
		job := &bytesJob{inputs: [][]byte{nil}}
		var got []EventKind
		link := NewStream(halfPipe{ours}, StreamConfig{Build: "build", SameClock: true, Post: func(e Event) { got = append(got, e.Kind) }})
		go func() {
			w := &script{t: t, conn: theirs, job: job}
			w.hello()
			link.Open(Spec{ID: 1, Stamps: true, Job: job})
			synctest.Wait()
			w.write(w.echo(&Inbound{JobID: 1, Chunk: Chunk{Hi: 1}}, 0, 1))
			theirs.Close()
		}()
		fatal, err := link.Serve()
		if diff := cmp.Diff([]EventKind{Ready, Delivered}, got); diff != "" || fatal || err != nil {
			t.Errorf("fatal %v, error %v; events (-want +got):\n%s", fatal, err, diff)
		}
	})
}
