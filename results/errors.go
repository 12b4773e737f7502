package results

import (
	"errors"
	"strconv"
	"strings"
)

// ErrComplete is returned by [Resume] for a run that has its end line.
var ErrComplete = errors.New("the run is complete")

// ErrNotRun marks a folder that holds no run.
var ErrNotRun = errors.New("not a run")

// ErrLocked is returned where another process is writing the run.
var ErrLocked = errors.New("another process is writing this run")

// DamageError says which part of a run's folder cannot be trusted. A damaged
// run is refused as a whole.
type DamageError struct {
	// Dir is the run's folder, File the name of the file in it.
	Dir, File string
	// Line is the line of run.jsonl, from 1; 0 where no line is meant.
	Line int
	// Place is a place in tasks.bin, such as "block at byte 1234 (trial 3)".
	Place string
	// What is the kind of damage, Advice what can be done about it.
	What, Advice string
}

// Error returns the folder, the file, the place in it and what is wrong there.
func (e *DamageError) Error() string {
	parts := []string{e.Dir, e.File}
	if e.Line > 0 {
		parts = append(parts, "line "+strconv.Itoa(e.Line))
	}
	if e.Place != "" {
		parts = append(parts, e.Place)
	}
	message := strings.Join(append(parts, e.What), ": ")
	if e.Advice != "" {
		message += " (" + e.Advice + ")"
	}
	return message
}

// adviseResume is what helps where only the last thing written is incomplete.
const adviseResume = "the writer was interrupted; --resume cuts this off and continues the run"
