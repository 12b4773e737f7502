package exchange

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Protocol is the version of the frames; driver and worker must agree.
const Protocol = 2

// MaxFrame bounds a frame, and with it what one message makes a reader
// allocate: 1 GiB.
const MaxFrame = 1 << 30

// maxHello bounds a worker's first frame.
const maxHello = 64 << 10

// A frame is a header and a body. The header is the body's length (4 bytes,
// little endian), the type (1 byte), a check of these five (3 bytes), so that a
// wrong length is found before it is waited for, and one of the whole (4
// bytes).
const frameHeader = 12

// Sum is the running checksum of one direction of a stream, 0 at its begin.
// The checks of each frame go on from those before it: a frame that was
// changed, lost, repeated, moved, or is another stream's, is found.
type Sum uint64

// mix1 and mix2 are odd numbers without a pattern: the golden ratio's and the
// first multiplier of SplitMix64 (Steele, Lea and Flood, 2014).
const (
	mix1 = 0x9e3779b97f4a7c15
	mix2 = 0xbf58476d1ce4e5b9
)

// head mixes a header's length and type with the sum; the upper 24 bits are
// its check.
func (s Sum) head(header []byte) uint64 {
	word := binary.LittleEndian.Uint64(header) & (1<<40 - 1)
	return (word ^ uint64(s)) * mix1
}

// add returns the sum behind a frame whose body has the hash body; its
// lower 32 bits are the frame's check.
func (s Sum) add(head, body uint64) Sum {
	x := (head ^ body) * mix2
	return Sum(x ^ x>>32)
}

// Seal sets the checks of the frames in buf, which must be written next, in
// this order. raw is the end of the last one's body, if that is not in buf.
func (s *Sum) Seal(buf, raw []byte) {
	for len(buf) > 0 {
		end := frameHeader + int(binary.LittleEndian.Uint32(buf))
		head := s.head(buf)
		if end <= len(buf) {
			*s = s.add(head, Hash(buf[frameHeader:end]))
		} else {
			*s = s.add(head, hashParts(buf[frameHeader:], raw))
			end = len(buf)
		}
		buf[5], buf[6], buf[7] = byte(head>>40), byte(head>>48), byte(head>>56)
		binary.LittleEndian.PutUint32(buf[8:], uint32(*s))
		buf = buf[end:]
	}
}

// FrameType says what a frame's body is.
type FrameType uint8

// The types of frames. Hello, Result, Done and Pong go to the driver, the
// others to the worker.
const (
	FrameHello FrameType = iota + 1
	FrameOpen
	FrameChunk
	FrameFinish
	FrameResult
	FrameDone
	FramePing
	FramePong
)

// ErrFrame is in every error about bytes that are no valid frame.
var ErrFrame = errors.New("malformed frame")

// BeginFrame appends a frame's header to dst, its length to be set by EndFrame
// and its checks by Seal.
func BeginFrame(dst []byte, t FrameType) []byte {
	return append(dst, 0, 0, 0, 0, byte(t), 0, 0, 0, 0, 0, 0, 0)
}

// EndFrame sets the length of the frame that began at offset begin of dst.
func EndFrame(dst []byte, begin int) ([]byte, error) {
	n := len(dst) - begin - frameHeader
	if n > MaxFrame {
		return dst[:begin], errTooLarge(n)
	}
	binary.LittleEndian.PutUint32(dst[begin:], uint32(n))
	return dst, nil
}

// FrameSize returns how many bytes the frame takes that data begins with;
// false when its header is not whole.
func FrameSize(data []byte) (n int, ok bool) {
	if len(data) < frameHeader {
		return 0, false
	}
	return frameHeader + int(binary.LittleEndian.Uint32(data)), true
}

// FrameWriter writes frames to a stream, sealed, from any goroutine.
type FrameWriter struct {
	mu   sync.Mutex
	conn io.Writer
	sum  Sum
}

// NewFrameWriter returns a writer whose sum goes on from the one given.
func NewFrameWriter(conn io.Writer, sum Sum) *FrameWriter { return &FrameWriter{conn: conn, sum: sum} }

// Write seals the frames in buf and writes them by one call. raw, unless it is
// empty, is the end of the last one's body, which is written from where it is.
func (w *FrameWriter) Write(buf, raw []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sum.Seal(buf, raw)
	_, err := w.conn.Write(buf)
	if err == nil && len(raw) > 0 {
		_, err = w.conn.Write(raw)
	}
	return err
}

// Sum returns the sum of what was written.
func (w *FrameWriter) Sum() Sum {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sum
}

func errTooLarge(n int) error {
	return fmt.Errorf("a message of %d bytes is over the limit of %d", n, MaxFrame)
}

// FrameReader reads frames, each checked against the sum of those before it. A
// small body is lent: it is valid until the next call of Next. One that is
// larger than half of the buffer is the caller's to keep.
type FrameReader struct {
	r    *bufio.Reader
	sum  Sum
	lent int // bytes of the buffer that the last frame takes
	most int // bytes of a body
}

// readBuffer is how much a FrameReader takes in at once.
const readBuffer = 64 << 10

// NewFrameReader makes a reader of the frames of a stream whose sum goes on
// from the one given.
func NewFrameReader(r io.Reader, sum Sum) *FrameReader {
	return &FrameReader{r: bufio.NewReaderSize(r, readBuffer), sum: sum, most: MaxFrame}
}

// Next reads one frame. header, unless it is nil, is called when the frame's
// header is in, before its body is. At the end of the stream between frames the
// error is io.EOF.
func (f *FrameReader) Next(header func()) (FrameType, []byte, error) {
	f.r.Discard(f.lent) // cannot fail: it is buffered
	f.lent = 0
	h, err := f.r.Peek(frameHeader)
	if err != nil {
		return 0, nil, readError(err, len(h) > 0)
	}
	head := f.sum.head(h)
	if h[5] != byte(head>>40) || h[6] != byte(head>>48) || h[7] != byte(head>>56) {
		return 0, nil, fmt.Errorf("%w: its header does not match its check, or it is out of turn", ErrFrame)
	}
	length := binary.LittleEndian.Uint32(h)
	if uint64(length) > uint64(f.most) {
		return 0, nil, fmt.Errorf("%w: length %d", ErrFrame, length)
	}
	n := int(length)
	if header != nil {
		header()
	}
	kind, check := FrameType(h[4]), binary.LittleEndian.Uint32(h[8:])
	body, err := f.body(n)
	if err != nil {
		return 0, nil, err
	}
	f.sum = f.sum.add(head, Hash(body))
	if uint32(f.sum) != check {
		return 0, nil, fmt.Errorf("%w: %d bytes do not match their check", ErrFrame, n)
	}
	return kind, body, nil
}

// body takes the n bytes behind the header.
func (f *FrameReader) body(n int) ([]byte, error) {
	if n > readBuffer/2 {
		f.r.Discard(frameHeader)
		return readBody(f.r, n)
	}
	whole, err := f.r.Peek(frameHeader + n)
	if err != nil {
		return nil, readError(err, true)
	}
	f.lent = len(whole)
	return whole[frameHeader:], nil
}

// Sum returns the sum of what was read.
func (f *FrameReader) Sum() Sum { return f.sum }

// Lent reports whether the last body is lent.
func (f *FrameReader) Lent() bool { return f.lent > 0 }

// More reports whether Next would return a frame without waiting.
func (f *FrameReader) More() bool {
	have := f.r.Buffered() - f.lent
	if have < frameHeader {
		return false
	}
	b, err := f.r.Peek(f.lent + frameHeader)
	return err == nil && have-frameHeader >= int(binary.LittleEndian.Uint32(b[f.lent:]))
}

// readError is err, for an end within a frame.
func readError(err error, within bool) error {
	if within && errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readBody reads n bytes, allocating no more than twice what has arrived.
func readBody(r io.Reader, n int) ([]byte, error) {
	const step = 4 << 20
	body := make([]byte, min(n, step))
	for have := 0; ; {
		if _, err := io.ReadFull(r, body[have:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		have = len(body)
		if have == n {
			return body, nil
		}
		grown := make([]byte, min(n, 2*have))
		copy(grown, body)
		body = grown
	}
}

// reader takes a body apart; the first error sticks.
type reader struct {
	data []byte
	err  error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrFrame, what)
	}
	r.data = nil
}

func (r *reader) uvarint(what string) uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.fail(what)
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) varint(what string) int64 {
	u := r.uvarint(what)
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) byte(what string) byte {
	if b := r.bytes(1, what); r.err == nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint32(what string) uint32 {
	if len(r.data) < 4 {
		r.fail(what)
		return 0
	}
	v := binary.LittleEndian.Uint32(r.data)
	r.data = r.data[4:]
	return v
}

func (r *reader) int64(what string) int64 {
	if len(r.data) < 8 {
		r.fail(what)
		return 0
	}
	v := binary.LittleEndian.Uint64(r.data)
	r.data = r.data[8:]
	return int64(v)
}

// bytes returns the next n bytes, not copied.
func (r *reader) bytes(n uint64, what string) []byte {
	if n > uint64(len(r.data)) {
		r.fail(what)
		return nil
	}
	b := r.data[:n:n]
	r.data = r.data[n:]
	return b
}

func (r *reader) string(what string) string {
	return string(r.bytes(r.uvarint(what), what))
}

func (r *reader) end() error {
	if r.err == nil && len(r.data) > 0 {
		r.fail("bytes left over")
	}
	return r.err
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// Hello is a worker's first frame.
type Hello struct {
	// Build identifies the program; driver and worker must have the same.
	Build string
	// PID is the worker's process id.
	PID int
	// Ready is the worker's clock when it could take tasks, Uncertainty how
	// far that clock may be off the machine's.
	Ready, Uncertainty int64
}

// AppendHello appends h as a frame.
func AppendHello(dst []byte, h Hello) ([]byte, error) {
	begin := len(dst)
	dst = BeginFrame(dst, FrameHello)
	dst = append(dst, Protocol)
	dst = appendString(dst, h.Build)
	dst = binary.AppendUvarint(dst, uint64(h.PID))
	dst = binary.AppendVarint(dst, h.Ready)
	dst = binary.AppendVarint(dst, h.Uncertainty)
	return EndFrame(dst, begin)
}

// ParseHello reads the body of a Hello frame.
func ParseHello(body []byte) (Hello, error) {
	r := reader{data: body}
	if v := r.bytes(1, "protocol"); r.err == nil && v[0] != Protocol {
		return Hello{}, fmt.Errorf("%w: protocol %d, want %d", ErrFrame, v[0], Protocol)
	}
	h := Hello{Build: r.string("build"), PID: int(r.uvarint("pid"))}
	h.Ready = r.varint("ready")
	h.Uncertainty = r.varint("uncertainty")
	return h, r.end()
}

// Open is a worker's view of a Spec.
type Open struct {
	JobID              uint32
	Func               string
	TaskTimeout, Grace time.Duration
	Stamps, Prompt     bool
}

// AppendOpen appends the announcement of a job as a frame.
func AppendOpen(dst []byte, o Open) ([]byte, error) {
	begin := len(dst)
	dst = BeginFrame(dst, FrameOpen)
	dst = binary.LittleEndian.AppendUint32(dst, o.JobID)
	dst = binary.AppendUvarint(dst, uint64(o.TaskTimeout))
	dst = binary.AppendUvarint(dst, uint64(o.Grace))
	dst = append(dst, flag(o.Stamps), flag(o.Prompt))
	dst = appendString(dst, o.Func)
	return EndFrame(dst, begin)
}

// ParseOpen reads the body of an Open frame.
func ParseOpen(body []byte) (Open, error) {
	r := reader{data: body}
	o := Open{JobID: r.uint32("job")}
	o.TaskTimeout = time.Duration(r.uvarint("timeout"))
	o.Grace = time.Duration(r.uvarint("grace"))
	o.Stamps = r.byte("stamps") == 1
	o.Prompt = r.byte("prompt") == 1
	o.Func = r.string("function")
	return o, r.end()
}

// AppendFinish appends the end of a job as a frame.
func AppendFinish(dst []byte, job uint32, cancel bool) ([]byte, error) {
	begin := len(dst)
	dst = BeginFrame(dst, FrameFinish)
	dst = binary.LittleEndian.AppendUint32(dst, job)
	return EndFrame(append(dst, flag(cancel)), begin)
}

func flag(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// ParseFinish reads the body of a Finish frame.
func ParseFinish(body []byte) (job uint32, cancel bool, err error) {
	r := reader{data: body}
	job = r.uint32("job")
	cancel = r.byte("flag") == 1
	return job, cancel, r.end()
}

// AppendDone appends a worker's account of a job as a frame.
func AppendDone(dst []byte, s Stats) ([]byte, error) {
	begin := len(dst)
	dst = BeginFrame(dst, FrameDone)
	dst = binary.LittleEndian.AppendUint32(dst, s.JobID)
	for _, v := range s.fields() {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(*v))
	}
	return EndFrame(dst, begin)
}

// ParseDone reads the body of a Done frame.
func ParseDone(body []byte) (Stats, error) {
	r := reader{data: body}
	s := Stats{JobID: r.uint32("job")}
	for _, v := range s.fields() {
		*v = r.int64("account")
	}
	return s, r.end()
}

// fields are those of a Done frame behind the job, in order.
func (s *Stats) fields() [7]*int64 {
	return [...]*int64{&s.Stored, &s.CPU, &s.PeakMemory, &s.Voluntary, &s.Involuntary, &s.Throttled, &s.Waited}
}
