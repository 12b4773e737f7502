// Package capacity says how many cores a job should have: the cheapest core
// count that meets a deadline with a wished probability, the fastest within a
// budget, a balanced one, the knee; the Pareto front of time against cost; other
// sizes of instances, other price lists and backends beside it; what a machine
// that runs all day would cost; and which core count to measure next.
//
// A [Forecaster] gives draws of a job's makespan and cost on so many workers;
// [Simulated] makes them by bench/sim, calibrated by a run, with prices of
// bench/cost, and adds the error that its own backtest shows. [New] searches
// core counts of one or more [Place] values by a [Wish], and returns an
// [Answer]. bench/scaling stands beside it: its law is the cross-check.
//
// The package is pure: it measures nothing and prints nothing.
package capacity
