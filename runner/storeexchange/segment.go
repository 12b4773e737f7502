package storeexchange

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"corecast/internal/clock"
	"corecast/runner/objstore"
)

// header begins a segment, little endian.
type header struct {
	Magic   [4]byte
	Version uint32
	// Flags: see below.
	Flags uint32
	_     uint32
	// Usage is all that the worker has asked of the store, this segment
	// included.
	Usage objstore.Usage
	// Clock and Wall are the worker's monotonic clock and its time of day, in
	// nanoseconds, read together; Started is when its process began, by Clock.
	Clock, Wall, Started int64
	// Machine tells whether another has the same monotonic clock.
	Machine [16]byte
}

const (
	// leaving: the worker ends behind this segment.
	leaving = 1 << iota
)

var magic = [4]byte{'C', 'C', 'S', 'G'}

const segmentVersion = 1

var headerSize = binary.Size(header{})

// newHeader fills in the times.
func newHeader(started int64) header {
	h := header{Magic: magic, Version: segmentVersion, Started: started, Machine: machine()}
	h.Clock, h.Wall = clock.Now(), time.Now().UnixNano()
	return h
}

func (h *header) appendTo(dst []byte) []byte {
	b, err := binary.Append(dst, binary.LittleEndian, h)
	if err != nil {
		panic(err) // the type has a fixed size
	}
	return b
}

// parseSegment cuts a segment into its header and frames.
func parseSegment(b []byte) (h header, frames []byte, err error) {
	if _, err := binary.Decode(b, binary.LittleEndian, &h); err != nil || h.Magic != magic {
		return h, nil, fmt.Errorf("an object of %d bytes is no segment", len(b))
	}
	if h.Version != segmentVersion {
		return h, nil, fmt.Errorf("a segment of version %d, where %d is known", h.Version, segmentVersion)
	}
	return h, b[headerSize:], nil
}

// clockUncertainty is how far the times of day of two machines are taken to be
// apart at most: both are kept by a time service.
const clockUncertainty = int64(100 * time.Millisecond)

// offset is what must be added to the worker's clock: nothing on this machine,
// else by the time of day.
func (h *header) offset() (offset, uncertainty int64) {
	if h.Machine != [16]byte{} && h.Machine == machine() {
		return 0, 0
	}
	here := clock.Now()
	return (here - time.Now().UnixNano()) - (h.Clock - h.Wall), clockUncertainty
}

// machine is the kernel's boot id; zero where there is none.
func machine() (id [16]byte) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return id
	}
	hex := bytes.ReplaceAll(bytes.TrimSpace(text), []byte("-"), nil)
	for i := range id {
		n, err := strconv.ParseUint(string(hex[min(2*i, len(hex)):min(2*i+2, len(hex))]), 16, 8)
		if err != nil {
			return [16]byte{}
		}
		id[i] = byte(n)
	}
	return id
}

// processStart is when this process began, on its clock, or up to 10 ms later:
// the system counts in ticks of that. Now where it does not tell.
func processStart() int64 {
	now, up := clock.Now(), clock.SinceBoot()
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil || up == 0 {
		return now
	}
	// Field 22, behind the name in parentheses, which may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return now
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return now
	}
	const tick = int64(10 * time.Millisecond) // USER_HZ is 100 on Linux
	return now - max(up-(ticks+1)*tick, 0)
}
