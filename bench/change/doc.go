// Package change says where the level of a series changed, by how much, and
// how sure that is.
//
// [Detect] takes the values of one metric in the order in which they were
// measured. It quietens rare spikes and values that are far out (robust.go),
// estimates how much neighbours resemble each other (autocorrelation.go), and
// looks for the split whose sides differ most by the statistic of E-divisive
// (energy.go). Whether the split could be chance is told by series drawn from
// the series itself without any change (resample.go): a permutation where
// neighbours do not resemble each other, and where they do, one of the
// innovations of the autoregression. A split that holds divides the series,
// and both sides are searched in turn (split.go). What was found is put where
// the autoregression explains it best (locate.go), tested again between its
// neighbours, and held against a straight line (drift.go): what a line explains
// better is drift. Sizes have intervals (size.go).
//
// [ReadCSV] reads series, and [Analyse] makes of them the document that
// corecast changepoints prints. The package is pure: equal values give equal
// answers, and it prints nothing. docs/tracking.md has its error rates, which
// go run ./bench/change/rates measures. Beside it stands bench/metrics, which
// compares two runs instead of a history.
package change
