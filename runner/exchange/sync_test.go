package exchange

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"corecast/internal/clock"
)

// skewed is a scripted worker whose clock is ahead of the driver's.
type skewed struct {
	*script
	ahead time.Duration
}

// newSkewed starts a Stream to a worker that has said hello at the time of its
// clock.
func newSkewed(t *testing.T, ahead time.Duration) *skewed {
	w := &skewed{script: newScript(t), ahead: ahead}
	w.link.config.SameClock = false
	w.write(must(AppendHello(nil, Hello{Build: "build", PID: 77, Ready: w.now()})))
	w.r = NewFrameReader(w.conn, w.wrote)
	return w
}

func (w *skewed) now() int64 { return clock.Now() + int64(w.ahead) }

// answer answers a ping that took so long to come, by a pong that takes so long
// to go back.
func (w *skewed) answer(there, back time.Duration) {
	w.t.Helper()
	number, err := ParsePing(w.read(FramePing))
	if err != nil {
		w.t.Fatal(err)
	}
	time.Sleep(there)
	at := w.now()
	time.Sleep(back)
	w.write(must(AppendPong(nil, number, at)))
}

// answerAll answers as many pings as a comparison of short exchanges sends.
func (w *skewed) answerAll() {
	for range mostPings {
		w.answer(10*time.Microsecond, 10*time.Microsecond)
	}
}

// wantClock checks that the event's offset is right to within its uncertainty,
// and that this is as expected.
func (w *skewed) wantClock(e Event, uncertainty time.Duration) {
	w.t.Helper()
	if off := e.ClockOffset + int64(w.ahead); distance(off, 0) > e.ClockUncertainty {
		w.t.Errorf("offset %d is wrong by %d, with an uncertainty of %d", e.ClockOffset, off, e.ClockUncertainty)
	}
	if time.Duration(e.ClockUncertainty) != uncertainty {
		w.t.Errorf("uncertainty %v, want %v", time.Duration(e.ClockUncertainty), uncertainty)
	}
}

// TestCompare has ways there and back that take unlike times, so that the
// middle of an exchange is as wrong as it can be.
func TestCompare(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name        string
		there, back []time.Duration
		uncertainty time.Duration
	}{
		{"short", []time.Duration{ms, ms, 0, ms, ms, ms, ms, ms}, []time.Duration{ms, 0, ms / 2, ms, ms, ms, ms, ms}, ms / 4},
		// After 20 ms three are enough.
		{"long", []time.Duration{30 * ms, 9 * ms, 50 * ms}, []time.Duration{0, 3 * ms, 0}, 6 * ms},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			w := newSkewed(t, -time.Hour)
			sent := clock.Now()
			for i := range test.there {
				w.answer(test.there[i], test.back[i])
			}
			synctest.Wait()
			e := w.end()
			if len(e) != 1 || e[0].Kind != Ready || e[0].Link != w.link {
				t.Fatalf("events %+v, want Ready", e)
			}
			w.wantClock(e[0], test.uncertainty)
			if distance(e[0].At, sent) > e[0].ClockUncertainty {
				t.Errorf("ready at %d, want %d", e[0].At, sent)
			}
		})
	}
}

// TestCompareAgain has a worker whose clock runs apart during a job: the job
// keeps its offset and says how far off it may be, the next has a new one.
func TestCompareAgain(t *testing.T) {
	const round = 10 * time.Microsecond
	inBubble(t, "drift", func(t *testing.T) {
		w := newSkewed(t, time.Second)
		w.answerAll()
		w.link.Open(Spec{ID: 1, Job: w.job})
		w.read(FrameOpen) // no ping: the clocks were compared just now
		w.ahead += 300 * time.Microsecond
		time.Sleep(time.Minute)
		w.link.Finish(false)
		w.answerAll()
		w.read(FrameFinish)
		w.write(must(AppendDone(nil, Stats{JobID: 1})))
		time.Sleep(time.Minute)
		w.link.Open(Spec{ID: 2, Job: w.job})
		w.answerAll()
		w.read(FrameOpen)
		w.link.Finish(true)
		w.read(FrameFinish) // nor does a job that was cancelled wait for one
		e := w.end()
		if diff := cmp.Diff([]EventKind{Ready, Synced, Synced, Closed, Synced}, kinds(e)); diff != "" {
			t.Fatalf("events (-want +got):\n%s", diff)
		}
		w.wantClock(e[2], round+300*time.Microsecond)
		w.wantClock(e[4], round)
		w.ahead -= 300 * time.Microsecond
		w.wantClock(e[0], round)
		w.wantClock(e[1], round)
		if e[2].ClockOffset != e[1].ClockOffset {
			t.Errorf("the offset of a job changed from %d to %d", e[1].ClockOffset, e[2].ClockOffset)
		}
	})
}

// TestCompareEnds has workers that go, or say nonsense, while clocks are
// compared: they never were ready.
func TestCompareEnds(t *testing.T) {
	for _, test := range []struct {
		name string
		send func(w *skewed)
	}{
		{"no answer", func(w *skewed) { w.read(FramePing) }},
		{"not read", func(*skewed) {}},
		{"other numbers", func(w *skewed) {
			w.read(FramePing)
			for n := range uint32(5) {
				w.write(must(AppendPong(nil, n+2, 1)))
			}
		}},
		{"torn", func(w *skewed) {
			w.read(FramePing)
			w.write(must(EndFrame(append(BeginFrame(nil, FramePong), 1, 0), 0)))
		}},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			w := newSkewed(t, 0)
			test.send(w)
			if e := w.end(); len(e) != 0 {
				t.Errorf("events %+v", e)
			}
		})
	}
}
