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

// block is a block of tasks.bin whose checksum, directory and row counts have
// been verified, with its columns still coded.
type block struct {
	blockHeader
	tables  []tableEntry
	columns []columnEntry
}

// rows returns the number of rows of a table.
func (b *block) rows(table uint64) int {
	for _, t := range b.tables {
		if t.id == table {
			return int(t.rows)
		}
	}
	return 0
}

// parseBlock reads a whole block, whose columns then point into data.
func parseBlock(data []byte) (*block, error) {
	header, body, err := openBlock(data)
	if err != nil {
		return nil, err
	}
	b := &block{blockHeader: header}
	rest, err := b.parseTables(body, len(data))
	if err != nil {
		return nil, err
	}
	return b, b.parseColumns(rest)
}

// openBlock checks the length and the checksum of a whole block and returns
// its body.
func openBlock(data []byte) (blockHeader, []byte, error) {
	if len(data) < blockHeaderSize+blockCRCSize {
		return blockHeader{}, nil, errors.New("is too short")
	}
	header, err := parseHeader(data)
	if err != nil {
		return header, nil, err
	}
	if header.size != int64(len(data)) {
		return header, nil, fmt.Errorf("has %d bytes, its header says %d", len(data), header.size)
	}
	body := data[:len(data)-blockCRCSize]
	if crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(data[len(body):]) {
		return header, nil, errors.New("checksum does not match")
	}
	return header, body[blockHeaderSize:], nil
}

// varints reads n unsigned varints into out and returns what follows them.
func varints(data []byte, out ...*uint64) ([]byte, error) {
	for _, v := range out {
		value, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, errors.New("directory is cut off")
		}
		*v, data = value, data[n:]
	}
	return data, nil
}

// parseTables reads the row counts, and refuses more rows of known tables
// than a block of size bytes may hold.
func (b *block) parseTables(data []byte, size int) ([]byte, error) {
	var count, known uint64
	data, err := varints(data, &count)
	for i := uint64(0); err == nil && i < count; i++ {
		var t tableEntry
		if data, err = varints(data, &t.id, &t.rows); err != nil {
			break
		}
		if t.id == tablePadding || t.id > tableUsages {
			continue
		}
		if slices.ContainsFunc(b.tables, func(o tableEntry) bool { return o.id == t.id }) {
			return nil, fmt.Errorf("lists table %d twice", t.id)
		}
		if t.rows > math.MaxInt32 {
			return nil, fmt.Errorf("table %d has %d rows", t.id, t.rows)
		}
		known += t.rows
		b.tables = append(b.tables, t)
	}
	if err == nil && known > uint64(size/bytesPerRow) {
		return nil, fmt.Errorf("has %d rows, more than its %d bytes may hold", known, size)
	}
	return data, err
}

// parseColumns reads the directory and cuts the data that follows it.
func (b *block) parseColumns(data []byte) error {
	var count uint64
	data, err := varints(data, &count)
	var lengths []uint64
	for i := uint64(0); err == nil && i < count; i++ {
		var c columnEntry
		var length uint64
		if data, err = varints(data, &c.table, &c.column, &c.encoding, &length); err == nil {
			b.columns = append(b.columns, c)
			lengths = append(lengths, length)
		}
	}
	if err != nil {
		return err
	}
	for i, length := range lengths {
		if length > uint64(len(data)) {
			return fmt.Errorf("column %d of table %d is cut off", b.columns[i].column, b.columns[i].table)
		}
		b.columns[i].data, data = data[:length], data[length:]
	}
	if len(data) > 0 {
		return fmt.Errorf("has %d bytes beyond its last column", len(data))
	}
	return nil
}

// find returns the one entry of a column.
func (b *block) find(table, column uint64) (columnEntry, error) {
	var found *columnEntry
	for i := range b.columns {
		if c := &b.columns[i]; c.table == table && c.column == column {
			if found != nil {
				return columnEntry{}, fmt.Errorf("column %d of table %d is there twice", column, table)
			}
			found = c
		}
	}
	if found == nil {
		return columnEntry{}, fmt.Errorf("column %d of table %d is missing", column, table)
	}
	return *found, nil
}

// decodeTable fills rows from the columns of a table. The columns may stand
// in any order on disk; one that is relative to another follows it in columns.
func decodeTable[R any](b *block, table uint64, rows []R, columns []column[R]) error {
	if len(rows) == 0 {
		return nil
	}
	values := make([]int64, len(rows))
	for i, c := range columns {
		entry, err := b.find(table, uint64(c.id))
		if err != nil {
			return err
		}
		reference := func(id uint64, into []int64) error {
			for _, earlier := range columns[:i] {
				if uint64(earlier.id) == id {
					readColumn(into[:0], rows, earlier)
					return nil
				}
			}
			return fmt.Errorf("is relative to column %d, which is not before it", id)
		}
		if err := decodeColumn(entry.encoding, entry.data, values, reference); err != nil {
			return fmt.Errorf("column %d of table %d %w", c.id, table, err)
		}
		for j, v := range values {
			if v < c.min || v > c.max {
				return fmt.Errorf("column %d of table %d holds %d, which is out of range", c.id, table, v)
			}
			c.set(&rows[j], v)
		}
	}
	return nil
}

// decodeErrors returns the error texts by index into the block's attempts.
func (b *block) decodeErrors() (map[int]string, error) {
	rows := make([]errorRow, b.rows(tableErrors))
	if len(rows) == 0 {
		return nil, nil
	}
	if err := decodeTable(b, tableErrors, rows, errorColumns()); err != nil {
		return nil, err
	}
	texts, err := b.decodeTexts()
	if err != nil {
		return nil, err
	}
	result := make(map[int]string, len(rows))
	for _, r := range rows {
		if r.attempt < 0 || int(r.attempt) >= b.rows(tableAttempts) || r.text < 0 || int(r.text) >= len(texts) {
			return nil, fmt.Errorf("error text %d of attempt %d is not in the block", r.text, r.attempt)
		}
		result[int(r.attempt)] = texts[r.text]
	}
	return result, nil
}

func (b *block) decodeTexts() ([]string, error) {
	lengths := make([]textRow, b.rows(tableTexts))
	if err := decodeTable(b, tableTexts, lengths, textColumns()); err != nil {
		return nil, err
	}
	entry, err := b.find(tableTexts, textBytes)
	if err != nil {
		return nil, err
	}
	if entry.encoding != encBytes {
		return nil, fmt.Errorf("texts have encoding %d", entry.encoding)
	}
	texts := make([]string, len(lengths))
	data := entry.data
	for i, l := range lengths {
		if l.length > int64(len(data)) {
			return nil, fmt.Errorf("text %d is cut off", i)
		}
		texts[i], data = string(data[:l.length]), data[l.length:]
	}
	if len(data) > 0 {
		return nil, fmt.Errorf("has %d bytes beyond the last text", len(data))
	}
	return texts, nil
}

// decodeTrace puts the blocks of one trial together. Workers are not in
// blocks: the caller gives them.
func decodeTrace(blocks []*block, workers []trace.Worker) (*trace.Trace, error) {
	var chunks, deliveries, attempts int
	for _, b := range blocks {
		chunks += b.rows(tableChunks)
		deliveries += b.rows(tableDeliveries)
		attempts += b.rows(tableAttempts)
	}
	t := &trace.Trace{
		Workers:    workers,
		Chunks:     makeRows[trace.Chunk](chunks),
		Deliveries: makeRows[trace.Delivery](deliveries),
		Attempts:   makeRows[trace.Attempt](attempts),
	}
	if err := decodeJob(blocks, t); err != nil {
		return nil, err
	}
	chunks, deliveries, attempts = 0, 0, 0
	for _, b := range blocks {
		c, d, a := b.rows(tableChunks), b.rows(tableDeliveries), b.rows(tableAttempts)
		if err := b.decodeRows(t.Chunks[chunks:chunks+c], t.Deliveries[deliveries:deliveries+d], t.Attempts[attempts:attempts+a]); err != nil {
			return nil, err
		}
		texts, err := b.decodeErrors()
		if err != nil {
			return nil, err
		}
		for i, text := range texts {
			if t.Errors == nil {
				t.Errors = make(map[int]string)
			}
			t.Errors[attempts+i] = text
		}
		if t.Usages, err = b.decodeUsages(t.Usages, attempts); err != nil {
			return nil, err
		}
		chunks, deliveries, attempts = chunks+c, deliveries+d, attempts+a
	}
	return t, checkTrace(t)
}

// makeRows returns n rows, nil for none.
func makeRows[R any](n int) []R {
	if n == 0 {
		return nil
	}
	return make([]R, n)
}

// decodeJob reads the row of the job, which is in one block: the first, but
// where rows spilled before the job was over.
func decodeJob(blocks []*block, t *trace.Trace) error {
	var in *block
	for _, b := range blocks {
		switch n := b.rows(tableJob); {
		case n == 0:
		case n > 1 || in != nil:
			return errors.New("more than one row describes the job")
		default:
			in = b
		}
	}
	if in == nil {
		return errors.New("no block describes the job")
	}
	var job [1]jobRow
	if err := decodeTable(in, tableJob, job[:], jobColumns()); err != nil {
		return err
	}
	t.Tasks, t.Slots, t.Makespan = int(job[0].tasks), int(job[0].slots), job[0].makespan
	return nil
}

func (b *block) decodeRows(chunks []trace.Chunk, deliveries []trace.Delivery, attempts []trace.Attempt) error {
	if err := decodeTable(b, tableChunks, chunks, chunkColumns()); err != nil {
		return err
	}
	if err := decodeTable(b, tableDeliveries, deliveries, deliveryColumns()); err != nil {
		return err
	}
	return decodeTable(b, tableAttempts, attempts, attemptColumns())
}

// decodeUsages appends what attempts of the block used, the first of which has
// the index first.
func (b *block) decodeUsages(usages []trace.TaskUsage, first int) ([]trace.TaskUsage, error) {
	rows := makeRows[trace.TaskUsage](b.rows(tableUsages))
	if err := decodeTable(b, tableUsages, rows, usageColumns()); err != nil {
		return nil, err
	}
	last := int32(-1)
	for i := range rows {
		if rows[i].Attempt <= last || int(rows[i].Attempt) >= b.rows(tableAttempts) {
			return nil, fmt.Errorf("usage of attempt %d is not in the block, or out of turn", rows[i].Attempt)
		}
		last = rows[i].Attempt
		rows[i].Attempt += int32(first)
	}
	return append(usages, rows...), nil
}
