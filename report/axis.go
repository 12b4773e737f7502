package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// wide is the ratio of the largest to the smallest value from which an axis is
// logarithmic.
const wide = 8

// wideTimes is that ratio for times, which are given in one unit.
const wideTimes = 20

// panel is a plot with its axes' names, which a picture writes itself: the
// library makes room for them in the wrong place beside logarithmic axes.
type panel struct {
	*plot.Plot
	xName, yName string
}

// newPanel returns an empty plot in the style of all of them.
func newPanel(xName, yName string) *panel {
	p := &panel{plot.New(), xName, yName}
	p.BackgroundColor = white
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Tick.Length = 4
		a.Tick.Label.Font = style(9, false, black, 0, 0).Font
		a.Tick.Label.Handler = style(9, false, black, 0, 0).Handler
		a.LineStyle.Color, a.Tick.Color = darkGrey, darkGrey
		a.Padding = 2
	}
	return p
}

// fixedTicks puts labelled ticks at given places of an axis.
type fixedTicks []plot.Tick

// Ticks returns all of the ticks; those out of range are not drawn.
func (t fixedTicks) Ticks(_, _ float64) []plot.Tick { return t }

// thinned leaves every tick in place and takes away labels that would touch
// another's, given the length of the axis. Ends and powers of two stay before
// others.
func thinned(ticks []plot.Tick, a *plot.Axis, length vg.Length) fixedTicks {
	out := slices.Clone(ticks)
	order := make([]int, len(out))
	for i := range order {
		order[i] = i
	}
	rank := func(i int) int {
		switch {
		case i == len(out)-1:
			return 0
		case i == 0:
			return 1
		case isPowerOfTwo(out[i].Value):
			return 2
		}
		return 3
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(rank(i), rank(j)) })
	type span struct{ lo, hi vg.Length }
	var taken []span
	for _, i := range order {
		half := a.Tick.Label.Width(out[i].Label)/2 + 2
		mid := vg.Length(a.Norm(out[i].Value)) * length
		if slices.ContainsFunc(taken, func(s span) bool { return mid-half < s.hi && mid+half > s.lo }) {
			out[i].Label = ""
			continue
		}
		taken = append(taken, span{mid - half, mid + half})
	}
	return out
}

// staggered writes labels of one line in two rows in turn, where one row has no
// room for all of them.
func staggered(ticks []plot.Tick, a *plot.Axis, length vg.Length) fixedTicks {
	row := thinned(ticks, a, length)
	dropped := slices.ContainsFunc(row, func(t plot.Tick) bool { return t.Label == "" })
	if !dropped || strings.Contains(ticks[0].Label, "\n") {
		return row
	}
	var rows [2][]plot.Tick
	for i, t := range ticks {
		if i%2 == 1 {
			t.Label = "\n" + t.Label
		}
		rows[i%2] = append(rows[i%2], t)
	}
	return append(thinned(rows[0], a, length), thinned(rows[1], a, length)...)
}

func isPowerOfTwo(v float64) bool {
	frac, _ := math.Frexp(v)
	return frac == 0.5
}

// coreAxis scales a for the core counts, with a tick at each of them: log2
// when the range is wide, from 0 when it is not. It reports whether the axis
// is logarithmic.
func coreAxis(p *panel, cores []float64, length vg.Length) bool {
	a := &p.X
	lo, hi := slices.Min(cores), slices.Max(cores)
	log := lo > 0 && hi/lo >= wide
	if log {
		a.Scale = plot.LogScale{}
		a.Min, a.Max = lo/1.15, hi*1.15
	} else {
		a.Min, a.Max = 0, math.Max(hi*1.1, 1)
	}
	values := slices.Compact(slices.Sorted(slices.Values(cores)))
	ticks := make([]plot.Tick, 0, len(values)+1)
	if !log && lo > 0 {
		ticks = append(ticks, plot.Tick{Value: 0, Label: "0"})
	}
	for _, v := range values {
		ticks = append(ticks, plot.Tick{Value: v, Label: digitsPlain(v)})
	}
	a.Tick.Marker = thinned(ticks, a, length)
	if log {
		p.xName += ", log2"
	}
	return log
}

// octaveAxis scales a logarithmically around lo and hi, both above 0, with
// ticks at powers of two, two of them at least.
func octaveAxis(a *plot.Axis, lo, hi float64) {
	from, to := math.Ceil(math.Log2(lo/1.15)), math.Floor(math.Log2(hi*1.15))
	if from >= to {
		from, to = math.Floor(math.Log2(lo)), math.Ceil(math.Log2(hi))
	}
	a.Scale = plot.LogScale{}
	a.Min, a.Max = min(lo/1.15, math.Exp2(from)), max(hi*1.15, math.Exp2(to))
	step := math.Max(1, math.Ceil((to-from)/10))
	var ticks []plot.Tick
	for e := math.Ceil(from/step) * step; e <= to; e += step {
		ticks = append(ticks, plot.Tick{Value: math.Exp2(e), Label: digitsPlain(math.Exp2(e))})
	}
	a.Tick.Marker = fixedTicks(ticks)
}

// linearAxis scales a from lo to at least hi, with about n round ticks.
func linearAxis(a *plot.Axis, lo, hi float64, n int) {
	if hi <= lo {
		hi = lo + 1
	}
	step := roundStep((hi - lo) / float64(n))
	first, last := math.Floor(lo/step+1e-9), math.Ceil(hi/step-1e-9)
	a.Min, a.Max = first*step, last*step
	places := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	var ticks []plot.Tick
	for k := first; k <= last; k++ {
		label := strconv.FormatFloat(k*step, 'f', places, 64)
		if math.Abs(k*step) >= 10000 {
			label = thousands(label)
		}
		ticks = append(ticks, plot.Tick{Value: k * step, Label: label})
	}
	a.Tick.Marker = fixedTicks(ticks)
}

// roundStep returns the smallest of 1, 2, 2.5, 5 times a power of ten that is
// not below raw; 2.5 only where it is a whole number.
func roundStep(raw float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if m == 2.5 && power < 10 {
			continue
		}
		if m*power >= raw*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// timeAxis scales the x axis for times from lo to hi in seconds, in the unit
// that suits the largest, or the middle of a logarithmic axis, which it puts
// into the name. It returns what times
// are to be divided by. Wide ranges of positive times get a logarithmic axis
// when log is set.
func timeAxis(p *panel, lo, hi float64, log bool) float64 {
	return timesOn(&p.X, &p.xName, lo, hi, log)
}

// timesOn is timeAxis for any axis and its name.
func timesOn(a *plot.Axis, name *string, lo, hi float64, log bool) float64 {
	log = log && lo > 0 && hi/lo >= wideTimes
	suits := math.Max(math.Abs(lo), math.Abs(hi))
	if log {
		suits = math.Sqrt(lo * hi) // in the middle of the axis
	}
	u := unitFor(suits, timeUnits())
	*name += " (" + u.name + ")"
	lo, hi = lo/u.per, hi/u.per
	if log {
		decadeAxis(a, lo, hi)
		*name += ", log"
	} else {
		linearAxis(a, math.Min(lo, 0), hi, 6)
	}
	return u.per
}

// decadeAxis scales a logarithmically with ticks at 1, 2 and 5 times powers of
// ten, labelled at the powers alone when there are many.
func decadeAxis(a *plot.Axis, lo, hi float64) {
	a.Scale = plot.LogScale{}
	a.Min, a.Max = lo/1.1, hi*1.1
	few := math.Log10(hi/lo) <= 3
	var ticks []plot.Tick
	for e := math.Floor(math.Log10(a.Min)); e <= math.Ceil(math.Log10(a.Max)); e++ {
		for _, m := range []float64{1, 2, 5} {
			v := m * math.Pow(10, e)
			if v < a.Min || v > a.Max {
				continue
			}
			tick := plot.Tick{Value: v}
			if few || m == 1 {
				tick.Label = digitsPlain(v)
			}
			ticks = append(ticks, tick)
		}
	}
	a.Tick.Marker = fixedTicks(ticks)
}

// digitsPlain writes a tick's value with as many digits as it needs, and
// without an exponent.
func digitsPlain(v float64) string {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if v >= 10000 {
		return thousands(text)
	}
	return text
}
