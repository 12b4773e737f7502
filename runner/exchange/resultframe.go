package exchange

import (
	"encoding/binary"
	"fmt"
)

// The body of a result frame is a head of fixed size, whose fields are set when
// they are known, and an entry for each task. These are offsets in the frame.
const (
	atCount  = frameHeader + 12 // number of results
	atFlags  = frameHeader + 16
	atStored = frameHeader + 33 // when the delivery before was out of hand
	atSend   = frameHeader + 41 // when sending began
	atBegan  = frameHeader + 57 // when the first task began
	atEnded  = frameHeader + 65 // when the last one ended

	flagStamps = 1 // each entry begins with its task's times
	flagUsage  = 2 // and then has what its task used
)

// Results collects results of a worker as Result frames, each of one chunk or a
// part of one, that are written together. The zero value is ready for use.
type Results struct {
	buf []byte
	// raw is a large last result, which stands behind buf.
	raw    []byte
	frames int  // that are complete or begun
	open   bool // the last frame still takes results
	begin  int  // where it begins
	stamps bool // its entries have their times
	usages bool // and what their tasks used
	count  uint32
	// last is the stamp that the next entry's start is relative to; began and
	// ended bracket the frame's tasks.
	last, began, ended int64
	// Of the entry that is being made: its times, and where its length stands.
	start, end int64
	at         int
	usage      TaskUsage
}

// Begin begins the frame of results of the chunk from the task lo on, with room
// for the tasks' times and for what they used.
func (b *Results) Begin(in *Inbound, lo int32, stamps, usages bool) {
	b.open, b.stamps, b.usages, b.count, b.last, b.began, b.ended = true, stamps, usages, 0, 0, 0, 0
	b.frames++
	b.begin = len(b.buf)
	b.buf = BeginFrame(b.buf, FrameResult)
	for _, v := range [...]uint32{in.JobID, uint32(in.ID), uint32(lo), 0} {
		b.buf = binary.LittleEndian.AppendUint32(b.buf, v)
	}
	flags := byte(0)
	if stamps {
		flags = flagStamps
	}
	if usages {
		flags |= flagUsage
	}
	b.buf = append(b.buf, flags)
	notKnown := int64(NotKnown)
	for _, v := range [...]int64{in.ReceiveStart, in.Arrived, notKnown, notKnown, in.Bytes, 0, 0} {
		b.buf = binary.LittleEndian.AppendUint64(b.buf, uint64(v))
	}
}

// Begun returns the number of frames that were begun and not taken.
func (b *Results) Begun() int { return b.frames }

// Bytes returns the size of what was collected.
func (b *Results) Bytes() int { return len(b.buf) + len(b.raw) }

// Entry begins an entry of the open frame. It returns the buffer that the
// encoded result is to be appended to and handed back with Add; an entry that
// is not added has not been made.
func (b *Results) Entry(start, end int64) []byte {
	b.start, b.end = start, end
	dst := b.buf
	if b.stamps {
		dst = binary.AppendVarint(dst, start-b.last)
		dst = binary.AppendVarint(dst, end-start)
	}
	if b.usages {
		dst = appendUsage(dst, b.usage)
	}
	b.at = len(dst)
	return append(dst, 0) // most results are shorter than 64 bytes, and their length is one byte
}

// Used notes what the task of the next entry used; it is dropped where the
// frame has no room for it.
func (b *Results) Used(u TaskUsage) { b.usage = u }

// appendUsage writes what a task used: 0 where it was not measured; else 1 and
// the numbers.
func appendUsage(dst []byte, u TaskUsage) []byte {
	if !u.Measured {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	for _, v := range [...]int64{u.CPU, u.Voluntary, u.Involuntary, u.PeakMemory, u.Throttled} {
		dst = binary.AppendVarint(dst, v)
	}
	return dst
}

// usage reads what a task used.
func (r *reader) usage() (u TaskUsage) {
	switch r.byte("usage") {
	case 0:
		return u
	case 1:
		u.Measured = true
	default:
		r.fail("usage")
	}
	for _, v := range [...]*int64{&u.CPU, &u.Voluntary, &u.Involuntary, &u.PeakMemory, &u.Throttled} {
		*v = r.varint("usage")
	}
	return u
}

// Add makes the entry of what Entry returned with the result behind it.
func (b *Results) Add(buf []byte) { b.done(setPrefix(buf, b.at)) }

// Size returns the size of the result that stands in what Entry returned.
func (b *Results) Size(buf []byte) int { return len(buf) - b.at - 1 }

// AddRaw makes the entry of a large result, which is written from where it is:
// no other may follow before what was collected is written.
func (b *Results) AddRaw(buf, raw []byte) {
	b.raw = raw
	b.done(binary.AppendUvarint(buf[:b.at], uint64(len(raw))<<1))
}

// Fail makes an entry of a failure.
func (b *Results) Fail(start, end int64, f Failure) {
	dst := b.Entry(start, end)[:b.at]
	text := appendString([]byte{byte(f.Kind)}, f.Text)
	b.done(appendTagged(dst, appendString(text, f.Detail), true))
}

func (b *Results) done(buf []byte) {
	b.buf = buf
	if b.count == 0 {
		b.began = b.start
	}
	b.last, b.ended, b.usage = b.end, b.end, TaskUsage{}
	b.count++
}

// End completes the open frame; one without results has not been made.
func (b *Results) End() {
	if !b.open {
		return
	}
	b.open = false
	if b.count == 0 {
		b.buf = b.buf[:b.begin]
		b.frames--
		return
	}
	f := b.buf[b.begin:]
	binary.LittleEndian.PutUint32(f, uint32(len(f)-frameHeader+len(b.raw)))
	binary.LittleEndian.PutUint32(f[atCount:], b.count)
	binary.LittleEndian.PutUint64(f[atBegan:], uint64(b.began))
	binary.LittleEndian.PutUint64(f[atEnded:], uint64(b.ended))
}

// Take completes all frames and returns them, to be written one after the
// other: the bytes of frames, and those of a large last result. Sending begins
// now, at sendStart; the frames before these were out of hand at stored. What
// is returned is valid until the next call of Begin. There is nothing to write
// when it returns no frames.
func (b *Results) Take(stored, sendStart int64) (frames, raw []byte) {
	b.End()
	frames, raw = b.buf, b.raw
	for at := 0; at < len(frames); at += frameHeader + int(binary.LittleEndian.Uint32(frames[at:])) {
		if at == 0 {
			binary.LittleEndian.PutUint64(frames[atStored:], uint64(stored))
		}
		binary.LittleEndian.PutUint64(frames[at+atSend:], uint64(sendStart))
	}
	b.buf, b.raw, b.frames = b.buf[:0], nil, 0
	return frames, raw
}

// deliveries makes Deliveries of Result frames of one job. What it hands out is
// cut from larger pieces, so that a small frame costs no allocation of its own.
type deliveries struct {
	free   []Delivery
	stamps []int64
	sizes  []int32
	parsed int // frames, which is how large the next pieces may be
	// most is how many results a frame may have: what they are decoded to may
	// be larger than they are. 0: as many as it holds.
	most int
	// block is where results are decoded to, as far as room is left in it.
	block      Block
	used, room int
}

// cut takes n values from the front of a piece. When it has not as many left, a
// new one is made, which grows with what was parsed so far.
func cut[T any](piece *[]T, n, parsed int) []T {
	if n > len(*piece) {
		*piece = make([]T, max(n, min(parsed, 512)))
	}
	taken := (*piece)[:n:n]
	*piece = (*piece)[n:]
	return taken
}

// results finds room for n results.
func (p *deliveries) results(j Job, n int) (block Block, first int) {
	if p.block == nil || p.room-p.used < n {
		p.room, p.used = max(n, min(p.parsed, 512)), 0
		p.block = j.NewBlock(p.room)
	}
	p.used += n
	return p.block, p.used - n
}

// parse reads the body of a Result frame of the job, whose results it decodes.
// A result that cannot be decoded is its task's failure. It returns nil for a
// frame of another job.
func (p *deliveries) parse(body []byte, job uint32, j Job) (*Delivery, error) {
	r := reader{data: body}
	if id := r.uint32("job"); r.err == nil && id != job {
		return nil, nil
	}
	p.parsed++
	d := &cut(&p.free, 1, p.parsed)[0]
	*d = Delivery{Chunk: int32(r.uint32("chunk")), Lo: int32(r.uint32("task")), Bytes: int64(len(body) + frameHeader)}
	n := int(r.uint32("count"))
	flags := r.byte("flags")
	stamped, used := flags&flagStamps != 0, flags&flagUsage != 0
	d.ReceiveStart, d.Arrived = r.int64("receive start"), r.int64("arrived")
	d.PreviousStored, d.SendStart = r.int64("stored"), r.int64("send start")
	d.ChunkBytes, d.Began, d.Ended = r.int64("chunk bytes"), r.int64("began"), r.int64("ended")
	smallest := 1
	if stamped {
		smallest = 3
	}
	if used {
		smallest++
	}
	switch {
	case r.err != nil:
	case n < 0 || n > len(r.data)/smallest:
		r.fail(fmt.Sprintf("%d results in %d bytes", n, len(r.data)))
	case p.most > 0 && n > p.most:
		r.fail(fmt.Sprintf("%d results where no chunk has more than %d tasks", n, p.most))
	}
	if r.err != nil {
		return nil, r.err
	}
	d.Count = int32(n)
	d.Results, d.First = p.results(j, n)
	d.BytesOut = cut(&p.sizes, n, p.parsed)
	if stamped {
		stamps := cut(&p.stamps, 2*n, 2*p.parsed)
		d.Start, d.End = stamps[:n:n], stamps[n:]
	}
	if used {
		d.Usages = make([]TaskUsage, n)
	}
	r.entries(d)
	return d, r.end()
}

// ParseResult reads the body of one Result frame of the job, nil when it is of
// another.
func ParseResult(body []byte, job uint32, j Job) (*Delivery, error) {
	var p deliveries
	return p.parse(body, job, j)
}

// entries reads the entries of a frame.
func (r *reader) entries(d *Delivery) {
	var last int64
	for k := range d.BytesOut {
		if d.Start != nil {
			d.Start[k] = last + r.varint("start")
			last = d.Start[k] + r.varint("duration")
			d.End[k] = last
		}
		if d.Usages != nil {
			d.Usages[k] = r.usage()
		}
		r.result(d, k)
	}
}

// result reads the k-th entry's value or failure.
func (r *reader) result(d *Delivery, k int) {
	tag := r.uvarint("result length")
	payload := r.bytes(tag>>1, "result")
	if r.err != nil {
		return
	}
	d.BytesOut[k] = int32(len(payload))
	var f Failure
	if tag&1 == 0 {
		err := d.Results.Decode(d.First+k, payload)
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
