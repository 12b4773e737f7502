//go:build !race

package onv2

const underRace = false
