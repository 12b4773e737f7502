// Package scaling fits scaling laws to measured times over core counts and
// forecasts other core counts by them.
//
// [ReadCSV] and [FromRun] give [Data]: rows grouped by core count. [New] fits
// the laws of [Laws] to it, judges each by how well it predicts the larger core
// counts from the smaller ones ([Backtest]), selects one, and gives a
// [Forecast]: parameters with intervals, predictions with intervals, and
// warnings as values. docs/forecast.md says which estimators and intervals
// these are, and why.
//
// The package is pure: it measures nothing and prints nothing. Package report
// draws what it returns, bench/capacity decides by it, and bench/sim beside it
// forecasts from mechanism where this package forecasts from a law.
package scaling
