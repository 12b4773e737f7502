package main

// bar is what a row of corecast's should reach: a figure that is at most so
// many times that of another row of the group, or at most so much by itself.
type bar struct {
	group, name string
	figure      figure
	most        float64
	// against is the other row's name; empty: most is in seconds or bytes.
	against string
}

// figure is one of the figures of a row.
type figure string

const (
	perTask    figure = "time each"   // seconds
	memoryEach figure = "memory each" // bytes
	memoryAll  figure = "memory"      // bytes
	diskAll    figure = "disk"        // bytes
)

// of returns a row's figure, for one task or process where it is "each"; nil
// when it has none.
func (f figure) of(r *row) *float64 {
	switch {
	case f == perTask:
		return r.Median
	case f == diskAll:
		return r.Disk
	case f == memoryAll || r.Memory == nil:
		return r.Memory
	}
	each := *r.Memory / float64(r.Tasks)
	return &each
}

// bars lists what is to be reached: a line each.
func bars() []bar {
	return []bar{
		{groupInProc, nameInProc, perTask, 60e-9, ""},
		{groupInProc, nameUntraced, perTask, 10e-9, ""},
		{groupChunked, nameLocal, perTask, 0.3e-6, ""},
		{groupSingle, nameSingle, perTask, 1.5e-6, ""},
		{groupCommand, nameLocal, perTask, 1, nameXargs},
		{groupBytes, nameLocal, perTask, 2, nameEcho},
		{groupMETG, nameLocal, perTask, 1e-6, ""},
		{groupMETG, nameInProc, perTask, 0.2e-6, ""},
		{groupLarge, nameLocal, memoryAll, 200e6, ""},
		{groupLarge, nameLocal, diskAll, 250e6, ""},
		{groupStart, nameStartCommand, perTask, 1.5, nameStartFloor},
		{groupStart, nameStartCommand, memoryEach, 800e3, ""},
		{groupSim, nameSimList, perTask, 1. / 10, nameSimPy},
		{groupSim, nameSimList, perTask, 1. / 3, nameSimGridSleep},
		{groupSim, nameSimList, perTask, 1. / 3, nameSimGridExec},
		{groupSim, nameSimList, perTask, 1. / 3, nameSimGridActs},
	}
}

// barResult says how a row stands to a bar. Value is in units of Most: times
// the other row's figure, or seconds, or bytes.
type barResult struct {
	Group   string  `json:"group"`
	Name    string  `json:"name"`
	Figure  figure  `json:"figure"`
	Against string  `json:"against,omitempty"`
	Value   float64 `json:"value"`
	Most    float64 `json:"at_most"`
	Holds   bool    `json:"holds"`
}

// judge holds rows against bars. A bar whose figures were not measured is left
// out.
func (c *comparison) judge(all []bar) []barResult {
	results := []barResult{}
	for _, b := range all {
		value := b.figure.of(c.row(b.group, b.name))
		if value == nil {
			continue
		}
		r := barResult{Group: b.group, Name: b.name, Figure: b.figure, Against: b.against, Value: *value, Most: b.most}
		if b.against != "" {
			other := b.figure.of(c.row(b.group, b.against))
			if other == nil {
				continue
			}
			r.Value /= *other
		}
		r.Holds = r.Value <= r.Most
		results = append(results, r)
	}
	return results
}

// row finds a row; an empty one when it was not measured.
func (c *comparison) row(group, name string) *row {
	for _, r := range c.Rows {
		if r.Group == group && r.Name == name {
			return r
		}
	}
	return &row{}
}
