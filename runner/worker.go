package runner

import (
	"io"

	"corecast/runner/work"
)

// WorkerEnv is the environment variable that turns a program into a worker: it
// holds the number of the descriptor of the stream to its driver. [Main] takes
// it out of the environment.
const WorkerEnv = work.Env

// Main turns this process into a worker when it was started as one, and then
// never returns; otherwise it returns at once. Call it first thing in main,
// with every function that is to be fanned out:
//
//	func main() {
//		runner.Main(square)
//		...
//
// A worker ends when its driver is gone.
func Main(funcs ...AnyFunc) { work.Main(funcs...) }

// Serve makes this process the worker of the driver at the other end of a
// stream, with the functions that it is to know besides [Noop], and returns
// when the stream ends. The process should end then: what its functions still
// do is nobody's. A process serves one stream in its life, since a worker
// gives up the process with a task that does not end.
func Serve(conn io.ReadWriteCloser, funcs ...AnyFunc) error { return work.Serve(conn, funcs...) }

// ExitGaveUp reports whether a worker process that ended with this code did so
// because a task would not end when its time was up, after telling the driver.
func ExitGaveUp(code int) bool { return work.ExitGaveUp(code) }

// BuildID identifies the program that is running: the id that the Go linker
// put into it, which differs when anything that was compiled into it does.
// Driver and worker compare theirs.
func BuildID() string { return work.BuildID() }

// Executable returns the path of the running program, which a launcher starts
// again as a worker; on Linux one that holds when the file was replaced.
func Executable() string { return work.Executable() }
