package results

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"corecast/runner/trace"
)

// The layout of tasks.bin (docs/record.md): a magic number, then blocks.
const (
	tasksMagic   = "cctasks"
	tasksVersion = 1
	magicSize    = len(tasksMagic) + 1

	// A block: marker, length of what follows the header, trial, part; the
	// body; a CRC-32C over all of it.
	blockMarker     = "cblk"
	blockHeaderSize = 16
	blockCRCSize    = 4

	// blockRows is how many rows of each table go into one block at most.
	blockRows = 1 << 16
	// bytesPerRow is how many bytes a block has at least for each of its
	// rows, so that what a block decodes to is bounded by its length.
	bytesPerRow = 4
)

// tableEntry and columnEntry are the directory of a block.
type tableEntry struct{ id, rows uint64 }

type columnEntry struct {
	table, column, encoding uint64
	data                    []byte
}

// blockBuilder collects the columns of one block. Its buffers are used again
// for the next one.
type blockBuilder struct {
	tables            []tableEntry
	directory, data   []byte
	columns           uint64
	values, reference []int64
	out               []byte
}

// blockCount returns how many blocks rows take: one at least.
func blockCount(r trace.Rows) int {
	rows := max(len(r.Chunks), len(r.Deliveries), len(r.Attempts), 1)
	return (rows + blockRows - 1) / blockRows
}

// rowsOf returns what a trace holds as rows.
func rowsOf(t *trace.Trace) trace.Rows {
	return trace.Rows{Chunks: t.Chunks, Deliveries: t.Deliveries, Attempts: t.Attempts, Usages: t.Usages, Errors: t.Errors}
}

// jobOf returns the row that describes a trace's job.
func jobOf(t *trace.Trace) *jobRow { return &jobRow{int64(t.Tasks), int64(t.Slots), t.Makespan} }

// encode returns the k-th block of rows, as that part of the trial; job goes
// into the first of them unless it is nil. The block is valid until the next
// call.
func (b *blockBuilder) encode(r trace.Rows, job *jobRow, k, trial, part int) ([]byte, error) {
	b.tables, b.directory, b.data, b.columns = b.tables[:0], b.directory[:0], b.data[:0], 0
	if job != nil && k == 0 {
		addTable(b, tableJob, []jobRow{*job}, jobColumns())
	}
	addTable(b, tableChunks, cutRows(r.Chunks, k), chunkColumns())
	addTable(b, tableDeliveries, cutRows(r.Deliveries, k), deliveryColumns())
	attempts := cutRows(r.Attempts, k)
	addTable(b, tableAttempts, attempts, attemptColumns())
	b.addErrors(r.Errors, k*blockRows, len(attempts))
	addTable(b, tableUsages, usagesOf(r.Usages, k*blockRows, len(attempts)), usageColumns())
	return b.assemble(trial, part)
}

// cutRows returns the rows of a table that go into the k-th block.
func cutRows[R any](rows []R, k int) []R {
	from := min(k*blockRows, len(rows))
	return rows[from:min(from+blockRows, len(rows))]
}

// addTable appends the columns of a table that has rows.
func addTable[R any](b *blockBuilder, table uint64, rows []R, columns []column[R]) {
	if len(rows) == 0 {
		return
	}
	b.tables = append(b.tables, tableEntry{table, uint64(len(rows))})
	for _, c := range columns {
		b.values = readColumn(b.values, rows, c)
		var reference []int64
		if c.ref != 0 {
			b.reference = readColumn(b.reference, rows, columns[slices.IndexFunc(columns, func(o column[R]) bool { return o.id == c.ref })])
			reference = b.reference
		}
		start := len(b.data)
		var encoding uint8
		b.data, encoding = appendColumn(b.data, b.values, reference, c.ref)
		b.addEntry(table, uint64(c.id), encoding, len(b.data)-start)
	}
}

// readColumn returns the column's values of all rows, in dst where it is
// large enough.
func readColumn[R any](dst []int64, rows []R, c column[R]) []int64 {
	dst = slices.Grow(dst[:0], len(rows))[:len(rows)]
	for i := range rows {
		dst[i] = c.get(&rows[i])
	}
	return dst
}

func (b *blockBuilder) addEntry(table, column uint64, encoding uint8, length int) {
	b.columns++
	b.directory = binary.AppendUvarint(b.directory, table)
	b.directory = binary.AppendUvarint(b.directory, column)
	b.directory = binary.AppendUvarint(b.directory, uint64(encoding))
	b.directory = binary.AppendUvarint(b.directory, uint64(length))
}

// addErrors appends the error texts of n attempts from index first on; a text
// that occurs more than once is stored once.
func (b *blockBuilder) addErrors(errorTexts map[int]string, first, n int) {
	var indices []int
	for i := range errorTexts {
		if i >= first && i < first+n {
			indices = append(indices, i)
		}
	}
	if len(indices) == 0 {
		return
	}
	slices.Sort(indices)
	var rows []errorRow
	var texts []textRow
	var joined []byte
	seen := make(map[string]int32)
	for _, i := range indices {
		text := errorTexts[i]
		id, ok := seen[text]
		if !ok {
			id = int32(len(texts))
			seen[text] = id
			texts = append(texts, textRow{int64(len(text))})
			joined = append(joined, text...)
		}
		rows = append(rows, errorRow{int32(i - first), id})
	}
	addTable(b, tableErrors, rows, errorColumns())
	addTable(b, tableTexts, texts, textColumns())
	b.data = append(b.data, joined...)
	b.addEntry(tableTexts, textBytes, encBytes, len(joined))
}

// usagesOf returns what the n attempts from index first on used, by their rows
// in the block.
func usagesOf(usages []trace.TaskUsage, first, n int) []trace.TaskUsage {
	at := func(i int) int {
		k, _ := slices.BinarySearchFunc(usages, int32(i), func(u trace.TaskUsage, i int32) int { return int(u.Attempt) - int(i) })
		return k
	}
	rows := slices.Clone(usages[at(first):at(first+n)])
	for i := range rows {
		rows[i].Attempt -= int32(first)
	}
	return rows
}

// assemble puts header, directory, data and checksum together.
func (b *blockBuilder) assemble(trial, part int) ([]byte, error) {
	rows := uint64(0)
	for _, t := range b.tables {
		rows += t.rows
	}
	size := len(b.data) + len(b.directory) + blockHeaderSize + blockCRCSize
	if missing := int(rows)*bytesPerRow - size; missing > 0 {
		b.data = append(b.data, make([]byte, missing)...)
		b.addEntry(tablePadding, 0, encBytes, missing)
	}
	out := beginBlock(b.out[:0], trial, part)
	out = binary.AppendUvarint(out, uint64(len(b.tables)))
	for _, t := range b.tables {
		out = binary.AppendUvarint(binary.AppendUvarint(out, t.id), t.rows)
	}
	out = binary.AppendUvarint(out, b.columns)
	out = append(append(out, b.directory...), b.data...)
	var err error
	b.out, err = endBlock(out)
	return b.out, err
}

// beginBlock appends the header of a block to dst, which is empty.
func beginBlock(dst []byte, trial, part int) []byte {
	dst = append(dst, blockMarker...)
	dst = append(dst, 0, 0, 0, 0) // the length, set by endBlock
	dst = binary.LittleEndian.AppendUint32(dst, uint32(trial))
	return binary.LittleEndian.AppendUint32(dst, uint32(part))
}

// endBlock sets the length of a block and appends its checksum.
func endBlock(b []byte) ([]byte, error) {
	body := len(b) - blockHeaderSize
	if body > math.MaxUint32-blockHeaderSize-blockCRCSize {
		return nil, fmt.Errorf("block of %d bytes is longer than the format allows", body)
	}
	binary.LittleEndian.PutUint32(b[4:], uint32(body))
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))), nil
}

// blockHeader is what the first bytes of a block tell.
type blockHeader struct {
	size        int64 // of the whole block
	trial, part int
}

// parseHeader reads the first blockHeaderSize bytes of a block.
func parseHeader(data []byte) (blockHeader, error) {
	if string(data[:4]) != blockMarker {
		return blockHeader{}, errors.New("does not begin as a block does")
	}
	return blockHeader{
		size:  blockHeaderSize + int64(binary.LittleEndian.Uint32(data[4:])) + blockCRCSize,
		trial: int(binary.LittleEndian.Uint32(data[8:])),
		part:  int(binary.LittleEndian.Uint32(data[12:])),
	}, nil
}
