// Package runner fans functions out over workers.
//
// A program names its functions with [NewFunc], hands them to [Main] first
// thing in main, makes a [Pool] over a backend ([InProc], or a package below
// this one), and calls [Map], [MapReduce] or [Stream]. The call becomes a job;
// one goroutine, the schedule, hands its tasks to workers in chunks, takes
// their results in, repeats what was lost, and leaves a trace (package trace)
// of every attempt.
//
// Beside it stand package exchange, which moves chunks and results, package
// work, which runs tasks in a worker, and the launchers that start workers.
package runner
