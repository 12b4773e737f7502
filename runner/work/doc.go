// Package work runs tasks: functions under a name, the executor that calls
// them, and the workers around it, a goroutine or a process.
//
// A worker takes chunks of tasks from package exchange and gives results back:
// Goroutine (goroutine.go) in memory, on the inputs as they are; Main and Serve
// (worker.go) over a stream, where a Func decodes inputs and encodes results
// (serve.go). The executor (executor.go) calls functions one after another
// under the job's limits. What the driver needs to know of a job's types is
// here too (job.go), since only Func knows them.
//
// Package runner beside it schedules, and is what programs use. This package
// is apart from it so that a worker process can start with few packages
// initialised: see package internal/workerentry, and keep its imports few. Its
// doc comments are short where those of runner say the same.
package work
