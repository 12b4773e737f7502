package exchange

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bytesJob is a job whose inputs and results are bytes.
type bytesJob struct {
	inputs [][]byte
	errs   map[int]error // of inputs that cannot be encoded
}

func (j *bytesJob) Func() string { return "bytes" }

func (j *bytesJob) AppendInput(dst []byte, task int) ([]byte, error) {
	if err := j.errs[task]; err != nil {
		return append(dst, "half of it"...), err
	}
	return append(dst, j.inputs[task]...), nil
}

// RawInput is not nil for all inputs that begin with r.
func (j *bytesJob) RawInput(task int) []byte {
	if j.errs[task] == nil && bytes.HasPrefix(j.inputs[task], []byte("r")) {
		return j.inputs[task]
	}
	return nil
}

func (j *bytesJob) NewBlock(n int) Block { return &bytesBlock{values: make([][]byte, n)} }

type bytesBlock struct{ values [][]byte }

var errNotDecoded = errors.New("it begins with an exclamation mark")

func (b *bytesBlock) Decode(k int, payload []byte) error {
	if bytes.HasPrefix(payload, []byte("!")) {
		return errNotDecoded
	}
	b.values[k] = bytes.Clone(payload)
	return nil
}

func (b *bytesBlock) Call(context.Context, *Calls) (int, error) { return 0, nil }

// readAll takes frames until the end of the stream.
func readAll(t *testing.T, stream []byte) (types []FrameType, bodies [][]byte) {
	t.Helper()
	r := NewFrameReader(bytes.NewReader(sealed(stream)), 0)
	for {
		headers := 0
		kind, body, err := r.Next(func() { headers++ })
		if err == io.EOF {
			return types, bodies
		}
		if err != nil || headers != 1 {
			t.Fatalf("frame %d: %v; header was called %d times", len(types), err, headers)
		}
		if r.Lent() {
			body = bytes.Clone(body)
		}
		types, bodies = append(types, kind), append(bodies, body)
	}
}

// sealed returns a copy of frames with their checks, as they stand at the
// begin of a stream.
func sealed(frames []byte) []byte {
	var sum Sum
	frames = bytes.Clone(frames)
	sum.Seal(frames, nil)
	return frames
}

// must returns what an Append function made.
func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func TestSmallFramesRoundTrip(t *testing.T) {
	hello := Hello{Build: "a/b", PID: 1 << 22, Ready: -5, Uncertainty: math.MaxInt64}
	open := Open{JobID: math.MaxUint32, Func: "f", TaskTimeout: math.MaxInt64, Grace: time.Nanosecond, Stamps: true}
	done := Stats{JobID: 1, Stored: NotKnown, CPU: -1, PeakMemory: math.MaxInt64, Voluntary: 4, Involuntary: 5, Throttled: NotKnown, Waited: 6}
	var stream []byte
	stream = must(AppendHello(stream, hello))
	stream = must(AppendOpen(stream, open))
	stream = must(AppendFinish(stream, 7, true))
	stream = must(AppendFinish(stream, 8, false))
	stream = must(AppendDone(stream, done))
	types, bodies := readAll(t, stream)
	if diff := cmp.Diff([]FrameType{FrameHello, FrameOpen, FrameFinish, FrameFinish, FrameDone}, types); diff != "" {
		t.Fatalf("types (-want +got):\n%s", diff)
	}
	if got, err := ParseHello(bodies[0]); err != nil || got != hello {
		t.Errorf("hello %+v, %v", got, err)
	}
	if got, err := ParseOpen(bodies[1]); err != nil || got != open {
		t.Errorf("open %+v, %v", got, err)
	}
	for i, want := range []bool{true, false} {
		if job, cancel, err := ParseFinish(bodies[2+i]); err != nil || job != uint32(7+i) || cancel != want {
			t.Errorf("finish %d, %v, %v", job, cancel, err)
		}
	}
	if got, err := ParseDone(bodies[4]); err != nil || got != done {
		t.Errorf("done %+v, %v", got, err)
	}
	// No prefix of a body parses, nor one with a byte more.
	parse := map[FrameType]func([]byte) error{
		FrameHello:  func(b []byte) error { _, err := ParseHello(b); return err },
		FrameOpen:   func(b []byte) error { _, err := ParseOpen(b); return err },
		FrameFinish: func(b []byte) error { _, _, err := ParseFinish(b); return err },
		FrameDone:   func(b []byte) error { _, err := ParseDone(b); return err },
	}
	for i, body := range bodies {
		for n := range body {
			if err := parse[types[i]](body[:n]); !errors.Is(err, ErrFrame) {
				t.Errorf("type %d: %d of %d bytes: error %v", types[i], n, len(body), err)
			}
		}
		if err := parse[types[i]](append(bytes.Clone(body), 0)); !errors.Is(err, ErrFrame) {
			t.Errorf("type %d with a byte too many: error %v", types[i], err)
		}
	}
}

func TestHelloOfOtherProtocol(t *testing.T) {
	frame := must(AppendHello(nil, Hello{Build: "b"}))
	frame[frameHeader]++
	if _, err := ParseHello(frame[frameHeader:]); err == nil || !strings.Contains(err.Error(), "protocol 3, want 2") {
		t.Errorf("error %v", err)
	}
}

// chunkFrames is all frames of a chunk as they travel.
func chunkFrames(dst []byte, job uint32, c Chunk, j Job) ([]byte, error) {
	for lo := c.Lo; lo < c.Hi; {
		p, err := appendChunk(dst, nil, job, c, lo, j)
		if err != nil {
			return p.buf, err
		}
		dst, lo = append(p.buf, p.raw...), p.next
	}
	return dst, nil
}

// chunkParts encodes a chunk and parses its frames.
func chunkParts(t *testing.T, c Chunk, j Job) []*Inbound {
	t.Helper()
	types, bodies := readAll(t, must(chunkFrames(nil, 9, c, j)))
	var parts []*Inbound
	for i, body := range bodies {
		in, err := ParseChunk(body)
		if err != nil || types[i] != FrameChunk || in.JobID != 9 || in.ID != c.ID || in.Bytes != int64(len(body)+frameHeader) {
			t.Fatalf("part %d: type %d, %+v, %v", i, types[i], in.Chunk, err)
		}
		parts = append(parts, in)
	}
	return parts
}

func TestChunkRoundTrip(t *testing.T) {
	j := &bytesJob{errs: map[int]error{3: errors.New("no such file"), 4: errors.New(strings.Repeat("long ", 100)), 5: errors.New("")}}
	for _, n := range []int{0, 1, 2, 0, 0, 0, 63, 64, 65, 127, 128, 129, 8191, 8192, 8193, 5 << 20} {
		j.inputs = append(j.inputs, bytes.Repeat([]byte{byte(n)}, n))
	}
	c := Chunk{ID: math.MaxInt32, Lo: 1, Hi: int32(len(j.inputs))}
	parts := chunkParts(t, c, j)
	if len(parts) != 1 || parts[0].Chunk != c {
		t.Fatalf("%d parts, the first %+v", len(parts), parts[0].Chunk)
	}
	for task := int(c.Lo); task < int(c.Hi); task++ {
		payload, reason, err := parts[0].Next()
		if err != nil {
			t.Fatalf("input %d: %v", task, err)
		}
		if want := j.errs[task]; want != nil {
			if payload != nil || reason != "encode the input: "+want.Error() {
				t.Errorf("input %d: %q, reason %q, want %q", task, payload, reason, want)
			}
			continue
		}
		if reason != "" || !bytes.Equal(payload, j.inputs[task]) {
			t.Errorf("input %d of %d bytes: %d bytes, reason %q", task, len(j.inputs[task]), len(payload), reason)
		}
	}
	if _, _, err := parts[0].Next(); !errors.Is(err, ErrFrame) {
		t.Errorf("behind the last input: error %v", err)
	}
}

func TestChunkSplit(t *testing.T) {
	j := &bytesJob{}
	sizes := []int{20 << 20, 20 << 20, 1, 40 << 20, 0, 1}
	for i, n := range sizes {
		j.inputs = append(j.inputs, bytes.Repeat([]byte{byte(i + 1)}, n))
	}
	parts := chunkParts(t, Chunk{ID: 3, Lo: 0, Hi: 6}, j)
	var ranges [][2]int32
	for _, p := range parts {
		ranges = append(ranges, [2]int32{p.Lo, p.Hi})
		for task := p.Lo; task < p.Hi; task++ {
			if payload, _, err := p.Next(); err != nil || !bytes.Equal(payload, j.inputs[task]) {
				t.Errorf("input %d: %d bytes, want %d; %v", task, len(payload), sizes[task], err)
			}
		}
	}
	// A part ends with the input that takes it over 32 MiB.
	if diff := cmp.Diff([][2]int32{{0, 2}, {2, 4}, {4, 6}}, ranges); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

// TestChunkRaw holds that a large input that is bytes already is not copied, and
// ends its frame.
func TestChunkRaw(t *testing.T) {
	j := &bytesJob{inputs: [][]byte{[]byte("a"), bytes.Repeat([]byte("r"), RawSize), []byte("b"), bytes.Repeat([]byte("r"), RawSize-1), bytes.Repeat([]byte("r"), 5<<20)}}
	c := Chunk{ID: 3, Lo: 0, Hi: 5}
	var sizes []int32
	var ranges [][2]int32
	for lo := c.Lo; lo < c.Hi; {
		p, err := appendChunk(nil, sizes, 9, c, lo, j)
		if err != nil {
			t.Fatal(err)
		}
		if last := j.inputs[p.next-1]; &p.raw[0] != &last[0] || len(p.raw) != len(last) {
			t.Errorf("task %d: %d raw bytes, not the input's %d", p.next-1, len(p.raw), len(last))
		}
		ranges = append(ranges, [2]int32{lo, p.next})
		sizes, lo = p.sizes, p.next
	}
	if diff := cmp.Diff([][2]int32{{0, 2}, {2, 5}}, ranges); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int32{1, RawSize, 1, RawSize - 1, 5 << 20}, sizes); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
	for _, p := range chunkParts(t, c, j) {
		for task := p.Lo; task < p.Hi; task++ {
			if payload, _, err := p.Next(); err != nil || !bytes.Equal(payload, j.inputs[task]) {
				t.Errorf("input %d: %d bytes, %v", task, len(payload), err)
			}
		}
	}
}

// hugeJob has inputs that claim room without touching it.
type hugeJob struct {
	bytesJob
	sizes []int
}

func (j *hugeJob) RawInput(int) []byte { return nil }

func (j *hugeJob) AppendInput(dst []byte, task int) ([]byte, error) {
	return dst[:len(dst)+j.sizes[task]], nil
}

// TestChunkTooLarge holds that an input too large for a message fails alone.
func TestChunkTooLarge(t *testing.T) {
	j := &hugeJob{sizes: []int{1, MaxFrame, 1}}
	data, err := chunkFrames(make([]byte, 0, MaxFrame+100), 9, Chunk{Lo: 0, Hi: 3}, j)
	if err != nil {
		t.Fatal(err)
	}
	_, bodies := readAll(t, data)
	in, err := ParseChunk(bodies[0])
	if err != nil || len(bodies) != 1 {
		t.Fatalf("%d frames, %v", len(bodies), err)
	}
	for task, tooLarge := range []bool{false, true, false} {
		payload, reason, err := in.Next()
		if err != nil || tooLarge != strings.Contains(reason, "1073741824 bytes is over the limit") || tooLarge == (len(payload) == 1) {
			t.Errorf("task %d: %d bytes, reason %q, error %v", task, len(payload), reason, err)
		}
	}
}

func TestChunkMalformed(t *testing.T) {
	head := func(lo, hi int32, rest string) []byte {
		var b []byte
		for _, v := range []uint32{1, 2, uint32(lo), uint32(hi)} {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		return append(b, rest...)
	}
	for name, body := range map[string][]byte{
		"no bytes":                 nil,
		"half a head":              head(0, 1, "")[:9],
		"no tasks":                 head(5, 5, "abc"),
		"tasks backwards":          head(5, 4, "abc"),
		"negative task":            head(-1, 1, "abc"),
		"more tasks than bytes":    head(0, 4, "\x00\x00\x00"),
		"all tasks that there are": head(0, math.MaxInt32, "\x00"),
	} {
		if _, err := ParseChunk(body); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	in, err := ParseChunk(head(0, 2, "\x02a\xff"))
	if err != nil {
		t.Fatal(err)
	}
	if b, _, err := in.Next(); string(b) != "a" || err != nil {
		t.Errorf("first input %q, %v", b, err)
	}
	for range 2 { // the error sticks
		if _, _, err := in.Next(); !errors.Is(err, ErrFrame) {
			t.Errorf("torn input: error %v", err)
		}
	}
}

// sent takes the one Result frame that was collected.
func sent(b *Results) []byte {
	frames, raw := b.Take(NotKnown, 400)
	return append(bytes.Clone(frames), raw...)[frameHeader:]
}

// add adds a result.
func (b *Results) add(start, end int64, payload []byte) {
	b.Add(append(b.Entry(start, end), payload...))
}

func TestResultRoundTrip(t *testing.T) {
	in := &Inbound{JobID: 9, Chunk: Chunk{ID: -7, Lo: 10, Hi: 30}, ReceiveStart: -3, Arrived: 5, Bytes: 1234}
	var b Results
	used := TaskUsage{Measured: true, CPU: 12345, Voluntary: 3, Involuntary: 0, PeakMemory: 5 << 30, Throttled: NotKnown}
	for i, stamps := range []bool{true, false, true} { // the buffer is used again
		large := bytes.Repeat([]byte("r"), 5<<20)
		b.Begin(in, 12, stamps, i > 0)
		b.add(100, 110, nil)
		b.Used(used)
		b.add(90, 80, []byte("clock went back"))
		b.Used(used)
		b.Entry(1, 2) // is not added, and what the task used is of its failure
		b.Fail(math.MinInt64, math.MaxInt64, Failure{Kind: FailedPanic, Text: "boom", Detail: "at f"})
		b.add(200, 300, large)
		b.add(300, 301, []byte("!"))
		b.Fail(302, 303, Failure{})
		body := sent(&b)
		d, err := ParseResult(body, 9, &bytesJob{})
		if err != nil {
			t.Fatal(err)
		}
		clear(body) // decoded values must not refer to it
		want := &Delivery{
			Chunk: -7, Lo: 12, Count: 6, ReceiveStart: -3, Arrived: 5, SendStart: 400, PreviousStored: NotKnown, Began: 100, Ended: 303,
			Start: []int64{100, 90, math.MinInt64, 200, 300, 302}, End: []int64{110, 80, math.MaxInt64, 300, 301, 303},
			Failures: map[int]Failure{
				2: {Kind: FailedPanic, Text: "boom", Detail: "at f"},
				4: {Text: "decode the result: it begins with an exclamation mark", Err: errNotDecoded},
				5: {},
			},
			Results:  &bytesBlock{values: [][]byte{{}, []byte("clock went back"), nil, large, nil, nil}},
			BytesOut: []int32{0, 15, 11, 5 << 20, 1, 3},
			Bytes:    int64(len(body) + frameHeader), ChunkBytes: 1234,
		}
		if !stamps {
			want.Start, want.End = nil, nil
		}
		if i > 0 {
			want.Usages = []TaskUsage{{}, used, used, {}, {}, {}}
		}
		same := cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })
		if diff := cmp.Diff(want, d, cmp.AllowUnexported(bytesBlock{}), cmp.Comparer(bytes.Equal), same); diff != "" {
			t.Errorf("delivery (-want +got):\n%.2000s", diff)
		}
	}
}

// TestResultsTravelTogether holds that frames collected together are one after
// the other, the large last result behind them, and that only the first tells
// when what was before had left.
func TestResultsTravelTogether(t *testing.T) {
	var b Results
	large := bytes.Repeat([]byte("x"), RawSize)
	for id := range int32(3) {
		b.Begin(&Inbound{JobID: 9, Chunk: Chunk{ID: id, Lo: 10, Hi: 12}}, 10, true, false)
		switch id {
		case 0:
			b.add(1, 2, []byte("a"))
		case 2: // and 1 has no results
			b.add(3, 4, nil)
			b.AddRaw(b.Entry(5, 6), large)
		}
		b.End()
	}
	if n := b.Begun(); n != 2 {
		t.Errorf("%d frames", n)
	}
	frames, raw := b.Take(77, 88)
	if &raw[0] != &large[0] {
		t.Error("the large result was copied")
	}
	_, bodies := readAll(t, append(bytes.Clone(frames), raw...))
	if len(bodies) != 2 {
		t.Fatalf("%d frames", len(bodies))
	}
	var p deliveries
	for i, want := range []*Delivery{
		{Chunk: 0, Lo: 10, Count: 1, PreviousStored: 77, SendStart: 88, Began: 1, Ended: 2, Start: []int64{1}, End: []int64{2}, BytesOut: []int32{1}},
		{Chunk: 2, Lo: 10, Count: 2, PreviousStored: NotKnown, SendStart: 88, Began: 3, Ended: 6, Start: []int64{3, 5}, End: []int64{4, 6}, BytesOut: []int32{0, RawSize}},
	} {
		d, err := p.parse(bodies[i], 9, &bytesJob{})
		if err != nil {
			t.Fatal(err)
		}
		values := d.Results.(*bytesBlock).values[d.First:]
		if last := [][]byte{[]byte("a"), large}[i]; !bytes.Equal(values[d.Count-1], last) {
			t.Errorf("frame %d: last result of %d bytes", i, len(values[d.Count-1]))
		}
		want.Bytes = int64(len(bodies[i]) + frameHeader)
		d.Results, d.First = nil, 0
		if diff := cmp.Diff(want, d); diff != "" {
			t.Errorf("frame %d (-want +got):\n%s", i, diff)
		}
	}
	if frames, raw := b.Take(1, 2); len(frames) != 0 || raw != nil {
		t.Errorf("%d bytes are left", len(frames))
	}
}

func TestResultMalformed(t *testing.T) {
	in := &Inbound{JobID: 9, Chunk: Chunk{ID: 1, Lo: 0, Hi: 3}}
	var b Results
	b.Begin(in, 0, true, false)
	b.add(1, 2, []byte("abc"))
	b.Fail(3, 4, Failure{Text: "t", Detail: "s"})
	whole := sent(&b)
	for n := range whole {
		if n < 4 {
			continue // without the job there is nothing to compare
		}
		if d, err := ParseResult(whole[:n], 9, &bytesJob{}); !errors.Is(err, ErrFrame) {
			t.Errorf("%d of %d bytes: %+v, %v", n, len(whole), d, err)
		}
	}
	if _, err := ParseResult(append(bytes.Clone(whole), 0), 9, &bytesJob{}); !errors.Is(err, ErrFrame) {
		t.Errorf("a byte too many: %v", err)
	}
	if d, err := ParseResult(whole, 8, &bytesJob{}); d != nil || err != nil {
		t.Errorf("of another job: %+v, %v", d, err)
	}
	many := bytes.Clone(whole)
	binary.LittleEndian.PutUint32(many[12:], math.MaxUint32)
	if _, err := ParseResult(many, 9, &bytesJob{}); !errors.Is(err, ErrFrame) {
		t.Errorf("4 G results in %d bytes: %v", len(many), err)
	}
}

// TestReadBounded holds that a frame makes its reader allocate in proportion
// to what arrives, whatever it claims.
func TestReadBounded(t *testing.T) {
	stream := append(claiming(MaxFrame), make([]byte, 10_000)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := readOne(stream)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v, want an unexpected end", err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 {
		t.Errorf("%d bytes were allocated for 10,000", got)
	}
}

// claiming returns the header of a frame, its own check right, that claims a
// body of n bytes.
func claiming(n uint32) []byte {
	header := BeginFrame(nil, FrameChunk)
	binary.LittleEndian.PutUint32(header, n)
	head := Sum(0).head(header)
	header[5], header[6], header[7] = byte(head>>40), byte(head>>48), byte(head>>56)
	return header
}

// readOne reads the first frame of a stream.
func readOne(stream []byte) (FrameType, []byte, error) {
	return NewFrameReader(bytes.NewReader(stream), 0).Next(nil)
}

func TestReadFrameErrors(t *testing.T) {
	frame := sealed(must(AppendFinish(nil, 1, false)))
	for n := range frame {
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if _, _, err := readOne(frame[:n]); err != want {
			t.Errorf("%d of %d bytes: error %v, want %v", n, len(frame), err, want)
		}
	}
	for _, length := range []uint32{MaxFrame + 1, math.MaxUint32} {
		if _, _, err := readOne(append(claiming(length), 1, 2, 3)); !errors.Is(err, ErrFrame) {
			t.Errorf("length %d: error %v", length, err)
		}
	}
	// A body of several steps comes in whole.
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	large := sealed(must(EndFrame(append(BeginFrame(nil, FrameResult), body...), 0)))
	if kind, got, err := readOne(large); err != nil || kind != FrameResult || !bytes.Equal(got, body) {
		t.Errorf("16 MiB: type %d, %d bytes, %v", kind, len(got), err)
	}
}

// TestFrameChanged flips each bit of a frame: none goes through, and no wrong
// length is waited for, which the end of the stream would tell.
func TestFrameChanged(t *testing.T) {
	frame := sealed(must(AppendDone(nil, Stats{JobID: 1, CPU: 2})))
	for bit := range 8 * len(frame) {
		frame[bit/8] ^= 1 << (bit % 8)
		if _, _, err := readOne(frame); !errors.Is(err, ErrFrame) {
			t.Errorf("bit %d: error %v", bit, err)
		}
		frame[bit/8] ^= 1 << (bit % 8)
	}
}

// TestFramesOutOfTurn has sound frames in another order than they were sent,
// and frames of another stream.
func TestFramesOutOfTurn(t *testing.T) {
	var frames, other [][]byte
	var sum, otherSum Sum
	otherSum.Seal(must(AppendHello(nil, Hello{PID: 2})), nil)
	for i := range 3 {
		frames = append(frames, must(AppendFinish(nil, uint32(i/2), false))) // the first two are alike
		other = append(other, bytes.Clone(frames[i]))
		sum.Seal(frames[i], nil)
		otherSum.Seal(other[i], nil)
	}
	for _, test := range []struct {
		name  string
		sent  [][]byte
		sound int // so many come through
	}{
		{"in order", frames, 3},
		{"one twice", [][]byte{frames[0], frames[0], frames[1]}, 1},
		{"one lost", [][]byte{frames[0], frames[2]}, 1},
		{"two exchanged", [][]byte{frames[0], frames[2], frames[1]}, 1},
		{"one of another stream", [][]byte{frames[0], other[1], frames[2]}, 1},
		{"the first lost", [][]byte{frames[1]}, 0},
	} {
		r := NewFrameReader(bytes.NewReader(bytes.Join(test.sent, nil)), 0)
		for i := 0; ; i++ {
			if _, _, err := r.Next(nil); err != nil {
				if i != test.sound || i < 3 && !errors.Is(err, ErrFrame) {
					t.Errorf("%s: frame %d: %v; want %d sound ones", test.name, i, err, test.sound)
				}
				break
			}
		}
	}
}

// TestFrameReaderMore holds that a reader knows what it has.
func TestFrameReaderMore(t *testing.T) {
	first := must(AppendFinish(nil, 1, false))
	both := sealed(append(first, must(AppendFinish(nil, 2, true))...))
	for have := len(first); have <= len(both); have++ {
		r := NewFrameReader(bytes.NewReader(both[:have]), 0)
		if _, _, err := r.Next(nil); err != nil {
			t.Fatal(err)
		}
		if more := have == len(both); r.More() != more {
			t.Errorf("%d bytes of the second frame: more is %v", have-len(first), !more)
		}
	}
}

// TestFrameRaw holds that a body whose end is written from elsewhere arrives
// as any other.
func TestFrameRaw(t *testing.T) {
	var wire bytes.Buffer
	w := NewFrameWriter(&wire, 0)
	raw := bytes.Repeat([]byte("r"), RawSize)
	frame := append(BeginFrame(must(AppendFinish(nil, 1, true)), FrameResult), "head"...)
	at := len(frame) - frameHeader - len("head")
	binary.LittleEndian.PutUint32(frame[at:], uint32(len("head")+len(raw)))
	if err := w.Write(frame, raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(must(AppendFinish(nil, 2, true)), nil); err != nil {
		t.Fatal(err)
	}
	r := NewFrameReader(&wire, 0)
	for _, want := range []FrameType{FrameFinish, FrameResult, FrameFinish} {
		kind, body, err := r.Next(nil)
		if err != nil || kind != want || kind == FrameResult && string(body) != "head"+string(raw) {
			t.Fatalf("type %d, %d bytes, %v; want type %d", kind, len(body), err, want)
		}
	}
	if r.Sum() != w.Sum() {
		t.Error("the sums of reader and writer differ")
	}
}

func TestEndFrameTooLarge(t *testing.T) {
	frame := BeginFrame(make([]byte, 3, MaxFrame+100), FrameResult)
	got, err := EndFrame(frame[:MaxFrame+3+frameHeader+1], 3)
	if err == nil || len(got) != 3 {
		t.Errorf("%d bytes, error %v; want the 3 before the frame and an error", len(got), err)
	}
}
