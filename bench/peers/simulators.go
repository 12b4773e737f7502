package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"corecast/bench/sim"
)

//go:embed simulators/simpy_fanout.py
var simpyScript []byte

//go:embed simulators/simgrid_fanout.cpp
var simgridSource []byte

// simulatedWorkers is how many workers are simulated.
const simulatedWorkers = 1000

// model is what every simulator simulates: workers that become ready and take
// tasks in order.
func model(tasks int) *sim.List {
	rng := rand.New(rand.NewPCG(20261123, 1))
	l := &sim.List{Workers: simulatedWorkers, Delays: make([]float64, simulatedWorkers), Service: make([]float64, tasks)}
	for i := range l.Delays {
		l.Delays[i] = 1 + rng.ExpFloat64()
	}
	for i := range l.Service {
		l.Service[i] = rng.ExpFloat64()
	}
	return l
}

// sameMakespan refuses a makespan that is not the model's, or where there are
// fewer tasks than workers not that of a simulation that goes on until the last
// worker is ready. Simulators add times up in another order.
func sameMakespan(l *sim.List, got float64, allReady bool) error {
	r, err := l.Run()
	want := r.Makespan
	if allReady {
		want = max(want, slices.Max(l.Delays))
	}
	if err == nil && !(math.Abs(got-want) <= 1e-6*want) {
		err = fmt.Errorf("a makespan of %.9g s, where list scheduling gives %.9g s", got, want)
	}
	return err
}

// openSimulator makes a peer of a function that simulates the model.
func openSimulator(simulate func(ctx context.Context, l *sim.List) (float64, error)) func(context.Context, settings) (*ready, error) {
	return func(context.Context, settings) (*ready, error) {
		return &ready{run: func(ctx context.Context, n int) (time.Duration, error) {
			l := model(n)
			begin := time.Now()
			makespan, err := simulate(ctx, l)
			took := time.Since(begin)
			if err != nil {
				return 0, err
			}
			return took, sameMakespan(l, makespan, false)
		}}, nil
	}
}

// simulateList schedules the list by itself.
func simulateList(_ context.Context, l *sim.List) (float64, error) {
	r, err := l.Run()
	return r.Makespan, err
}

// simulateScenario runs the list as a scenario: by the engine that has all
// extras.
func simulateScenario(ctx context.Context, l *sim.List) (float64, error) {
	outcomes, err := sim.Simulate(ctx, &sim.Scenario{
		Workers: l.Workers, Tasks: sim.Tasks{Count: len(l.Service), Times: l.Service},
		Provisioning: sim.Provisioning{Delays: l.Delays}, Chunks: sim.Chunks{Size: 1, NoAhead: true},
	}, sim.Options{Replications: 1})
	if err != nil {
		return 0, err
	}
	return outcomes[0].Makespan, nil
}

// modelFiles writes the model's times and delays into a new folder.
func modelFiles(l *sim.List) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "corecast-peers-"); err != nil {
		return "", fmt.Errorf("make a folder for the model: %w", err)
	}
	for name, values := range map[string][]float64{"times": l.Service, "delays": l.Delays} {
		var text []byte
		for _, v := range values {
			text = append(strconv.AppendFloat(text, v, 'g', -1, 64), '\n')
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return "", errors.Join(fmt.Errorf("write the model: %w", err), os.RemoveAll(dir))
		}
	}
	return dir, nil
}

// openSimPy opens SimPy 3 in the first Python that has it.
func openSimPy(ctx context.Context, s settings) (*ready, error) {
	program := ""
	for _, python := range []string{s.python, "/usr/bin/python3"} {
		if exec.CommandContext(ctx, python, "-c", "import simpy; assert simpy.__version__ >= '3'").Run() == nil {
			program = python
			break
		}
	}
	if program == "" {
		return nil, &missingError{"SimPy 3", "apt-get install python3-simpy3"}
	}
	l := model(s.tasks)
	dir, err := modelFiles(l)
	if err != nil {
		return nil, err
	}
	p, version, closeAll, err := startScript(ctx, program, dir, "fanout.py", simpyScript, filepath.Join(dir, "times"), filepath.Join(dir, "delays"), strconv.Itoa(l.Workers))
	if err != nil {
		return nil, err
	}
	return &ready{version: version, close: closeAll, run: func(ctx context.Context, n int) (time.Duration, error) {
		answer, err := p.ask(ctx, n)
		if err != nil {
			return 0, err
		}
		return simulatedIn(answer, n)
	}}, nil
}

// simulatedIn reads a simulator's answer: nanoseconds, and the makespan.
func simulatedIn(answer string, n int) (time.Duration, error) {
	words := strings.Fields(answer)
	if len(words) < 2 {
		return 0, fmt.Errorf("the simulator answered %q", answer)
	}
	nanos, err := strconv.ParseInt(words[0], 10, 64)
	makespan, e := strconv.ParseFloat(words[1], 64)
	if err != nil || e != nil {
		return 0, fmt.Errorf("the simulator answered %q", answer)
	}
	return time.Duration(nanos), sameMakespan(model(n), makespan, true)
}

// simgrid is the program that simulates by SimGrid, built once for all forms.
type simgrid struct {
	once sync.Once
	dir  string
	err  error
	used atomic.Int32 // by so many forms
}

// leave is called by each form at its end: the last removes the program.
func (g *simgrid) leave() error {
	if g.used.Add(-1) > 0 {
		return nil
	}
	return os.RemoveAll(g.dir)
}

// build compiles the program; l is the largest model.
func (g *simgrid) build(ctx context.Context, l *sim.List) (dir string, err error) {
	g.once.Do(func() {
		if g.dir, g.err = modelFiles(l); g.err != nil {
			return
		}
		source := filepath.Join(g.dir, "fanout.cpp")
		if g.err = os.WriteFile(source, simgridSource, 0o600); g.err != nil {
			return
		}
		out, err := exec.CommandContext(ctx, "g++", "-O2", "-w", "-o", filepath.Join(g.dir, "fanout"), source, "-lsimgrid").CombinedOutput()
		switch {
		case err != nil && ctx.Err() != nil:
			g.err = ctx.Err()
		case errors.Is(err, exec.ErrNotFound), strings.Contains(string(out), "simgrid/s4u.hpp: No such file"):
			g.err = &missingError{"SimGrid", "apt-get install g++ libsimgrid-dev"}
		case err != nil:
			line, _ := bufio.NewReader(strings.NewReader(string(out))).ReadString('\n')
			g.err = fmt.Errorf("compile: %w: %s", err, strings.TrimSpace(line))
		}
		if g.err != nil {
			g.err = errors.Join(g.err, os.RemoveAll(g.dir))
		}
	})
	return g.dir, g.err
}

// openSimGrid opens a form of the program: each run is a process, since an
// engine of SimGrid runs once. options are SimGrid's own.
func openSimGrid(form string, options ...string) func(context.Context, settings) (*ready, error) {
	return func(ctx context.Context, s settings) (*ready, error) {
		l := model(s.tasks)
		dir, err := s.simgrid.build(ctx, l)
		if err != nil {
			return nil, err
		}
		s.simgrid.used.Add(1)
		r := &ready{close: s.simgrid.leave}
		ask := func(ctx context.Context, n int) (string, error) {
			args := append([]string{form, filepath.Join(dir, "times"), filepath.Join(dir, "delays"), strconv.Itoa(l.Workers), strconv.Itoa(n), "--log=root.thres:error"}, options...)
			out, err := exec.CommandContext(ctx, filepath.Join(dir, "fanout"), args...).Output()
			if err != nil {
				return "", fmt.Errorf("run SimGrid: %w", err)
			}
			return strings.TrimSpace(string(out)), nil
		}
		answer, err := ask(ctx, 1)
		if err != nil {
			return nil, errors.Join(err, r.close())
		}
		if words := strings.SplitN(answer, " ", 3); len(words) == 3 {
			r.version = words[2]
		}
		r.run = func(ctx context.Context, n int) (time.Duration, error) {
			answer, err := ask(ctx, n)
			if err != nil {
				return 0, err
			}
			return simulatedIn(answer, n)
		}
		return r, nil
	}
}
