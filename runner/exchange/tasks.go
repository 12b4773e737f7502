package exchange

import (
	"encoding/binary"
	"fmt"
)

// splitAt is the size from which a chunk travels in more than one frame.
const splitAt = 32 << 20

// maxInput bounds an input, so that the frame that it ends is within MaxFrame.
const maxInput = MaxFrame - splitAt - 1<<10

// AppendChunk appends a chunk with its inputs as a frame, or, when its inputs
// are large, as several: each holds a part of the chunk's tasks, and the worker
// takes it as a chunk with the same id. An input that cannot be encoded travels
// as the reason, and comes back as that task's failure.
func AppendChunk(dst []byte, job uint32, c Chunk, j Job) ([]byte, error) {
	for lo := c.Lo; lo < c.Hi; {
		begin := len(dst)
		dst = BeginFrame(dst, FrameChunk)
		dst = binary.LittleEndian.AppendUint32(dst, job)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(c.ID))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(lo))
		dst = append(dst, 0, 0, 0, 0) // the task behind the last, known below
		task := lo
		for ; task < c.Hi && len(dst)-begin < splitAt; task++ {
			dst = appendInput(dst, j, int(task))
		}
		binary.LittleEndian.PutUint32(dst[begin+frameHeader+12:], uint32(task))
		var err error
		if dst, err = EndFrame(dst, begin); err != nil {
			return dst, err
		}
		lo = task
	}
	return dst, nil
}

// appendInput writes an input as (length << 1) and its bytes, a reason as
// (length << 1 | 1) and its text. An input that is too large is replaced by the
// reason.
func appendInput(dst []byte, j Job, task int) []byte {
	// Most inputs are shorter than 64 bytes, and their prefix is one byte.
	at := len(dst)
	dst, err := j.AppendInput(append(dst, 0), task)
	n := len(dst) - at - 1
	if err == nil && n > maxInput {
		err = fmt.Errorf("an input of %d bytes is over the limit of %d", n, maxInput)
	}
	if err != nil {
		return appendTagged(dst[:at], []byte("encode the input: "+err.Error()), true)
	}
	if n < 64 {
		dst[at] = byte(n << 1)
		return dst
	}
	var prefix [binary.MaxVarintLen64]byte
	width := binary.PutUvarint(prefix[:], uint64(n)<<1)
	dst = append(dst, prefix[:width-1]...)
	copy(dst[at+width:], dst[at+1:at+1+n])
	copy(dst[at:], prefix[:width])
	return dst
}

func appendTagged(dst, data []byte, tag bool) []byte {
	v := uint64(len(data)) << 1
	if tag {
		v |= 1
	}
	return append(binary.AppendUvarint(dst, v), data...)
}

// Inbound is a chunk as a worker received it.
type Inbound struct {
	JobID uint32
	Chunk
	// ReceiveStart and Arrived are the worker's stamps.
	ReceiveStart, Arrived int64
	// Bytes is the size of its frame.
	Bytes  int64
	inputs reader
}

// ParseChunk reads the body of a Chunk frame; its inputs are read one by one
// with Next.
func ParseChunk(body []byte) (*Inbound, error) {
	r := reader{data: body}
	in := &Inbound{JobID: r.uint32("job"), Bytes: int64(len(body) + frameHeader)}
	in.ID = int32(r.uint32("chunk"))
	in.Lo = int32(r.uint32("first task"))
	in.Hi = int32(r.uint32("last task"))
	if r.err == nil && (in.Lo < 0 || in.Hi <= in.Lo || int(in.Hi)-int(in.Lo) > len(r.data)) {
		r.fail(fmt.Sprintf("tasks %d to %d in %d bytes", in.Lo, in.Hi, len(r.data)))
	}
	in.inputs = r
	return in, r.err
}

// Next returns the next task's encoded input, or why the driver could not
// encode it. The bytes are part of the frame and must not be changed.
func (in *Inbound) Next() (payload []byte, reason string, err error) {
	tag := in.inputs.uvarint("input length")
	b := in.inputs.bytes(tag>>1, "input")
	if in.inputs.err != nil {
		return nil, "", in.inputs.err
	}
	if tag&1 == 1 {
		return nil, string(b), nil
	}
	return b, "", nil
}

// A result frame's body is a fixed head, so that results can be appended
// behind it while it is still open, and one entry a task.
const (
	resultHead = frameHeader + 4*4 + 6*8 // what a Results buffer begins with
)

// Results collects a worker's results into a Result frame.
type Results struct {
	buf   []byte
	count uint32
	// last is the stamp that the next entry's start is relative to.
	last int64
}

// Len returns the number of results collected and their size in bytes.
func (b *Results) Len() (count, bytes int) {
	if b.count == 0 {
		return 0, 0
	}
	return int(b.count), len(b.buf) - resultHead
}

func (b *Results) begin() {
	if b.count > 0 {
		return
	}
	if cap(b.buf) < resultHead {
		b.buf = make([]byte, 0, 4096)
	}
	b.buf = b.buf[:resultHead]
	b.last = 0
}

func (b *Results) stamps(start, end int64) {
	b.buf = binary.AppendVarint(b.buf, start-b.last)
	b.buf = binary.AppendVarint(b.buf, end-start)
	b.last = end
	b.count++
}

// Add appends a result of bytesIn encoded input.
func (b *Results) Add(start, end int64, payload []byte) {
	b.begin()
	b.stamps(start, end)
	b.buf = appendTagged(b.buf, payload, false)
}

// Fail appends a failure.
func (b *Results) Fail(start, end int64, f Failure) {
	b.begin()
	b.stamps(start, end)
	text := appendString([]byte{byte(f.Kind)}, f.Text)
	b.buf = appendTagged(b.buf, appendString(text, f.Detail), true)
}

// Frame completes the frame of results of the chunk, the first of which is of
// task lo. The slice is valid until the next call of Add or Fail.
func (b *Results) Frame(in *Inbound, lo int32, previousStored, sendStart int64) ([]byte, error) {
	h := BeginFrame(b.buf[:0], FrameResult)
	h = binary.LittleEndian.AppendUint32(h, in.JobID)
	h = binary.LittleEndian.AppendUint32(h, uint32(in.ID))
	h = binary.LittleEndian.AppendUint32(h, uint32(lo))
	h = binary.LittleEndian.AppendUint32(h, b.count)
	for _, v := range [...]int64{in.ReceiveStart, in.Arrived, previousStored, sendStart, in.Bytes, 0} {
		h = binary.LittleEndian.AppendUint64(h, uint64(v))
	}
	b.count = 0
	return EndFrame(b.buf, 0)
}

// ParseResult reads the body of a Result frame of the job, whose results it
// decodes. A result that cannot be decoded is its task's failure.
func ParseResult(body []byte, job uint32, j Job) (*Delivery, error) {
	r := reader{data: body}
	if id := r.uint32("job"); r.err == nil && id != job {
		return nil, nil // of a job that is over
	}
	d := &Delivery{Chunk: int32(r.uint32("chunk")), Lo: int32(r.uint32("task")), Bytes: int64(len(body) + frameHeader)}
	n := int(r.uint32("count"))
	d.ReceiveStart, d.Arrived = r.int64("receive start"), r.int64("arrived")
	d.PreviousStored, d.SendStart = r.int64("stored"), r.int64("send start")
	d.ChunkBytes, _ = r.int64("chunk bytes"), r.int64("reserved")
	if r.err == nil && n > len(r.data)/3 {
		r.fail(fmt.Sprintf("%d results in %d bytes", n, len(r.data)))
	}
	if r.err != nil {
		return nil, r.err
	}
	d.Results = j.NewBlock(n)
	stamps := make([]int64, 2*n)
	d.Start, d.End, d.BytesOut = stamps[:n:n], stamps[n:], make([]int64, n)
	var last int64
	for k := range n {
		d.Start[k] = last + r.varint("start")
		last = d.Start[k] + r.varint("duration")
		d.End[k] = last
		r.result(d, k)
	}
	return d, r.end()
}

// result reads the k-th entry's value or failure.
func (r *reader) result(d *Delivery, k int) {
	tag := r.uvarint("result length")
	payload := r.bytes(tag>>1, "result")
	if r.err != nil {
		return
	}
	d.BytesOut[k] = int64(len(payload))
	var f Failure
	if tag&1 == 0 {
		err := d.Results.Decode(k, payload)
		if err == nil {
			return
		}
		f = Failure{Text: fmt.Sprintf("decode the result: %v", err), Err: err}
	} else {
		e := reader{data: payload}
		f.Kind = FailureKind(e.uvarint("kind"))
		f.Text, f.Detail = e.string("text"), e.string("detail")
		if r.err = e.end(); r.err != nil {
			return
		}
	}
	if d.Failures == nil {
		d.Failures = make(map[int]Failure)
	}
	d.Failures[k] = f
}
