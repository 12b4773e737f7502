package boost

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
)

// leastHessian keeps leaves finite where a probability has become 0 or 1.
const leastHessian = 1e-16

// Train grows a model of target on the rows of b. Rows and features that a
// round leaves out are drawn from the stream that seed and stream name. The
// errors are bad settings, no rows, and the end of ctx.
func Train(ctx context.Context, b *Binned, target *Target, s Settings, seed, stream uint64) (*Model, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if len(b.rows) == 0 {
		return nil, errors.New("no rows to train on")
	}
	t := newTrainer(b, target, s, rand.New(rand.NewPCG(seed, stream)))
	for range s.Trees {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t.round()
	}
	return t.model, nil
}

// trainer is the state of training.
type trainer struct {
	b      *Binned
	target *Target
	random *rand.Rand
	model  *Model
	grower grower
	scores []float64 // of each row, its outputs side by side
	// probs holds the present probabilities of a classification, like scores.
	probs     []float64
	all       []int32 // places that rounds draw from, reordered by each
	features  []int32
	drawRows  int
	drawFeats int
	places    []int32
}

func newTrainer(b *Binned, target *Target, s Settings, random *rand.Rand) *trainer {
	n, k := len(b.rows), target.outputs()
	t := &trainer{
		b: b, target: target, random: random,
		model:  &Model{start: start(b, target)},
		grower: grower{b: b, settings: s, grad: make([]float64, n), hess: make([]float64, n)},
		scores: make([]float64, n*k), probs: make([]float64, n*max(k, 2)),
		all: upTo(n), features: upTo(len(b.codes)), places: make([]int32, n),
	}
	t.drawRows = max(1, int(math.Round(s.Rows*float64(n))))
	t.drawFeats = max(1, int(math.Round(s.Columns*float64(len(t.features)))))
	for i := range n {
		copy(t.scores[i*k:], t.model.start)
	}
	return t
}

func upTo(n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = int32(i)
	}
	return list
}

// start returns the scores before any tree: the mean of a number, or the log
// odds or log probabilities of the classes, with half a row added to each class
// so that one without rows has a probability.
func start(b *Binned, target *Target) []float64 {
	if target.Classes == 0 {
		sum := 0.0
		for _, r := range b.rows {
			sum += target.Y[r]
		}
		return []float64{sum / float64(len(b.rows))}
	}
	counts := make([]float64, target.Classes)
	for i := range counts {
		counts[i] = 0.5
	}
	for _, r := range b.rows {
		counts[int(target.Y[r])]++
	}
	if target.Classes == 2 {
		return []float64{math.Log(counts[1] / counts[0])}
	}
	for i, c := range counts {
		counts[i] = math.Log(c / (float64(len(b.rows)) + float64(target.Classes)/2))
	}
	return counts
}

// round grows the trees of one round and adds them to the scores. The rows and
// features drawn are the same for all classes.
func (t *trainer) round() {
	places := draw(t.random, t.all, t.drawRows)
	t.grower.features = draw(t.random, t.features, t.drawFeats)
	k := len(t.model.start)
	if t.target.Classes > 0 {
		t.probabilities(k)
	}
	for out := range k {
		t.gradients(out)
		copy(t.places, places) // growing reorders them
		grown := t.grower.grow(t.places[:len(places)])
		t.model.trees = append(t.model.trees, grown)
		for i := range t.b.rows {
			t.scores[i*k+out] += grown.binned(t.b, i)
		}
	}
}

// draw moves n random elements of list to its front and returns them; all of
// them are returned in their present order, without drawing.
func draw(random *rand.Rand, list []int32, n int) []int32 {
	if n < len(list) {
		for i := range n {
			j := i + random.IntN(len(list)-i)
			list[i], list[j] = list[j], list[i]
		}
	}
	return list[:n]
}

func (t *trainer) probabilities(k int) {
	width := max(k, 2)
	for i := range t.b.rows {
		probabilities(t.scores[i*k:(i+1)*k], t.probs[i*width:(i+1)*width])
	}
}

// gradients sets the derivatives of the loss by one output: for squared error
// halved, score - y and 1; for logistic loss p - y and p(1-p), the latter times
// K/(K-1) for K > 2 classes (Friedman 2001, equation 32).
func (t *trainer) gradients(out int) {
	grad, hess := t.grower.grad, t.grower.hess
	if t.target.Classes == 0 {
		for i, r := range t.b.rows {
			grad[i], hess[i] = t.scores[i]-t.target.Y[r], 1
		}
		return
	}
	width, class, factor := t.target.Classes, out, float64(t.target.Classes)/float64(t.target.Classes-1)
	if t.target.Classes == 2 {
		class, factor = 1, 1
	}
	for i, r := range t.b.rows {
		p, y := t.probs[i*width+class], 0.0
		if int(t.target.Y[r]) == class {
			y = 1
		}
		grad[i], hess[i] = p-y, max(factor*p*(1-p), leastHessian)
	}
}
