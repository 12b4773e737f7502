//go:build race

package onv2

// underRace: programs with the race detector do not run in the booted system.
const underRace = true
