// Package sim simulates a fan-out before it is run: how long it would take on
// so many workers, when they would start, what they would do meanwhile, and
// what they would be billed for.
//
// It has two models. [List] is exact list scheduling over given service times
// and start delays, without anything random: ten and more million tasks a
// second. A [Scenario] is a discrete-event simulation of all that happens
// around the tasks: provisioning, the driver, a shared store, chunks, failures,
// lost workers, copies, bills. [Simulate] runs it many times, in parallel, each
// replication with random numbers of its own, and returns one [Outcome] a
// replication, of which [Predict] makes intervals. [Record] writes replications
// as a run, of kind simulated, that package report shows like any other.
//
// A scenario is written by hand (package bench/scenariofile reads it from
// YAML), or made by a [Model], which [Calibrate] takes from a run that was
// measured or imported.
//
// Package results gives it runs and takes them, bench/cost prices,
// bench/metrics the figures that it is held against. It starts nothing, and
// prints nothing. docs/simulator.md says why it is built like this.
package sim
