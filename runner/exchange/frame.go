package exchange

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Protocol is the version of the frames; driver and worker must agree.
const Protocol = 2

// MaxFrame bounds a frame, and with it what one message makes a reader
// allocate: 1 GiB.
const MaxFrame = 1 << 30

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

// add returns the sum behind a frame; its lower 32 bits are the frame's check.
func (s Sum) add(head uint64, body []byte) Sum {
	x := (head ^ xxhash.Sum64(body)) * mix2
	return Sum(x ^ x>>32)
}

// Seal sets the checks of the frames in buf, which must be written next, in
// this order.
func (s *Sum) Seal(buf []byte) {
	for len(buf) > 0 {
		end := frameHeader + int(binary.LittleEndian.Uint32(buf))
		head := s.head(buf)
		*s = s.add(head, buf[frameHeader:end])
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
		return dst[:begin], fmt.Errorf("a message of %d bytes is over the limit of %d", n, MaxFrame)
	}
	binary.LittleEndian.PutUint32(dst[begin:], uint32(n))
	return dst, nil
}

// FrameWriter writes frames to a stream, sealed, from any goroutine.
type FrameWriter struct {
	mu   sync.Mutex
	conn io.Writer
	sum  Sum
}

// NewFrameWriter returns a writer whose sum goes on from the one given.
func NewFrameWriter(conn io.Writer, sum Sum) *FrameWriter { return &FrameWriter{conn: conn, sum: sum} }

// Write seals the frames in buf and writes them by one call.
func (w *FrameWriter) Write(buf []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sum.Seal(buf)
	_, err := w.conn.Write(buf)
	return err
}

// Sum returns the sum of what was written.
func (w *FrameWriter) Sum() Sum {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sum
}

// ReadFrame reads one frame and checks it against the sum of those before it.
// header is called when its header is in, before its body is. The body is the
// caller's to keep. At the end of the stream between frames the error is
// io.EOF.
func ReadFrame(r *bufio.Reader, sum *Sum, header func()) (FrameType, []byte, error) {
	var h [frameHeader]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return 0, nil, err
	}
	head := sum.head(h[:])
	if h[5] != byte(head>>40) || h[6] != byte(head>>48) || h[7] != byte(head>>56) {
		return 0, nil, fmt.Errorf("%w: its header does not match its check, or it is out of turn", ErrFrame)
	}
	n := binary.LittleEndian.Uint32(h[:])
	if n > MaxFrame {
		return 0, nil, fmt.Errorf("%w: length %d", ErrFrame, n)
	}
	if header != nil {
		header()
	}
	body, err := readBody(r, int(n))
	if err != nil {
		return 0, nil, err
	}
	*sum = sum.add(head, body)
	if uint32(*sum) != binary.LittleEndian.Uint32(h[8:]) {
		return 0, nil, fmt.Errorf("%w: %d bytes do not match their check", ErrFrame, n)
	}
	return FrameType(h[4]), body, nil
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
}

// AppendOpen appends the announcement of a job as a frame.
func AppendOpen(dst []byte, o Open) ([]byte, error) {
	begin := len(dst)
	dst = BeginFrame(dst, FrameOpen)
	dst = binary.LittleEndian.AppendUint32(dst, o.JobID)
	dst = binary.AppendUvarint(dst, uint64(o.TaskTimeout))
	dst = binary.AppendUvarint(dst, uint64(o.Grace))
	dst = appendString(dst, o.Func)
	return EndFrame(dst, begin)
}

// ParseOpen reads the body of an Open frame.
func ParseOpen(body []byte) (Open, error) {
	r := reader{data: body}
	o := Open{JobID: r.uint32("job")}
	o.TaskTimeout = time.Duration(r.uvarint("timeout"))
	o.Grace = time.Duration(r.uvarint("grace"))
	o.Func = r.string("function")
	return o, r.end()
}

// AppendFinish appends the end of a job as a frame.
func AppendFinish(dst []byte, job uint32, cancel bool) ([]byte, error) {
	begin := len(dst)
	dst = BeginFrame(dst, FrameFinish)
	dst = binary.LittleEndian.AppendUint32(dst, job)
	flag := byte(0)
	if cancel {
		flag = 1
	}
	return EndFrame(append(dst, flag), begin)
}

// ParseFinish reads the body of a Finish frame.
func ParseFinish(body []byte) (job uint32, cancel bool, err error) {
	r := reader{data: body}
	job = r.uint32("job")
	if b := r.bytes(1, "flag"); r.err == nil {
		cancel = b[0] == 1
	}
	return job, cancel, r.end()
}

// AppendDone appends a worker's account of a job as a frame.
func AppendDone(dst []byte, s Stats) ([]byte, error) {
	begin := len(dst)
	dst = BeginFrame(dst, FrameDone)
	dst = binary.LittleEndian.AppendUint32(dst, s.JobID)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(s.Stored))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(s.CPU))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(s.PeakMemory))
	return EndFrame(dst, begin)
}

// ParseDone reads the body of a Done frame.
func ParseDone(body []byte) (Stats, error) {
	r := reader{data: body}
	s := Stats{JobID: r.uint32("job"), Stored: r.int64("stored"), CPU: r.int64("cpu"), PeakMemory: r.int64("memory")}
	return s, r.end()
}
