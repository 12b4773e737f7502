// Package instance runs the instances of emulated job runs: each is a process
// of this machine.
//
// A [Task] is one index of a run. [Pool.Submit] puts it into its project's
// queue (queue.go), which it leaves in order as soon as the project's [Quota]
// has room. Then it waits for its start as [Provisioning] has it
// (provision.go), runs as a process held to its processors and memory by a
// control group where this machine allows that (process.go), and is queued
// again while it fails and retries are left. What became of each instance goes
// to the task's observer and, as a [Record], to the log.
//
// It knows nothing of REST: package emulator, which does, makes tasks of job
// runs and takes images from emulator/image.
package instance
