package work

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"corecast/internal/clock"
	"corecast/runner/exchange"
)

// serving is a run of calls of a function by a worker process: the tasks from
// the from-th to before the to-th of a chunk, whose inputs in holds and whose
// results out takes.
type serving struct {
	in       *exchange.Inbound
	out      *exchange.Results
	from, to int
	stop     *atomic.Uint32
	guard    exchange.Guard
	// meter measures long tasks, while metered is set.
	meter   *meter
	metered bool
	// start and end bracket the last call.
	start, end int64
}

// fullAt is how many bytes of results travel together.
const fullAt = exchange.RawSize

// maxResult bounds a result, so that it fits into one message behind those
// that it travels with.
const maxResult = exchange.MaxFrame - 2*fullAt

// serve decodes inputs, calls the function and encodes its results, until a
// task fails, the worker is to stop, or there are results enough to be sent. It
// returns the index behind the last task and that one's error. The stamps
// bracket the function alone.
func (f *Func[In, Out]) serve(ctx context.Context, s *serving) (next int, err error) {
	k := s.from
	within := false // the function
	defer func() {
		if v := recover(); v != nil {
			next, err = k+1, Caught(v)
			switch {
			case within:
				err = s.returned(err)
			case s.start == 0:
				s.start = clock.Now()
				s.end = s.start
			}
		}
	}()
	for ; k < s.to && s.stop.Load() == 0 && s.out.Bytes() < fullAt; k++ {
		s.start = 0
		in, err := f.input(s)
		if s.metered {
			s.meter.begin()
		}
		s.start = clock.Now()
		if err != nil {
			s.end = s.start
			return k + 1, err
		}
		within = true
		if s.guard != nil {
			s.guard.Enter()
		}
		value, err := f.call(ctx, in)
		within = false
		if err = s.returned(err); err != nil {
			return k + 1, err
		}
		if err := f.result(s, value); err != nil {
			return k + 1, err
		}
	}
	return k, nil
}

// returned notes that the function returned err, or that nobody waits for it.
func (s *serving) returned(err error) error {
	end := clock.Now()
	if s.guard != nil && !s.guard.Leave() {
		return exchange.ErrGivenUp
	}
	s.end = end
	if took := end - s.start; s.metered || took >= meterAfter {
		s.out.Used(s.meter.end(took))
	}
	return err
}

// input takes the next input.
func (f *Func[In, Out]) input(s *serving) (in In, err error) {
	payload, reason, err := s.in.Next()
	switch {
	case err != nil:
		return in, err
	case reason != "":
		return in, errors.New(reason)
	}
	if in, err = f.in.Decode(payload); err != nil {
		return in, &codecError{"decode the input of " + f.name, err}
	}
	return in, nil
}

// result keeps a result.
func (f *Func[In, Out]) result(s *serving, value Out) error {
	buf := s.out.Entry(s.start, s.end)
	if f.out.Raw != nil {
		raw := f.out.Raw(value)
		if err := bounded(len(raw)); err != nil {
			return err
		}
		if len(raw) >= exchange.RawSize {
			s.out.AddRaw(buf, raw)
			return nil
		}
	}
	buf, err := f.out.Encode(buf, value)
	if err != nil {
		return &codecError{"encode the result of " + f.name, err}
	}
	if err := bounded(s.out.Size(buf)); err != nil {
		return err
	}
	s.out.Add(buf)
	return nil
}

// bounded refuses a result of n bytes that does not fit into a message.
func bounded(n int) error {
	if n > maxResult {
		return fmt.Errorf("send the result: %d bytes are over the limit of %d", n, maxResult)
	}
	return nil
}
