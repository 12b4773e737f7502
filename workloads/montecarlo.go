package workloads

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"

	"corecast/runner"
)

// MonteCarlo estimates a number by random samples: pi, or the price of a
// European option.
//
// Samples come in blocks of blockSamples, each with a random stream of its own
// made from the seed and the block's index, and block sums are added in the
// order of blocks: the answer is the same to the last bit however blocks are
// dealt to tasks and tasks to workers.
type MonteCarlo struct {
	Samples    int64  `json:"size"`
	RandomSeed uint64 `json:"seed"`
	// Model is pi or option.
	Model string `json:"model"`
	// TaskSamples is how many samples a task draws, rounded up to whole blocks.
	TaskSamples int64 `json:"task_samples"`
	// The option: a call on an asset that follows geometric Brownian motion.
	// Rate and Volatility are per year, Maturity in years.
	Spot       float64 `json:"spot"`
	Strike     float64 `json:"strike"`
	Rate       float64 `json:"rate"`
	Volatility float64 `json:"volatility"`
	Maturity   float64 `json:"maturity"`
}

// blockSamples is the number of samples that share a random stream.
const blockSamples = 1 << 16

// NewMonteCarlo returns the workload with its default settings.
func NewMonteCarlo() Workload {
	return &MonteCarlo{
		Samples: 200_000_000, RandomSeed: 1, Model: "pi", TaskSamples: 1 << 20,
		Spot: 100, Strike: 105, Rate: 0.05, Volatility: 0.2, Maturity: 1,
	}
}

// Name returns montecarlo.
func (w *MonteCarlo) Name() string { return "montecarlo" }

// Summary says what it computes.
func (w *MonteCarlo) Summary() string {
	return "estimate pi, or the price of a European option, by random samples"
}

// Examples returns command lines.
func (w *MonteCarlo) Examples() []string {
	return []string{"montecarlo --size 1e8 --model pi", "montecarlo --model option --strike 110 --seed 7"}
}

// Bind declares the settings.
func (w *MonteCarlo) Bind(fs *flag.FlagSet) {
	fs.Var((*sizeValue)(&w.Samples), "size", "number of samples")
	fs.Uint64Var(&w.RandomSeed, "seed", w.RandomSeed, "seed of the random streams")
	fs.StringVar(&w.Model, "model", w.Model, "what to estimate: pi or option")
	fs.Var((*sizeValue)(&w.TaskSamples), "task-samples", "samples a task, rounded up to whole blocks of 65536")
	fs.Float64Var(&w.Spot, "spot", w.Spot, "option: price of the asset now")
	fs.Float64Var(&w.Strike, "strike", w.Strike, "option: strike price")
	fs.Float64Var(&w.Rate, "rate", w.Rate, "option: risk-free rate a year")
	fs.Float64Var(&w.Volatility, "volatility", w.Volatility, "option: volatility a year")
	fs.Float64Var(&w.Maturity, "maturity", w.Maturity, "option: years to maturity")
}

// Size returns the number of samples.
func (w *MonteCarlo) Size() int64 { return w.Samples }

// SetSize sets the number of samples.
func (w *MonteCarlo) SetSize(n int64) { w.Samples = n }

// blocks is a task: the blocks from Lo to before Hi of Settings.
type blocks struct {
	Settings MonteCarlo
	Lo, Hi   int64
}

// blockSum is what a block adds to the answer.
type blockSum struct {
	_ struct{} `cbor:",toarray"`
	// Sum and Squares are of the samples' values: 1 or 0 for inside or outside
	// of the circle, discounted payoffs for the option.
	Sum, Squares float64
}

var monteCarlo = runner.NewFunc("montecarlo", func(ctx context.Context, t blocks) ([]blockSum, error) {
	sums := make([]blockSum, 0, t.Hi-t.Lo)
	for b := t.Lo; b < t.Hi; b++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n := min(blockSamples, t.Settings.Samples-b*blockSamples)
		stream := rand.NewPCG(t.Settings.RandomSeed, uint64(b))
		if t.Settings.Model == "option" {
			sums = append(sums, optionBlock(&t.Settings, stream, n))
		} else {
			sums = append(sums, piBlock(stream, n))
		}
	}
	return sums, nil
})

// piBlock counts points of the unit square that fall into the quarter circle.
// One draw gives a point: 32 bits for each coordinate.
func piBlock(stream *rand.PCG, n int64) blockSum {
	inside := 0
	for range n {
		u := stream.Uint64()
		x, y := float64(u>>32), float64(uint32(u))
		if x*x+y*y < 1<<64 {
			inside++
		}
	}
	return blockSum{Sum: float64(inside), Squares: float64(inside)}
}

// optionBlock adds up discounted payoffs exp(-rT) max(S_T - K, 0) with
// S_T = S exp((r - v^2/2) T + v sqrt(T) Z), the solution of geometric Brownian
// motion under the risk-neutral measure, Z standard normal.
func optionBlock(w *MonteCarlo, stream *rand.PCG, n int64) blockSum {
	normal := rand.New(stream)
	drift := (w.Rate - w.Volatility*w.Volatility/2) * w.Maturity
	spread := w.Volatility * math.Sqrt(w.Maturity)
	discount := math.Exp(-w.Rate * w.Maturity)
	var s blockSum
	for range n {
		payoff := discount * math.Max(w.Spot*math.Exp(drift+spread*normal.NormFloat64())-w.Strike, 0)
		s.Sum += payoff
		s.Squares += payoff * payoff
	}
	return s
}

// MonteCarloAnswer is the answer of montecarlo.
type MonteCarloAnswer struct {
	Model   string `json:"model"`
	Samples int64  `json:"samples"`
	// Pi, or Price with the exact price by Black and Scholes.
	Pi    *float64 `json:"pi,omitempty"`
	Price *float64 `json:"price,omitempty"`
	Exact float64  `json:"exact"`
	// StandardError is estimated from the samples.
	StandardError float64 `json:"standard_error"`
}

// Prepare checks the settings and cuts the blocks into tasks.
func (w *MonteCarlo) Prepare(context.Context, Env) (Job, error) {
	if err := w.validate(); err != nil {
		return nil, err
	}
	all := (w.Samples + blockSamples - 1) / blockSamples
	each := (w.TaskSamples + blockSamples - 1) / blockSamples
	if n := (all + each - 1) / each; n > maxTasks {
		return nil, settingError("task-samples", "%d samples a task make %d tasks, more than %d", w.TaskSamples, n, maxTasks)
	}
	j := &job[blocks, []blockSum]{fn: monteCarlo, fold: w.fold, check: w.check}
	for lo := int64(0); lo < all; lo += each {
		j.inputs = append(j.inputs, blocks{*w, lo, min(lo+each, all)})
	}
	j.label = func(i int) string {
		return fmt.Sprintf("samples %d to %d", j.inputs[i].Lo*blockSamples, min(j.inputs[i].Hi*blockSamples, w.Samples)-1)
	}
	return j, nil
}

func (w *MonteCarlo) validate() error {
	if w.Model != "pi" && w.Model != "option" {
		return settingError("model", "%q is neither pi nor option", w.Model)
	}
	if err := atLeast("size", w.Samples, 1); err != nil {
		return err
	}
	if w.Samples > 1<<53 {
		return settingError("size", "%d samples are more than %d, up to which sums are exact", w.Samples, int64(1)<<53)
	}
	if err := atLeast("task-samples", w.TaskSamples, 1); err != nil {
		return err
	}
	for name, v := range map[string]float64{"spot": w.Spot, "strike": w.Strike, "volatility": w.Volatility, "maturity": w.Maturity} {
		if !(v > 0) || math.IsInf(v, 0) {
			return settingError(name, "%v is not a number above 0", v)
		}
	}
	if math.IsNaN(w.Rate) || math.IsInf(w.Rate, 0) {
		return settingError("rate", "%v is not a number", w.Rate)
	}
	return nil
}

func (w *MonteCarlo) fold(outs [][]blockSum) Answer {
	var sum, squares float64
	for _, out := range outs {
		for _, b := range out {
			sum += b.Sum
			squares += b.Squares
		}
	}
	n := float64(w.Samples)
	mean := sum / n
	deviation := math.Sqrt(math.Max(squares/n-mean*mean, 0) / n)
	a := MonteCarloAnswer{Model: w.Model, Samples: w.Samples, StandardError: deviation}
	if w.Model == "option" {
		a.Price, a.Exact = &mean, w.blackScholes()
		return a
	}
	pi := 4 * mean
	a.Pi, a.Exact, a.StandardError = &pi, math.Pi, 4*deviation
	return a
}

// blackScholes returns the price of the call: S N(d1) - K exp(-rT) N(d2), with
// d1 = (ln(S/K) + (r + v^2/2) T) / (v sqrt T) and d2 = d1 - v sqrt T (Black
// and Scholes, 1973).
func (w *MonteCarlo) blackScholes() float64 {
	spread := w.Volatility * math.Sqrt(w.Maturity)
	d1 := (math.Log(w.Spot/w.Strike) + (w.Rate+w.Volatility*w.Volatility/2)*w.Maturity) / spread
	cdf := func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
	return w.Spot*cdf(d1) - w.Strike*math.Exp(-w.Rate*w.Maturity)*cdf(d1-spread)
}

// check compares the estimate with what is known. Five standard errors are
// exceeded by chance in fewer than one of a million seeds.
func (w *MonteCarlo) check(a Answer) error {
	answer, ok := a.(MonteCarloAnswer)
	if !ok {
		return fmt.Errorf("not an answer of montecarlo: %T", a)
	}
	value := answer.Pi
	if w.Model == "option" {
		value = answer.Price
	}
	const few = 1000 // below it, the standard error itself is not known well
	if off := math.Abs(*value - answer.Exact); answer.Samples >= few && !(off <= 5*answer.StandardError) {
		return fmt.Errorf("%.9g is %.2g away from %.9g, more than 5 standard errors of %.2g", *value, off, answer.Exact, answer.StandardError)
	}
	return nil
}
