package scaling

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"corecast/bench/metrics"
	"corecast/results"
)

// MinCores is the least number of different core counts that a fit takes: any
// two points lie on every law.
const MinCores = 3

// Data are measured times over core counts.
type Data struct {
	// Name is that of the file or run, for errors and headings.
	Name string
	// Unit is what work counts: jobs, tasks, or the workload's own unit.
	Unit string
	// Kind is that of all rows; empty means measured.
	Kind results.Kind
	// Cells are by rising cores and work.
	Cells []Cell
}

// Cell holds the rows of one core count and amount of work.
type Cell struct {
	Cores, Work float64
	// Times are in seconds, one a row.
	Times []float64
}

// gather sorts rows into cells.
type gather map[[2]float64]*Cell

func (g gather) add(cores, work, seconds float64) {
	key := [2]float64{cores, work}
	c := g[key]
	if c == nil {
		c = &Cell{Cores: cores, Work: work}
		g[key] = c
	}
	c.Times = append(c.Times, seconds)
}

func (g gather) cells() []Cell {
	cells := make([]Cell, 0, len(g))
	for _, c := range g {
		cells = append(cells, *c)
	}
	slices.SortFunc(cells, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.Cores, b.Cores), cmp.Compare(a.Work, b.Work))
	})
	return cells
}

// FromSummary returns the data of a run's workload on a backend, one for each
// label and kind of its points: kinds never mix. The work is the number of
// tasks, or the size where tasks do not follow it. names are the labels.
func FromSummary(s *metrics.Summary) (data []*Data, names []string) {
	type series struct {
		label string
		kind  results.Kind
	}
	var order []series
	cells := make(map[series][]Cell)
	for i := range s.Points {
		p := &s.Points[i]
		times := p.Times
		if len(times) == 0 {
			times = []float64{p.Makespan.Median}
		}
		if p.Cores < 1 || slices.ContainsFunc(times, func(t float64) bool { return !(t > 0) || math.IsInf(t, 0) }) {
			continue // summaries warn of points without a time
		}
		key := series{p.Label, p.Kind}
		if cells[key] == nil {
			order = append(order, key)
		}
		cells[key] = append(cells[key], Cell{Cores: float64(p.Cores), Work: float64(max(p.Tasks, 1)), Times: times})
	}
	for _, key := range order {
		d := &Data{Name: s.Workload + " on " + s.Backend, Unit: "task", Kind: key.kind, Cells: cells[key]}
		slices.SortStableFunc(d.Cells, func(a, b Cell) int { return cmp.Compare(a.Cores, b.Cores) })
		data, names = append(data, d), append(names, key.label)
	}
	return data, names
}

// CoreCounts returns the different core counts, rising.
func (d *Data) CoreCounts() []float64 {
	var counts []float64
	for _, c := range d.Cells {
		counts = append(counts, c.Cores)
	}
	return slices.Compact(counts)
}

// split parts the data into the core counts up to one, and those above.
func (d *Data) split(upTo float64) (below, above *Data) {
	below, above = &Data{}, &Data{}
	*below, *above = *d, *d
	n := 0
	for n < len(d.Cells) && d.Cells[n].Cores <= upTo {
		n++
	}
	below.Cells, above.Cells = d.Cells[:n:n], d.Cells[n:]
	return below, above
}

// check refuses what cannot be fitted.
func (d *Data) check() error {
	counts := d.CoreCounts()
	switch len(counts) {
	case 0:
		return fmt.Errorf("%s: there are no rows", d.Name)
	case 1:
		return fmt.Errorf("%s: all rows are at one core count, %g: a fit needs at least %d different ones", d.Name, counts[0], MinCores)
	case 2:
		return fmt.Errorf("%s: there are 2 core counts, %g and %g: a fit needs at least %d, since any two points lie on every law",
			d.Name, counts[0], counts[1], MinCores)
	}
	return nil
}
