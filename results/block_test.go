package results

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"strings"
	"testing"

	"corecast/runner/trace"
)

// encodeAll returns the blocks of a trace one after another.
func encodeAll(t testing.TB, tr *trace.Trace, trial int) [][]byte {
	t.Helper()
	var b blockBuilder
	var blocks [][]byte
	for part := range blockCount(rowsOf(tr)) {
		data, err := b.encode(rowsOf(tr), jobOf(tr), part, trial, part)
		check(t, err)
		blocks = append(blocks, append([]byte(nil), data...))
	}
	return blocks
}

func decodeAll(blocks [][]byte, workers []trace.Worker) (*trace.Trace, error) {
	var parsed []*block
	for _, data := range blocks {
		b, err := parseBlock(data)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, b)
	}
	return decodeTrace(parsed, workers)
}

func TestBlocksRoundTrip(t *testing.T) {
	extreme := randomTrace(1, 40)
	for i, v := range []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64} {
		extreme.Attempts[i].FuncStart = trace.Time(v)
		extreme.Attempts[i].FuncEnd = trace.Time(-v)
		extreme.Attempts[i].BytesIn = v
		extreme.Chunks[i].Bytes = -v
	}
	for name, tr := range map[string]*trace.Trace{
		"empty":          {},
		"no attempts":    {Tasks: 5, Slots: 1, Makespan: trace.Unknown, Workers: randomTrace(0, 1).Workers[:1]},
		"small":          randomTrace(2, 7),
		"extreme":        extreme,
		"several blocks": randomTrace(3, 2*blockRows+5),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decodeAll(encodeAll(t, tr, 3), tr.Workers)
			check(t, err)
			same(t, tr, got)
		})
	}
}

// What is constant costs next to nothing, but a block is as long as its rows
// demand, so that it cannot decode to much more than its length.
func TestBlockIsAsLongAsItsRowsDemand(t *testing.T) {
	tr := &trace.Trace{Tasks: blockRows, Slots: 1, Workers: make([]trace.Worker, 1), Chunks: make([]trace.Chunk, 1)}
	for i := range blockRows {
		tr.Attempts = append(tr.Attempts, trace.Attempt{Task: int32(i), Delivery: -1, ReplacedBy: -1})
	}
	blocks := encodeAll(t, tr, 0)
	rows := blockRows + 2
	if n := len(blocks[0]); n < bytesPerRow*rows || n > bytesPerRow*rows+100 {
		t.Errorf("%d rows take %d bytes", rows, n)
	}
	got, err := decodeAll(blocks, tr.Workers)
	check(t, err)
	same(t, tr, got)
}

// reseal sets the length and the checksum of a block that was tampered with.
func reseal(data []byte) []byte {
	body := data[:len(data)-blockCRCSize]
	binary.LittleEndian.PutUint32(body[4:], uint32(len(body)-blockHeaderSize))
	return binary.LittleEndian.AppendUint32(body, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

func TestHostileBlocks(t *testing.T) {
	header := append([]byte(blockMarker), make([]byte, 12)...)
	block := func(body ...byte) []byte {
		return reseal(append(append(append([]byte(nil), header...), body...), 0, 0, 0, 0))
	}
	many := binary.AppendUvarint([]byte{1, tableAttempts}, 1<<30)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"rows beyond the length":   {block(append(many, 0)...), "more than its"},
		"rows beyond 32 bit":       {block(append(binary.AppendUvarint([]byte{1, tableChunks}, math.MaxUint64), 0)...), "rows"},
		"table twice":              {block(2, 2, 0, 2, 0, 0), "twice"},
		"directory cut off":        {block(1, 1), "cut off"},
		"column count":             {block(0, 0x80, 0x80, 0x80, 0x80, 0x10), "cut off"},
		"column beyond the block":  {block(0, 1, 4, 1, 2, 100), "column 1 of table 4 is cut off"},
		"bytes behind the columns": {block(0, 0, 7), "beyond its last column"},
		"no job":                   {block(0, 0), "describes the job"},
		"column missing":           {block(1, 1, 1, 0), "missing"},
		"column twice":             {block(1, 1, 1, 2, 1, 1, 3, 2, 1, 1, 3, 2, 1, 1, 1, 1), "twice"},
		"unknown encoding":         {block(1, 1, 1, 1, 1, 1, 9, 0), "encoding 9"},
		"run too long":             {block(1, 1, 1, 1, 1, 1, 3, 2, 1, 9), "does not fit"},
		"run of none":              {block(1, 1, 1, 1, 1, 1, 3, 2, 1, 0), "does not fit"},
		"column short":             {block(1, 1, 1, 1, 1, 1, 2, 0), "last row"},
		"column long":              {block(1, 1, 1, 1, 1, 1, 2, 2, 1, 1), "beyond its last row"},
		"relative to itself":       {block(1, 1, 1, 1, 1, 1, 4, 2, 1, 1), "not before it"},
		"out of range":             {block(1, 1, 1, 1, 1, 1, 2, 1, 2), "out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decodeAll([][]byte{c.data}, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

// A later version may add tables, columns and encodings of them: a reader of
// this version passes over them.
func TestUnknownColumnsArePassedOver(t *testing.T) {
	tr := randomTrace(5, 30)
	var b blockBuilder
	_, err := b.encode(rowsOf(tr), jobOf(tr), 0, 0, 0)
	check(t, err)
	b.tables = append(b.tables, tableEntry{77, 1 << 40})
	b.data = append(b.data, "new"...)
	b.addEntry(77, 1, 99, 3)
	b.data = append(b.data, "also new"...)
	b.addEntry(tableAttempts, 200, 99, 8)
	// The rows of the unknown table do not count against the length.
	b.tables[len(b.tables)-1].rows = 3
	data, err := b.assemble(0, 0)
	check(t, err)
	got, err := decodeAll([][]byte{data}, tr.Workers)
	check(t, err)
	same(t, tr, got)
}

func TestWrongIndicesAreRefused(t *testing.T) {
	for name, break_ := range map[string]func(*trace.Trace){
		"task":           func(t *trace.Trace) { t.Attempts[2].Task = int32(t.Tasks) },
		"chunk":          func(t *trace.Trace) { t.Attempts[2].Chunk = -1 },
		"delivery":       func(t *trace.Trace) { t.Attempts[2].Delivery = -2 },
		"chunk's worker": func(t *trace.Trace) { t.Chunks[0].Worker = 4 },
		"delivery's":     func(t *trace.Trace) { t.Deliveries[0].Worker = -1 },
		"slot":           func(t *trace.Trace) { t.Workers[0].Slot = 3 },
		"error":          func(t *trace.Trace) { t.Errors = map[int]string{99: "x"} },
		"slots":          func(t *trace.Trace) { t.Slots = -1 },
	} {
		tr := randomTrace(6, 9)
		check(t, checkTrace(tr))
		break_(tr)
		if checkTrace(tr) == nil {
			t.Errorf("%s: wrong index accepted", name)
		}
	}
}

func FuzzBlock(f *testing.F) {
	for _, tr := range []*trace.Trace{{}, randomTrace(1, 3), randomTrace(2, 50)} {
		f.Add(encodeAll(f, tr, 1)[0])
	}
	workers := randomTrace(0, 1).Workers
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < blockHeaderSize+blockCRCSize {
			return
		}
		// With the checksum set right, the fuzzer gets behind it.
		data = reseal(append([]byte(nil), data...))
		tr, err := decodeAll([][]byte{data}, workers)
		if err != nil {
			return
		}
		if rows := len(tr.Chunks) + len(tr.Deliveries) + len(tr.Attempts); rows*bytesPerRow > len(data) {
			t.Fatalf("%d rows of %d bytes", rows, len(data))
		}
		again, err := decodeAll(encodeAll(t, tr, 0), workers)
		check(t, err)
		same(t, tr, again)
	})
}

func FuzzColumn(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add([]byte("0123456776543210"), []byte("\x00\x00\x00\x00\x00\x00\x00\x80\xff\xff\xff\xff\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		n := min(len(a), len(b)) / 8
		values, reference, got := make([]int64, n), make([]int64, n), make([]int64, n)
		for i := range n {
			values[i] = int64(binary.LittleEndian.Uint64(a[8*i:]))
			reference[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
		}
		for _, ref := range [][]int64{nil, reference} {
			data, encoding := appendColumn(nil, values, ref, 1)
			check(t, decodeColumn(uint64(encoding), data, got, func(_ uint64, into []int64) error {
				copy(into, reference)
				return nil
			}))
			same(t, values, got)
		}
	})
}
