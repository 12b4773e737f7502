package capacity

import (
	"context"
	"errors"
	"fmt"
	"math"

	"corecast/results"
)

// Confidence is that of promises unless another is wished.
const Confidence = 0.95

// Wish is what is asked for. Tasks is required; a deadline or budget of 0 means
// that there is none.
type Wish struct {
	// Tasks is how many the job has.
	Tasks int
	// Deadline is in seconds from the submission, Budget in USD.
	Deadline, Budget float64
	// Confidence is the probability with which a deadline or a budget is to be
	// kept; 0 means [Confidence].
	Confidence float64
	// MaxCores bounds the search; 0: what the place allows, or
	// [DefaultReach] times the largest core count that was measured.
	MaxCores int
}

// check refuses a wish that cannot be.
func (w *Wish) check() error {
	switch {
	case w.Tasks < 1:
		return fmt.Errorf("%d tasks: at least 1", w.Tasks)
	case w.Deadline < 0 || math.IsNaN(w.Deadline) || math.IsInf(w.Deadline, 0):
		return fmt.Errorf("a deadline of %g s is past", w.Deadline)
	case w.Budget < 0 || math.IsNaN(w.Budget) || math.IsInf(w.Budget, 0):
		return fmt.Errorf("a budget of %g USD is none", w.Budget)
	case !(w.Confidence > 0 && w.Confidence < 1):
		return fmt.Errorf("a confidence of %g is not between 0 and 1", w.Confidence)
	case w.MaxCores < 0:
		return fmt.Errorf("at most %d cores: at least 1", w.MaxCores)
	}
	return nil
}

// Draws are equally likely outcomes of a job. Makespan and Cost of an index
// belong together, and the same index of two core counts met the same chances,
// so that they can be compared one by one.
type Draws struct {
	// Makespan is in seconds, Cost in USD (nil without a price list),
	// CoreSeconds what workers lived for.
	Makespan, Cost, CoreSeconds []float64
	Warnings                    []results.Warning
}

// Forecaster says what comes of a job on so many workers.
type Forecaster interface {
	// Forecast returns draws draws of a job of tasks on workers.
	Forecast(ctx context.Context, workers, tasks, draws int) (Draws, error)
	// Doubt is the half width, in ln of the makespan at a standard deviation,
	// that a forecast has because workers were not measured, given the core
	// counts that were, in workers.
	Doubt(workers int, measured []int) float64
	// Noise is the standard deviation, in ln, by which one run differs from the
	// next where both were measured.
	Noise() float64
	// Measured are the numbers of workers that were.
	Measured() []int
}

// Place is where the job could run: a backend with a price list and a size of
// its instances.
type Place struct {
	Forecaster
	Backend string
	// Price names the list; empty: none.
	Price string
	// VCPU and Memory (bytes; 0: no limit) are what each worker has.
	VCPU   float64
	Memory int64
	// Limit is how many workers may run at a time, by Quota; 0: no limit is
	// known.
	Limit int
	Quota string
}

// cores is what so many workers are; a worker below one vCPU is a core.
func (p *Place) cores(workers int) int { return int(math.Round(float64(workers) * max(1, p.VCPU))) }

// workers is how many workers make at most so many cores.
func (p *Place) workers(cores int) int { return int(float64(cores)/max(1, p.VCPU) + 1e-9) }

// errNothing is the error of places without any.
var errNothing = errors.New("there is no place to plan for")
