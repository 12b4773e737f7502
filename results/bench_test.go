package results

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"corecast/runner/trace"
)

// millionTasks returns a plausible job: 64 workers, chunks of the given
// number of tasks, task times of about 5 ms, some tens of microseconds between
// events, in the order in which workers ran the tasks.
func millionTasks(perChunk int) *trace.Trace {
	const tasks, workers = 1_000_000, 64
	r := rand.New(rand.NewPCG(1, 2))
	t := &trace.Trace{Tasks: tasks, Slots: workers, Workers: make([]trace.Worker, workers)}
	var free [workers]trace.Time
	step := func() trace.Time { return trace.Time(5_000 + r.Int64N(60_000)) }
	for i := range t.Workers {
		t.Workers[i].Slot = int32(i)
	}
	for task := 0; task < tasks; {
		worker := 0
		for i := range free {
			if free[i] < free[worker] {
				worker = i
			}
		}
		now := free[worker]
		c := trace.Chunk{Dispatched: now, ReceiveStart: now + step(), Bytes: 100 + r.Int64N(50), Worker: int32(worker)}
		c.Arrived = c.ReceiveStart + step()
		now = c.Arrived
		for n := 0; n < perChunk && task < tasks; n++ {
			a := trace.Attempt{FuncStart: now + trace.Time(200+r.Int64N(1000)), Declared: trace.Unknown, BytesIn: 12 + r.Int64N(4),
				BytesOut: 40 + r.Int64N(20), Task: int32(task), Chunk: int32(len(t.Chunks)), Delivery: int32(len(t.Deliveries)), ReplacedBy: -1}
			a.FuncEnd = a.FuncStart + trace.Time(4_000_000+r.Int64N(2_000_000))
			now = a.FuncEnd
			t.Attempts = append(t.Attempts, a)
			task++
		}
		d := trace.Delivery{SendStart: now + step(), Bytes: 100, Worker: int32(worker)}
		d.Stored = d.SendStart + step()
		d.Received = d.Stored + step()
		free[worker] = d.Received
		t.Chunks, t.Deliveries = append(t.Chunks, c), append(t.Deliveries, d)
		t.Makespan = max(t.Makespan, d.Received)
	}
	return t
}

func BenchmarkMillionTasks(b *testing.B) {
	for _, perChunk := range []int{1, 4, 100} {
		tr := millionTasks(perChunk)
		blocks := encodeAll(b, tr, 0)
		bytes := 0
		for _, data := range blocks {
			bytes += len(data)
		}
		b.Run(fmt.Sprintf("chunk=%d/encode", perChunk), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var builder blockBuilder
				for part := range blockCount(rowsOf(tr)) {
					if _, err := builder.encode(rowsOf(tr), jobOf(tr), part, 0, part); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(bytes)/1e6, "MB")
		})
		b.Run(fmt.Sprintf("chunk=%d/decode", perChunk), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decodeAll(blocks, tr.Workers); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("chunk=%d/write", perChunk), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				w, err := Create(filepath.Join(b.TempDir(), "run"), Header{ID: "x"})
				check(b, err)
				b.StartTimer()
				check(b, w.Trial(Trial{Tasks: tr.Tasks, Slots: tr.Slots}, tr))
				b.StopTimer()
				check(b, w.Close())
				b.StartTimer()
			}
		})
	}
}

// A million tasks take at most 20 MB, however they were handed out in chunks
// of four and more.
func TestMillionTasksAreSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("encodes two million tasks")
	}
	for _, perChunk := range []int{4, 100} {
		var b blockBuilder
		tr, bytes := millionTasks(perChunk), 0
		for part := range blockCount(rowsOf(tr)) {
			data, err := b.encode(rowsOf(tr), jobOf(tr), part, 0, part)
			check(t, err)
			bytes += len(data)
		}
		t.Logf("chunks of %d: %.1f MB", perChunk, float64(bytes)/1e6)
		if bytes > 20_000_000 {
			t.Errorf("chunks of %d: %d bytes", perChunk, bytes)
		}
	}
}
