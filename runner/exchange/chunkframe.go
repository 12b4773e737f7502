package exchange

import (
	"encoding/binary"
	"fmt"
)

const (
	// splitAt is the size from which a chunk travels in more than one frame.
	splitAt = 32 << 20
	// RawSize is from which size on bytes are written from where they are
	// instead of being copied into a frame.
	RawSize = 128 << 10
	// maxInput bounds an input, so that the frame that it ends is within
	// MaxFrame.
	maxInput = MaxFrame - splitAt - 1<<10
)

// chunkPart is the frame of the tasks of a chunk from lo on: its bytes, but for
// a large last input, which is raw and follows on them.
type chunkPart struct {
	buf []byte // what appendChunk was given, and the frame behind it
	raw []byte
	// next is the task behind the last of the frame; sizes are those of its
	// encoded inputs.
	next  int32
	sizes []int32
}

// appendChunk appends the frame of a chunk's tasks from lo on to dst. When
// inputs are large it holds a part of the chunk's tasks, and the worker takes
// it as a chunk with the same id. An input that cannot be encoded travels as
// the reason, and comes back as that task's failure. The sizes of inputs are
// appended to sizes.
func appendChunk(dst []byte, sizes []int32, job uint32, c Chunk, lo int32, j Job) (chunkPart, error) {
	begin := len(dst)
	dst = BeginFrame(dst, FrameChunk)
	dst = binary.LittleEndian.AppendUint32(dst, job)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(c.ID))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(lo))
	dst = append(dst, 0, 0, 0, 0) // the task behind the last, known below
	p := chunkPart{buf: dst, next: lo, sizes: sizes}
	for p.raw == nil && p.next < c.Hi && len(p.buf)-begin < splitAt {
		p.input(j)
	}
	binary.LittleEndian.PutUint32(p.buf[begin+frameHeader+12:], uint32(p.next))
	n := len(p.buf) - begin - frameHeader + len(p.raw)
	binary.LittleEndian.PutUint32(p.buf[begin:], uint32(n))
	if n > MaxFrame {
		p.buf, p.raw = p.buf[:begin], nil
		return p, errTooLarge(n)
	}
	return p, nil
}

// input appends the next input as (length << 1) and its bytes, or a reason as
// (length << 1 | 1) and its text. An input that is too large is replaced by the
// reason.
func (p *chunkPart) input(j Job) {
	task := int(p.next)
	p.next++
	if raw := j.RawInput(task); len(raw) >= RawSize && len(raw) <= maxInput {
		p.sizes = append(p.sizes, int32(len(raw)))
		p.buf = binary.AppendUvarint(p.buf, uint64(len(raw))<<1)
		p.raw = raw
		return
	}
	// Most inputs are shorter than 64 bytes, and their prefix is one byte.
	at := len(p.buf)
	buf, err := j.AppendInput(append(p.buf, 0), task)
	n := len(buf) - at - 1
	p.sizes = append(p.sizes, int32(n))
	if err == nil && n > maxInput {
		err = fmt.Errorf("an input of %d bytes is over the limit of %d", n, maxInput)
	}
	if err != nil {
		p.buf = appendTagged(buf[:at], []byte("encode the input: "+err.Error()), true)
		return
	}
	p.buf = setPrefix(buf, at)
}

// setPrefix writes the length of what stands in buf behind the byte at, as
// (length << 1), into that byte, or moves it back for a longer one.
func setPrefix(buf []byte, at int) []byte {
	n := len(buf) - at - 1
	if n < 64 {
		buf[at] = byte(n << 1)
		return buf
	}
	var prefix [binary.MaxVarintLen64]byte
	width := binary.PutUvarint(prefix[:], uint64(n)<<1)
	buf = append(buf, prefix[:width-1]...)
	copy(buf[at+width:], buf[at+1:at+1+n])
	copy(buf[at:], prefix[:width])
	return buf
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
// encode it. The bytes are part of the frame: they must not be changed, but
// may be kept.
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
