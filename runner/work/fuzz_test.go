package work

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"

	"corecast/runner/exchange"
)

// framed makes frames of what a fuzzer thinks of, as in package exchange: type,
// two bytes of length, body. Tasks get all the time there is, since a worker
// that gives a task up ends its process.
func framed(t *testing.T, data []byte) (frames []byte) {
	for len(data) >= 3 {
		kind, n := exchange.FrameType(data[0]), min(int(binary.LittleEndian.Uint16(data[1:])), len(data)-3)
		body := data[3 : 3+n]
		data = data[3+n:]
		if open, err := exchange.ParseOpen(body); kind == exchange.FrameOpen && err == nil {
			open.TaskTimeout = min(max(open.TaskTimeout, 0), 1) * time.Hour
			if frames, err = exchange.AppendOpen(frames, open); err != nil {
				t.Fatal(err)
			}
			continue
		}
		begin := len(frames)
		frames = append(exchange.BeginFrame(frames, kind), body...)
		var err error
		if frames, err = exchange.EndFrame(frames, begin); err != nil {
			t.Fatal(err)
		}
	}
	return frames
}

// unframed is what framed makes frames of.
func unframed(f *testing.F, kind exchange.FrameType, body ...byte) []byte {
	return append([]byte{byte(kind), byte(len(body)), byte(len(body) >> 8)}, body...)
}

// inputs is the body of a frame of a chunk with the tasks from lo on.
func inputs(job, id, lo uint32, payloads ...string) []byte {
	var b []byte
	for _, v := range []uint32{job, id, lo, lo + uint32(len(payloads))} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for _, p := range payloads {
		b = append(append(b, byte(len(p)<<1)), p...)
	}
	return b
}

// FuzzWorkerFrames holds that no frames from a driver make a worker panic or
// wait, and that what it answers are frames of a worker.
func FuzzWorkerFrames(f *testing.F) {
	funcs := []AnyFunc{
		NewPlain("a", func(_ context.Context, x int) (int, error) { return 2 * x, nil }),
		NewPlain("b", func(_ context.Context, x string) (string, error) {
			if x == "" {
				return x, errors.New("it has no name")
			}
			return x, nil
		}),
		NewPlain("c", func(_ context.Context, x []byte) ([]byte, error) { return x[1:], nil }), // may panic
		Noop,
	}
	open := func(name string, stamps bool) []byte {
		frame, err := exchange.AppendOpen(nil, exchange.Open{JobID: 1, Func: name, Stamps: stamps, TaskTimeout: 1})
		if err != nil {
			f.Fatal(err)
		}
		header, err := exchange.AppendPing(nil, 0)
		if err != nil {
			f.Fatal(err)
		}
		return unframed(f, exchange.FrameOpen, frame[len(header)-4:]...)
	}
	ping := unframed(f, exchange.FramePing, 1, 0, 0, 0)
	finish := unframed(f, exchange.FrameFinish, 1, 0, 0, 0, 0)
	cancel := unframed(f, exchange.FrameFinish, 1, 0, 0, 0, 1)
	chunk := func(payloads ...string) []byte {
		return unframed(f, exchange.FrameChunk, inputs(1, 7, 0, payloads...)...)
	}
	f.Add(bytes.Join([][]byte{ping, open("a", true), chunk("\x02", "\x04"), chunk("\x80"), finish}, nil))
	f.Add(bytes.Join([][]byte{open("b", false), chunk("name", ""), cancel}, nil))
	f.Add(bytes.Join([][]byte{open("c", true), chunk("ab", ""), open("noop", false), finish, chunk("")}, nil))
	f.Add(bytes.Join([][]byte{chunk(""), finish, open("unknown", true), chunk("x"), ping}, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		frames := framed(t, data)
		var sum exchange.Sum
		sum.Seal(frames, nil)
		var said bytes.Buffer
		w := newWorker(&readWriter{bytes.NewReader(frames), &said}, 0, funcs)
		done := make(chan struct{})
		go func() {
			w.work()
			close(done)
		}()
		w.read(0) // an error is the worker's end, as it should be
		w.in.Wake()
		for w.in.Len() > 0 {
			time.Sleep(10 * time.Microsecond)
		}
		w.in.Close()
		<-done
		r := exchange.NewFrameReader(&said, 0)
		for {
			kind, _, err := r.Next(nil)
			if err == io.EOF {
				break
			}
			if err != nil || kind != exchange.FrameResult && kind != exchange.FrameDone && kind != exchange.FramePong {
				t.Fatalf("the worker sent type %d, %v", kind, err)
			}
		}
	})
}

// readWriter is both ends of a worker's stream.
type readWriter struct {
	io.Reader
	io.Writer
}

func (*readWriter) Close() error { return nil }
