package results

import (
	"math"

	"corecast/runner/trace"
)

// The tables of a block of tasks.bin. A reader passes over others.
const (
	tablePadding    = 0 // not read: keeps a block as long as its rows demand
	tableJob        = 1
	tableChunks     = 2
	tableDeliveries = 3
	tableAttempts   = 4
	tableErrors     = 5
	tableTexts      = 6
	tableUsages     = 7
)

// column is one column of a table with rows of type R: its identifier on
// disk, the column (0: none) that its values stay close to, and the range of
// values that its field can hold.
type column[R any] struct {
	id, ref  uint8
	min, max int64
	get      func(*R) int64
	set      func(*R, int64)
}

// timeColumn is a column of times, whose smallest value is unknown.
func timeColumn[R any](id, ref uint8, field func(*R) *trace.Time) column[R] {
	return column[R]{id: id, ref: ref, min: math.MinInt64, max: math.MaxInt64,
		get: func(r *R) int64 { return int64(*field(r)) },
		set: func(r *R, v int64) { *field(r) = trace.Time(v) }}
}

func wideColumn[R any](id uint8, field func(*R) *int64) column[R] {
	return column[R]{id: id, min: math.MinInt64, max: math.MaxInt64,
		get: func(r *R) int64 { return *field(r) },
		set: func(r *R, v int64) { *field(r) = v }}
}

func indexColumn[R any](id uint8, field func(*R) *int32) column[R] {
	return column[R]{id: id, min: math.MinInt32, max: math.MaxInt32,
		get: func(r *R) int64 { return int64(*field(r)) },
		set: func(r *R, v int64) { *field(r) = int32(v) }}
}

// jobRow is the one row of table job.
type jobRow struct {
	tasks, slots int64
	makespan     trace.Time
}

func jobColumns() []column[jobRow] {
	tasks := wideColumn(1, func(r *jobRow) *int64 { return &r.tasks })
	slots := wideColumn(2, func(r *jobRow) *int64 { return &r.slots })
	tasks.min, tasks.max = 0, math.MaxInt32
	slots.min, slots.max = 0, math.MaxInt32
	return []column[jobRow]{tasks, slots,
		timeColumn(3, 0, func(r *jobRow) *trace.Time { return &r.makespan }),
	}
}

func chunkColumns() []column[trace.Chunk] {
	type row = trace.Chunk
	return []column[row]{
		timeColumn(1, 0, func(r *row) *trace.Time { return &r.Dispatched }),
		timeColumn(2, 1, func(r *row) *trace.Time { return &r.ReceiveStart }),
		timeColumn(3, 2, func(r *row) *trace.Time { return &r.Arrived }),
		wideColumn(4, func(r *row) *int64 { return &r.Bytes }),
		indexColumn(5, func(r *row) *int32 { return &r.Worker }),
	}
}

func deliveryColumns() []column[trace.Delivery] {
	type row = trace.Delivery
	return []column[row]{
		timeColumn(1, 0, func(r *row) *trace.Time { return &r.SendStart }),
		timeColumn(2, 1, func(r *row) *trace.Time { return &r.Stored }),
		timeColumn(3, 2, func(r *row) *trace.Time { return &r.Received }),
		wideColumn(4, func(r *row) *int64 { return &r.Bytes }),
		indexColumn(5, func(r *row) *int32 { return &r.Worker }),
	}
}

func attemptColumns() []column[trace.Attempt] {
	type row = trace.Attempt
	return []column[row]{
		timeColumn(1, 0, func(r *row) *trace.Time { return &r.FuncStart }),
		timeColumn(2, 1, func(r *row) *trace.Time { return &r.FuncEnd }),
		timeColumn(3, 2, func(r *row) *trace.Time { return &r.Declared }),
		wideColumn(4, func(r *row) *int64 { return &r.BytesIn }),
		wideColumn(5, func(r *row) *int64 { return &r.BytesOut }),
		indexColumn(6, func(r *row) *int32 { return &r.Task }),
		indexColumn(7, func(r *row) *int32 { return &r.Number }),
		indexColumn(8, func(r *row) *int32 { return &r.Chunk }),
		indexColumn(9, func(r *row) *int32 { return &r.Delivery }),
		indexColumn(10, func(r *row) *int32 { return &r.ReplacedBy }),
		{id: 11, min: 0, max: math.MaxUint8,
			get: func(r *row) int64 { return int64(r.Outcome) },
			set: func(r *row, v int64) { r.Outcome = trace.Outcome(v) }},
	}
}

// errorRow ties an attempt of the block to a text of the block.
type errorRow struct{ attempt, text int32 }

func errorColumns() []column[errorRow] {
	return []column[errorRow]{
		indexColumn(1, func(r *errorRow) *int32 { return &r.attempt }),
		indexColumn(2, func(r *errorRow) *int32 { return &r.text }),
	}
}

// textRow is the length of a text; the bytes of all texts are column
// textBytes, one after another.
type textRow struct{ length int64 }

const textBytes = 2

func textColumns() []column[textRow] {
	length := wideColumn(1, func(r *textRow) *int64 { return &r.length })
	length.min, length.max = 0, math.MaxUint32
	return []column[textRow]{length}
}

// usageColumns are those of what attempts used; the attempt is a row of the
// block.
func usageColumns() []column[trace.TaskUsage] {
	type row = trace.TaskUsage
	return []column[row]{
		indexColumn(1, func(r *row) *int32 { return &r.Attempt }),
		timeColumn(2, 0, func(r *row) *trace.Time { return &r.CPU }),
		wideColumn(3, func(r *row) *int64 { return &r.Voluntary }),
		wideColumn(4, func(r *row) *int64 { return &r.Involuntary }),
		wideColumn(5, func(r *row) *int64 { return &r.PeakMemory }),
		timeColumn(6, 0, func(r *row) *trace.Time { return &r.Throttled }),
	}
}
