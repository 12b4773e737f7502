package main

import (
	"context"
	"fmt"
	"time"

	"corecast/runner"
	"corecast/runner/local"
)

// The groups: peers of one group do the same work, and are compared with
// corecast's row of that group.
const (
	groupInProc  = "in process"
	groupChunked = "processes, chunked"
	groupSingle  = "processes, one task at a time"
	groupCommand = "one command a task"
	groupBytes   = "bytes in and out"
	groupMETG    = "METG(50 %)"
	groupStart   = "processes started"
	groupLarge   = "ten times as many tasks"
	groupSim     = "simulators"
)

// The rows that bars compare.
const (
	nameInProc       = "corecast inproc"
	nameUntraced     = "corecast inproc, without a trace"
	nameLocal        = "corecast local"
	nameSingle       = "corecast local, chunk 1"
	nameXargs        = "xargs -n1"
	nameEcho         = "floor: bare socket, all processes"
	nameStartCommand = "workers of the corecast command"
	nameStartFloor   = "floor: a bare Go program"
	nameSimList      = "corecast, list scheduling"
	nameSimPy        = "SimPy 3"
	nameSimGridSleep = "SimGrid, an actor a worker, sleeping"
	nameSimGridExec  = "SimGrid, an actor a worker, executing"
	nameSimGridActs  = "SimGrid, activities without actors"
)

// groups lists the groups in the order in which they are shown, with what is
// done in each.
func groups() []group {
	return []group{
		{groupInProc, "no-op tasks on a ready pool of goroutines"},
		{groupChunked, "no-op tasks on a ready pool of processes, handed out many together"},
		{groupSingle, "no-op tasks on a ready pool of processes, each with a message of its own"},
		{groupCommand, "each task runs the command true"},
		{groupBytes, "blocks of 1 MiB echoed by processes; MB/s are of both directions together"},
		{groupMETG, "the shortest task at which a ready pool is half efficient (Task Bench, SC'20, on other machines: MPI 4.6 us, Charm++ 12 us, Dask 186 ms)"},
		{groupLarge, "a driver of its own, its trace streamed to a record on disk: the most memory that it has had, and the size of the record"},
		{groupStart, "processes started as workers until all are ready, and what they take in memory then (proportional set size)"},
		{groupSim, fmt.Sprintf("tasks of a given time each on %d workers that become ready at given times, simulated; all give the same makespan", simulatedWorkers)},
	}
}

type group struct{ name, about string }

// peer is one way to fan tasks out: a row of the table.
type peer struct {
	group, name string
	// base marks corecast's row, which the others of the group are compared
	// with.
	base bool
	// tasks is how many tasks a run has.
	tasks func(settings) int
	// open makes the peer ready: workers started and warm. A *missingError
	// says that it is not installed. ctx ends what takes too long.
	open func(context.Context, settings) (*ready, error)
}

// ready is a peer that can run jobs at once.
type ready struct {
	// run runs a job of n tasks, checks its results and returns the wall time
	// from the job's submission to the return of all results.
	run func(ctx context.Context, n int) (time.Duration, error)
	// close ends the workers; nil when there is nothing to end.
	close func() error
	// version names what was measured.
	version string
	// memory is what the processes of the last run took together, in bytes; nil
	// when that is not known, or not of interest.
	memory func() *float64
	// disk is what the last run wrote, in the same way.
	disk func() *float64
}

// missingError says that a peer is not installed, and how to install it.
type missingError struct{ what, install string }

// Error names what is missing and how to install it.
func (e *missingError) Error() string {
	return fmt.Sprintf("%s is not installed: %s", e.what, e.install)
}

// share returns a count of tasks: a part of -tasks.
func share(part int) func(settings) int {
	return func(s settings) int { return max(s.tasks/part, s.workers) }
}

// blocks is the number of blocks that are echoed.
func blocks(s settings) int { return s.mib }

// one is for what is measured as a whole.
func one(settings) int { return 1 }

// peers lists what is compared: a line each. What is slow runs fewer tasks.
func peers() []peer {
	all, chunked, single, command, simulated := share(1), share(10), share(50), share(1000), share(5)
	return []peer{
		{groupInProc, nameInProc, true, all, openCorecast(runner.InProc, runner.JobOptions{})},
		{groupInProc, nameUntraced, false, all, openUntraced(runner.InProc)},
		{groupInProc, "corecast inproc, chunk 1", false, all, openCorecast(runner.InProc, runner.JobOptions{Chunk: 1})},
		{groupInProc, "x/sync errgroup with SetLimit", false, all, openGo("golang.org/x/sync", errgroupLoop)},
		{groupInProc, "ants pool", false, all, openGo("github.com/panjf2000/ants/v2", antsLoop)},
		{groupInProc, "conc pool", false, all, openGo("github.com/sourcegraph/conc", concLoop)},
		{groupInProc, "conc iter (an atomic index)", false, all, openGo("github.com/sourcegraph/conc", concIterLoop)},
		{groupInProc, "pond pool", false, all, openGo("github.com/alitto/pond/v2", pondLoop)},
		{groupInProc, "goroutines on a buffered channel", false, all, openGo("", channelLoop)},
		{groupInProc, "floor: goroutines on an atomic index", false, all, openGo("", atomicLoop)},

		{groupChunked, nameLocal, true, chunked, openCorecast(processes, runner.JobOptions{})},
		{groupChunked, "multiprocessing Pool.map, its own chunks", false, chunked, openPython("pool", 0)},
		{groupChunked, "concurrent.futures processes, as large chunks", false, chunked, openPython("executor", 0)},

		{groupSingle, nameSingle, true, single, openCorecast(processes, runner.JobOptions{Chunk: 1})},
		{groupSingle, "corecast local, chunk 1, not sent ahead", false, single, openCorecast(processes, runner.JobOptions{Chunk: 1, Window: 1})},
		{groupSingle, "multiprocessing Pool.map, chunk 1", false, single, openPython("pool", 1)},
		{groupSingle, "concurrent.futures processes, chunk 1", false, single, openPython("executor", 1)},
		{groupSingle, "floor: bare socket, window 64, 1 process", false, single, openStamps(1, 64)},
		{groupSingle, "floor: bare socket, window 64, all processes", false, single, openStamps(0, 64)},
		{groupSingle, "floor: bare socket, window 1, 1 process", false, single, openStamps(1, 1)},
		{groupSingle, "floor: bare socket, window 1, all processes", false, single, openStamps(0, 1)},

		{groupCommand, nameLocal, true, command, openCorecastCommand},
		{groupCommand, "GNU parallel", false, command, openParallel},
		{groupCommand, nameXargs, false, command, openXargs},

		{groupBytes, nameLocal, true, blocks, openCorecastBytes},
		{groupBytes, "multiprocessing Pool.map, chunk 1", false, blocks, openPython("bytes", 1)},
		{groupBytes, "floor: bare socket, 1 process", false, blocks, openEcho(1)},
		{groupBytes, nameEcho, false, blocks, openEcho(0)},

		{groupMETG, nameLocal, true, one, openMETG(processes)},
		{groupMETG, nameInProc, false, one, openMETG(runner.InProc)},

		{groupLarge, nameLocal, true, large, openLarge},

		{groupStart, nameStartCommand, true, starts, openStart("corecast/cmd/corecast")},
		{groupStart, "corecast local: workers of this program", false, starts, openStartLocal},
		{groupStart, nameStartFloor, false, starts, openStart("corecast/bench/peers/bare")},

		{groupSim, nameSimList, true, simulated, openSimulator(simulateList)},
		{groupSim, "corecast, as a scenario, with all that one may have", false, simulated, openSimulator(simulateScenario)},
		{groupSim, nameSimPy, false, simulated, openSimPy},
		{groupSim, nameSimGridSleep, false, simulated, openSimGrid("sleep", "--cfg=cpu/optim:TI")},
		{groupSim, nameSimGridExec, false, simulated, openSimGrid("exec", "--cfg=cpu/optim:TI")},
		{groupSim, nameSimGridActs, false, simulated, openSimGrid("activities")},
	}
}

// processes is the backend local as users get it.
func processes(workers int) runner.Launcher { return local.New(workers, local.Options{}) }
