package sim

import (
	"errors"
	"fmt"
	"math"
)

// List is list scheduling: workers that become ready, and take tasks in their
// order, each as soon as it is free. Nothing in it is random or shared. A
// [Scenario] without extras gives the same times.
type List struct {
	// Service holds the time of each task in seconds, in the order in which
	// tasks are taken.
	Service []float64
	// Delays holds the start delay of each worker in seconds: at least one a
	// worker; those beyond are not used.
	Delays []float64
	// Rate is how many workers a second are requested: worker i (from 0) is
	// ready at i/Rate + Delays[i]. 0: all are requested at once.
	Rate float64
	// Workers is how many there are.
	Workers int
}

// ListResult is what comes of a list. Times are in seconds since the first
// worker was requested.
type ListResult struct {
	// Makespan is when the last task ends, FirstStart when the first begins.
	Makespan   float64 `json:"makespan_s"`
	FirstStart float64 `json:"first_start_s"`
	// WorkersUsed is how many workers ran a task.
	WorkersUsed int `json:"workers_used"`
}

// Run schedules the tasks. Of workers that are free at the same time the one of
// the lowest index takes the next task. It takes time in proportion to tasks x
// log(workers), and allocates nothing for a task. An error says what is
// missing, negative or not finite.
func (l *List) Run() (ListResult, error) {
	if err := l.check(); err != nil {
		return ListResult{}, err
	}
	tree, free := newTree(l.ready())
	used := make([]bool, l.Workers)
	r := ListResult{FirstStart: free.at}
	for _, s := range l.Service {
		used[free.worker] = true
		free.at += s
		r.Makespan = max(r.Makespan, free.at)
		free = tree.replace(free)
	}
	for _, u := range used {
		if u {
			r.WorkersUsed++
		}
	}
	return r, nil
}

// ready returns when each worker is ready.
func (l *List) ready() []float64 {
	ready := make([]float64, l.Workers)
	for i := range ready {
		ready[i] = l.Delays[i]
		if l.Rate > 0 {
			ready[i] += float64(i) / l.Rate
		}
	}
	return ready
}

func (l *List) check() error {
	switch {
	case l.Workers < 1:
		return fmt.Errorf("%d workers: at least 1 is needed", l.Workers)
	case l.Workers > MaxWorkers:
		return fmt.Errorf("%d workers are more than %d", l.Workers, MaxWorkers)
	case len(l.Service) == 0:
		return errors.New("there are no tasks")
	case len(l.Delays) < l.Workers:
		return fmt.Errorf("%d start delays for %d workers: each worker needs one", len(l.Delays), l.Workers)
	case !(l.Rate >= 0) || math.IsInf(l.Rate, 0):
		return fmt.Errorf("a provisioning rate of %g workers a second is not possible", l.Rate)
	}
	for _, list := range []struct {
		what   string
		values []float64
	}{{"service time", l.Service}, {"start delay", l.Delays}} {
		for i, v := range list.values {
			if !(v >= 0) || math.IsInf(v, 0) {
				return fmt.Errorf("%s %d is %g: it must be a number of seconds from 0 on", list.what, i, v)
			}
		}
	}
	return nil
}
