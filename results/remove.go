package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// RemoveEmpty removes a run's folder when the run holds neither a trial nor
// results in a journal: what is left of one that could not begin. Anything else
// in the folder stays, and the folder with it. It reports whether the run was
// removed.
func RemoveEmpty(dir string) (bool, error) {
	r, err := Open(dir)
	if err != nil || len(r.Trials) > 0 || r.Running {
		return false, err
	}
	if kept, err := keptIn(filepath.Join(dir, JournalFile)); err != nil || kept > 0 {
		return false, err
	}
	for _, name := range []string{linesFile, tasksFile, JournalFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && (name != JournalFile || !errors.Is(err, os.ErrNotExist)) {
			return false, fmt.Errorf("remove a run without trials: %w", err)
		}
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, syscall.ENOTEMPTY) { // somebody else's files are in it
		return true, fmt.Errorf("remove a run without trials: %w", err)
	}
	return true, nil
}
