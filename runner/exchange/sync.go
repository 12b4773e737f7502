package exchange

import (
	"encoding/binary"
	"math"
	"time"

	"corecast/internal/clock"
)

// How a worker's clock is compared with the driver's, where the two are not
// the same: by so many exchanges, fewer when they take long.
const (
	mostPings  = 8
	leastPings = 3
	pingTime   = 20 * time.Millisecond
	// comparedFor is how long a comparison is good for: at 50 millionths, more
	// than clocks of machines run apart, they are then 5 us apart.
	comparedFor = 100 * time.Millisecond
)

// AppendPing appends a question for the worker's clock as a frame.
func AppendPing(dst []byte, number uint32) ([]byte, error) {
	begin := len(dst)
	return EndFrame(binary.LittleEndian.AppendUint32(BeginFrame(dst, FramePing), number), begin)
}

// ParsePing reads the body of a Ping frame.
func ParsePing(body []byte) (number uint32, err error) {
	r := reader{data: body}
	number = r.uint32("number")
	return number, r.end()
}

// AppendPong appends the answer to a ping as a frame: what the worker's clock
// said.
func AppendPong(dst []byte, number uint32, at int64) ([]byte, error) {
	begin := len(dst)
	dst = binary.LittleEndian.AppendUint32(BeginFrame(dst, FramePong), number)
	return EndFrame(binary.LittleEndian.AppendUint64(dst, uint64(at)), begin)
}

// ParsePong reads the body of a Pong frame.
func ParsePong(body []byte) (number uint32, at int64, err error) {
	r := reader{data: body}
	number, at = r.uint32("number"), r.int64("clock")
	return number, at, r.end()
}

// pong is the answer to a ping, received at a time of the driver's clock.
type pong struct {
	number       uint32
	at, received int64
}

// comparison is what a comparison of clocks found: offset added to the
// worker's clock gives the driver's, to within uncertainty either way, at a
// time of the driver's. Only the goroutine that writes has one.
type comparison struct {
	offset, uncertainty, at int64
	pings                   uint32 // sent so far
}

// greet compares clocks for the first time, where they are not the same, and
// posts Ready, brought to the driver's clock. It returns false when the stream
// has ended before.
func (s *Stream) greet(ready Event) bool {
	defer close(s.greeted)
	if s.config.SameClock {
		return true // Serve has posted it
	}
	if !s.compare() {
		return false
	}
	ready.At += s.clock.offset
	ready.ClockOffset, ready.ClockUncertainty = s.clock.offset, s.clock.uncertainty
	s.post(ready)
	return true
}

// compare asks for the worker's clock a few times and keeps the exchange with
// the shortest round trip: the worker read its clock at some time of it, so the
// middle is off by at most half of it, whatever the ways there and back took.
// It returns false when the stream has ended.
func (s *Stream) compare() bool {
	best := comparison{uncertainty: math.MaxInt64, pings: s.clock.pings}
	began := clock.Now()
	for n := 1; n <= mostPings; n++ {
		best.pings++
		frame, err := AppendPing(nil, best.pings)
		if err != nil {
			return false
		}
		sent := clock.Now()
		if err := s.frames.Write(frame, nil); err != nil {
			return false
		}
		p, ok := s.awaitPong(best.pings)
		if !ok {
			return false
		}
		if half := (p.received - sent + 1) / 2; half < best.uncertainty {
			best.uncertainty, best.offset = half, sent+(p.received-sent)/2-p.at
		}
		if n >= leastPings && p.received-began > int64(pingTime) {
			break
		}
	}
	best.at = clock.Now()
	s.clock = best
	return true
}

// awaitPong waits for the answer to a ping; false when the stream has ended.
func (s *Stream) awaitPong(number uint32) (pong, bool) {
	for {
		select {
		case p := <-s.pongs:
			if p.number == number {
				return p, true
			}
		case <-s.ended:
			return pong{}, false
		}
	}
}

// answered hands a pong to the goroutine that writes, if it waits for one.
func (s *Stream) answered(p pong) {
	select {
	case s.pongs <- p:
	default:
	}
}

// synchronize compares clocks again before a message that wants it: a job is
// opened, or ends. The offset of a job stays what it was when it was opened;
// by how much the clocks ran apart during the job is added to its uncertainty.
// It returns false when the stream has ended.
func (s *Stream) synchronize(m Message) bool {
	job := s.clock
	if clock.Now()-job.at >= int64(comparedFor) && !s.compare() {
		return false
	}
	e := Event{Kind: Synced, At: s.clock.at, ClockOffset: s.clock.offset, ClockUncertainty: s.clock.uncertainty}
	if m.Kind == MessageFinish {
		e.ClockOffset = job.offset
		e.ClockUncertainty = max(job.uncertainty, s.clock.uncertainty) + distance(job.offset, s.clock.offset)
	}
	s.post(e)
	return true
}

func distance(a, b int64) int64 {
	if a > b {
		return a - b
	}
	return b - a
}
