// Package metrics turns the record of a run into figures.
//
// [Summarize] reads a results.Run and gives one [Summary] a workload and
// backend, whose points hold medians with intervals, speedup, efficiency,
// start-up, overhead in parts, and cost. What it is built of serves plots and
// analyses too: [Partition], [SlotParts] and [Cuts] split each worker's time,
// [StartupOf] and [ECDF] tell of start-up, [Concurrency] of running tasks,
// [METG] of granularity, [MedianInterval], [RatioInterval] and [Compare] of
// samples.
//
// The package is pure: it runs nothing and prints nothing. Package results
// gives it the record, bench/cost the prices; package report draws what it
// returns. A figure is never repaired: what was measured counts, and doubt
// travels beside it as a results.Warning.
package metrics
