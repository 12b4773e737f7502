package exchange

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// body returns the body of a frame that an Append function made.
func body(b []byte, err error) []byte { return must(b, err)[frameHeader:] }

func FuzzParseHello(f *testing.F) {
	f.Add(body(AppendHello(nil, Hello{Build: "a/b", PID: 1, Ready: -1, Uncertainty: 1 << 40})))
	f.Add([]byte{Protocol, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if h, err := ParseHello(data); err == nil {
			if again, err := ParseHello(body(AppendHello(nil, h))); err != nil || again != h {
				t.Errorf("%+v came back as %+v, %v", h, again, err)
			}
		}
	})
}

func FuzzParseOpen(f *testing.F) {
	f.Add(body(AppendOpen(nil, Open{JobID: 1, Func: "f", TaskTimeout: 1e9, Grace: -1, Stamps: true})))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, err := ParseOpen(data); err == nil {
			if again, err := ParseOpen(body(AppendOpen(nil, o))); err != nil || again != o {
				t.Errorf("%+v came back as %+v, %v", o, again, err)
			}
		}
	})
}

func FuzzParseFinish(f *testing.F) {
	f.Add(body(AppendFinish(nil, 1, true)))
	f.Add(body(AppendFinish(nil, 1<<31, false)))
	f.Add([]byte{1, 2, 3, 4, 5})
	f.Fuzz(func(t *testing.T, data []byte) {
		job, cancel, err := ParseFinish(data)
		if err == nil && data[4] <= 1 && !bytes.Equal(body(AppendFinish(nil, job, cancel)), data) {
			t.Errorf("% x came back otherwise", data)
		}
	})
}

func FuzzParsePing(f *testing.F) {
	f.Add(body(AppendPing(nil, 1<<31)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if n, err := ParsePing(data); err == nil && !bytes.Equal(body(AppendPing(nil, n)), data) {
			t.Errorf("% x came back otherwise", data)
		}
	})
}

func FuzzParsePong(f *testing.F) {
	f.Add(body(AppendPong(nil, 1<<31, -1)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if n, at, err := ParsePong(data); err == nil && !bytes.Equal(body(AppendPong(nil, n, at)), data) {
			t.Errorf("% x came back otherwise", data)
		}
	})
}

func FuzzParseDone(f *testing.F) {
	f.Add(body(AppendDone(nil, Stats{JobID: 1, Stored: NotKnown, CPU: -1, PeakMemory: 1 << 62})))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := ParseDone(data); err == nil && !bytes.Equal(body(AppendDone(nil, s)), data) {
			t.Errorf("% x came back otherwise", data)
		}
	})
}

// inputs reads a chunk's inputs as far as they go.
func inputs(t *testing.T, in *Inbound) (payloads [][]byte, reasons []string) {
	for range in.Hi - in.Lo {
		payload, reason, err := in.Next()
		if err != nil {
			if !errors.Is(err, ErrFrame) {
				t.Errorf("error %v", err)
			}
			return payloads, reasons
		}
		payloads, reasons = append(payloads, payload), append(reasons, reason)
	}
	return payloads, reasons
}

func FuzzParseChunk(f *testing.F) {
	j := &bytesJob{inputs: [][]byte{nil, []byte("abc"), make([]byte, 200)}, errs: map[int]error{1: errors.New("no")}}
	f.Add(body(chunkFrames(nil, 9, Chunk{ID: 1, Lo: 0, Hi: 3}, j)))
	f.Add(body(chunkFrames(nil, 9, Chunk{ID: 1, Lo: 2, Hi: 3}, j)))
	f.Add([]byte("\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := ParseChunk(data)
		if err != nil {
			return
		}
		payloads, reasons := inputs(t, in)
		for i, reason := range reasons {
			if reason != "" {
				return // encoding puts text before a reason
			}
			if len(payloads[i]) > len(data) {
				t.Errorf("an input of %d bytes in %d", len(payloads[i]), len(data))
			}
		}
		whole := &bytesJob{inputs: make([][]byte, len(payloads))}
		copy(whole.inputs, payloads)
		if len(payloads) == 0 {
			return
		}
		again, err := ParseChunk(body(chunkFrames(nil, in.JobID, Chunk{ID: in.ID, Hi: int32(len(payloads))}, whole)))
		if err != nil {
			t.Fatal(err)
		}
		back, _ := inputs(t, again)
		if diff := cmp.Diff(payloads, back, cmp.Comparer(bytes.Equal)); diff != "" {
			t.Errorf("inputs (-want +got):\n%s", diff)
		}
	})
}

func FuzzParseResult(f *testing.F) {
	in := &Inbound{JobID: 9, Chunk: Chunk{ID: 1, Lo: 0, Hi: 3}}
	var b Results
	for _, stamps := range []bool{true, false} {
		b.Begin(in, 0, stamps, !stamps)
		b.Used(TaskUsage{Measured: true, CPU: 5, PeakMemory: 1 << 40, Throttled: NotKnown})
		b.add(1, 2, []byte("abc"))
		b.add(3, 4, []byte("!"))
		b.Fail(5, 6, Failure{Kind: FailedPanic, Text: "t", Detail: "s"})
		f.Add(sent(&b))
	}
	b.Begin(in, 2, true, false)
	b.add(1, 2, nil)
	f.Add(sent(&b))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ParseResult(data, 9, &bytesJob{})
		if err != nil || d == nil || d.Count == 0 {
			return // a frame of no results parses, but is never made
		}
		values := d.Results.(*bytesBlock).values
		var b Results
		b.Begin(&Inbound{JobID: 9, Chunk: Chunk{ID: d.Chunk}, ReceiveStart: d.ReceiveStart, Arrived: d.Arrived, Bytes: d.ChunkBytes}, d.Lo, d.Start != nil, d.Usages != nil)
		for k := range int(d.Count) {
			var start, end int64
			if d.Start != nil {
				start, end = d.Start[k], d.End[k]
			}
			if d.Usages != nil {
				b.Used(d.Usages[k])
			}
			if failure, failed := d.Failures[k]; failed {
				b.Fail(start, end, failure)
			} else {
				b.add(start, end, values[k])
			}
		}
		frames, _ := b.Take(d.PreviousStored, d.SendStart)
		again, err := ParseResult(frames[frameHeader:], 9, &bytesJob{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range []*Delivery{d, again} { // these are of the bytes, not of what they say
			x.Bytes, x.BytesOut, x.Began, x.Ended = 0, nil, 0, 0
			for k, failure := range x.Failures {
				failure.Err = nil
				x.Failures[k] = failure
			}
		}
		if diff := cmp.Diff(d, again, cmp.AllowUnexported(bytesBlock{}), cmp.Comparer(bytes.Equal)); diff != "" {
			t.Errorf("delivery (-want +got):\n%s", diff)
		}
	})
}

// inbound is a stream of bytes that takes what is written and forgets it.
type inbound struct{ io.Reader }

func (inbound) Write(b []byte) (int, error) { return len(b), nil }
func (inbound) Close() error                { return nil }

// FuzzFrames holds that no bytes make the reader of frames panic, or give a
// frame that was not sealed in its turn.
func FuzzFrames(f *testing.F) {
	stream := sealed(bytes.Join([][]byte{must(AppendFinish(nil, 1, true)), must(AppendPing(nil, 1)), make([]byte, frameHeader)}, nil))
	f.Add(stream)
	f.Add(stream[:len(stream)-1])
	f.Add(claiming(MaxFrame))
	f.Add(claiming(1<<32 - 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewFrameReader(bytes.NewReader(data), 0)
		var again []byte
		for {
			kind, body, err := r.Next(nil)
			if err != nil {
				break
			}
			begin := len(again)
			again = must(EndFrame(append(BeginFrame(again, kind), body...), begin))
		}
		if !bytes.HasPrefix(data, sealed(again)) {
			t.Errorf("% x was read from % x", again, data)
		}
	})
}

// framed makes frames of what a fuzzer thinks of: each is its type, two bytes of
// its body's length, and as much of that as there is. Checks are set by who
// sends them: without, a fuzzer would not get behind the first header.
func framed(data []byte) (frames []byte) {
	for len(data) >= 3 {
		begin := len(frames)
		n := min(int(binary.LittleEndian.Uint16(data[1:])), len(data)-3)
		frames = must(EndFrame(append(BeginFrame(frames, FrameType(data[0])), data[3:3+n]...), begin))
		data = data[3+n:]
	}
	return frames
}

// unframed is what framed makes the frames of.
func unframed(frames ...[]byte) (data []byte) {
	for all := bytes.Join(frames, nil); len(all) > 0; {
		end := frameHeader + int(binary.LittleEndian.Uint32(all))
		data = append(data, all[4], byte(end-frameHeader), byte((end-frameHeader)>>8))
		data = append(data, all[frameHeader:end]...)
		all = all[end:]
	}
	return data
}

// FuzzServe holds that no frames from a worker make the driver panic or wait,
// and that what is posted is complete.
func FuzzServe(f *testing.F) {
	var b Results
	frame := func(in *Inbound, stamps bool) []byte {
		b.Begin(in, in.Lo, stamps, stamps)
		b.add(1, 2, []byte("abc"))
		b.Fail(5, 6, Failure{Text: "t"})
		frames, _ := b.Take(1, 2)
		return bytes.Clone(frames)
	}
	result := frame(&Inbound{JobID: 1, Chunk: Chunk{ID: 0, Hi: 2}}, true)
	done := must(AppendDone(nil, Stats{JobID: 1}))
	pong := must(AppendPong(nil, 1, -1))
	f.Add([]byte{}, true, true)
	f.Add(unframed(result, frame(&Inbound{JobID: 1, Chunk: Chunk{ID: 0, Lo: 2, Hi: 4}}, true), done), true, true)
	f.Add(unframed(result, result)[:60], true, true)
	f.Add(unframed(done, must(AppendHello(nil, Hello{Build: "build"}))), false, true)
	f.Add(unframed(pong, must(AppendPong(nil, 2, 5)), pong, result), true, false)
	f.Add(unframed(frame(&Inbound{}, false)), false, false)
	f.Fuzz(func(t *testing.T, data []byte, open, sameClock bool) {
		stream := sealed(append(must(AppendHello(nil, Hello{Build: "build", PID: 1})), framed(data)...))
		link := NewStream(inbound{bytes.NewReader(stream)}, StreamConfig{Build: "build", SameClock: sameClock, Post: func(e Event) {
			switch {
			case e.Kind == Synced && !sameClock:
			case e.Kind == Ready && e.Link != nil, e.Kind == Closed && e.Stats != nil:
			case e.Kind == Delivered && len(e.Deliveries) > 0:
				for _, d := range e.Deliveries {
					if d.Count > 4 || d.Count > 0 && len(d.Start) != int(d.Count) || len(d.Start) != len(d.End) || len(d.BytesIn) > int(d.Count) || len(d.BytesOut) != int(d.Count) {
						t.Errorf("delivery %+v", d)
					}
				}
			default:
				t.Errorf("event %+v", e)
			}
		}})
		if open {
			link.Open(Spec{ID: 1, Stamps: true, Job: &bytesJob{inputs: make([][]byte, 4)}})
			link.Send(Chunk{ID: 0, Lo: 0, Hi: 4})
			link.Flush()
		}
		if fatal, err := link.Serve(); fatal && err == nil {
			t.Error("fatal without an error")
		}
	})
}
