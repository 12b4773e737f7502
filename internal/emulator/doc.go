// Package emulator serves IBM Cloud Code Engine, IAM's tokens and Cloud Object
// Storage on loopback, and really runs what is asked for: each index of a job
// run is a process of this machine. Clients that know nothing of it work
// against it.
//
// A request comes in at one address (front.go), is counted (counts.go), fails
// when that was asked for (faults.go), and goes by its path to the token
// endpoint (iam.go), to the Code Engine API (api.go) or to the object store
// (package emulator/storage). The API's resources are JSON objects by name in
// their project (resources.go), checked when they are made (job.go, size.go,
// kinds.go); a run hands its indices to package emulator/instance (runs.go),
// with the environment of env.go and the program of package emulator/image.
//
// Everything is in memory, but objects, and unpacked images: those are in a
// folder of the emulator's own, removed when it is closed. docs/emulator.md
// says what it does like the service, and what it does not.
package emulator
