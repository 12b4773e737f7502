// Package policy states what the project's source must keep to, as data, and
// holds the checks: which package may import which (rules.go, imports.go),
// what a worker's path must not reach (worker.go), no init functions and no
// package-level state (source.go), and one line in docs/dependencies.md for
// each module that is used (modules.go).
//
// Nothing imports it; its tests read the project's files from the module's
// root and fail with a file, a line and the rule that was broken. Command
// gotest beside it reads the output of go test.
package policy
