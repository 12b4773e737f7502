package exchange

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corecast/internal/clock"
)

const testSilence = 30 * time.Second

// answerPings answers what a worker is asked from the first frame on, until
// the stream ends, and returns how often it was.
func (w *script) answerPings() <-chan int {
	asked := make(chan int, 1)
	go func() {
		n := 0
		defer func() { asked <- n }()
		for {
			kind, body, err := w.r.Next(nil)
			if err != nil {
				return
			}
			if kind == FramePing {
				n++
				number, err := ParsePing(body)
				if err != nil {
					w.t.Error(err)
				}
				w.write(must(AppendPong(nil, number, clock.Now())))
			}
		}
	}()
	return asked
}

// A worker that is at a long task, and answers, is left alone.
func TestNotSilent(t *testing.T) {
	inBubble(t, "answers", func(t *testing.T) {
		w := newScript(t)
		w.hello()
		asked := w.answerPings()
		w.link.Open(Spec{ID: 1, Job: w.job, Silence: testSilence})
		time.Sleep(time.Hour)
		events := w.end()
		if len(events) != 1 || w.killed != 0 || w.err != nil {
			t.Errorf("events %v, killed %d times, error %v", kinds(events), w.killed, w.err)
		}
		if n := <-asked; n < 150 || n > 365 {
			t.Errorf("asked %d times in an hour", n)
		}
	})
	inBubble(t, "no limit", func(t *testing.T) {
		w := newScript(t)
		w.hello()
		asked := w.answerPings()
		w.link.Open(Spec{ID: 1, Job: w.job})
		time.Sleep(time.Hour)
		w.end()
		if n := <-asked; n != 0 || w.killed != 0 {
			t.Errorf("asked %d times, killed %d times", n, w.killed)
		}
	})
	// Between two jobs nobody asks, and the next job begins anew.
	inBubble(t, "no job", func(t *testing.T) {
		w := newScript(t)
		w.hello()
		w.link.Open(Spec{ID: 1, Job: w.job, Silence: testSilence})
		w.read(FrameOpen)
		w.link.Finish(false)
		w.read(FrameFinish)
		w.write(must(AppendDone(nil, Stats{JobID: 1})))
		synctest.Wait()
		time.Sleep(time.Hour)
		w.link.Open(Spec{ID: 2, Job: w.job, Silence: testSilence})
		w.read(FrameOpen)
		time.Sleep(testSilence / 2)
		w.end()
		if w.killed != 0 || w.err != nil {
			t.Errorf("killed %d times, error %v", w.killed, w.err)
		}
	})
	// A large input that arrives slowly is a sign of life.
	inBubble(t, "reads slowly", func(t *testing.T) {
		w := newScript(t)
		w.hello()
		w.job.inputs[0] = make([]byte, 10*piece)
		w.link.Open(Spec{ID: 1, Job: w.job, Silence: testSilence})
		w.link.Send(Chunk{ID: 1, Lo: 0, Hi: 1})
		w.link.Flush()
		buf := make([]byte, piece)
		for range 10 {
			for n := 0; n < piece; {
				m, err := w.conn.Read(buf[n:])
				if err != nil {
					t.Fatalf("after %d bytes: %v", n, err)
				}
				n += m
			}
			time.Sleep(testSilence / 2)
		}
		w.end()
		if w.killed != 0 {
			t.Errorf("killed %d times: %v", w.killed, w.err)
		}
	})
}

// A worker that says nothing is killed when its time is up, whether it reads
// or not, and whatever is written to it meanwhile.
func TestSilent(t *testing.T) {
	for _, test := range []struct {
		name string
		work func(w *script)
	}{
		{"reads", func(w *script) {
			go func() {
				for buf := make([]byte, 1<<10); ; {
					if _, err := w.conn.Read(buf); err != nil {
						return
					}
				}
			}()
		}},
		{"does not read", func(*script) {}},
		{"delivered before", func(w *script) {
			w.read(FrameOpen)
			w.write(w.echo(w.chunk(), 5, 3))
		}},
	} {
		inBubble(t, test.name, func(t *testing.T) {
			w := newScript(t)
			w.hello()
			began := time.Now()
			w.link.Open(Spec{ID: 1, Job: w.job, Stamps: true, Silence: testSilence})
			w.link.Send(Chunk{ID: 10, Lo: 5, Hi: 8})
			w.link.Flush()
			test.work(w)
			<-w.served
			took := time.Since(began)
			if !errors.Is(w.err, ErrSilent) || w.fatal || w.killed != 1 || !strings.Contains(w.err.Error(), "30s") {
				t.Errorf("fatal %v, killed %d times, error %v", w.fatal, w.killed, w.err)
			}
			if took < testSilence || took > testSilence*4/3+time.Second {
				t.Errorf("after %v", took)
			}
			w.conn.Close()
		})
	}
}

// A worker that has a stream and does not say hello is given up.
func TestNeverReady(t *testing.T) {
	inBubble(t, "nothing", func(t *testing.T) {
		w := newScript(t)
		<-w.served
		if !errors.Is(w.err, ErrSilent) || w.killed != 1 || !strings.Contains(w.err.Error(), "not ready after 30s") {
			t.Errorf("killed %d times, error %v", w.killed, w.err)
		}
		w.conn.Close()
	})
	inBubble(t, "clocks are not compared", func(t *testing.T) {
		w := newSkewed(t, 0)
		w.read(FramePing)
		<-w.served
		if !errors.Is(w.err, ErrSilent) || w.killed != 1 || len(w.end()) != 0 {
			t.Errorf("killed %d times, error %v", w.killed, w.err)
		}
	})
}
