package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// readFolder reads all of a folder, as a reader of the record would.
func readFolder(dir string) (everything, error) {
	r, err := Open(dir)
	if err != nil {
		return everything{}, err
	}
	return readAll(r)
}

// Whatever byte of whatever file is flipped, the damage is found.
func TestEveryFlippedByteIsFound(t *testing.T) {
	for complete, flip := range map[bool]byte{true: 0x20, false: 0x01} {
		dir := t.TempDir()
		writeRun(t, dir, 3, complete)
		for _, name := range []string{linesFile, tasksFile} {
			whole := readFile(t, dir, name)
			for i := range whole {
				damaged := append([]byte(nil), whole...)
				damaged[i] ^= flip
				writeFile(t, dir, name, damaged)
				var damage *DamageError
				if _, err := readFolder(dir); !errors.As(err, &damage) || damage.File != name {
					t.Fatalf("%s: byte %d flipped by %#x: got %v", name, i, flip, err)
				}
			}
			writeFile(t, dir, name, whole)
		}
	}
}

// prefixOf fails unless got is what the first trials of want tell.
func prefixOf(want, got everything) error {
	n := len(got.Trials)
	if n > len(want.Trials) {
		return fmt.Errorf("%d trials", n)
	}
	expected := everything{Header: want.Header, Machines: want.Machines[:len(got.Machines)],
		Trials: want.Trials[:n], Workers: want.Workers[:n], Traces: want.Traces[:n],
		Others: want.Others[:len(got.Others)], End: got.End}
	if got.End != nil {
		expected = want
	}
	if diff := cmp.Diff(expected, got, cmpopts.EquateEmpty()); diff != "" {
		return errors.New(diff)
	}
	return nil
}

// A file that is cut at any byte is refused, or reads as an interrupted run
// whose trials are what they were.
func TestEveryTruncationIsRefusedOrConsistent(t *testing.T) {
	dir := t.TempDir()
	writeRun(t, dir, 4, true)
	_, want := openAll(t, dir)
	for _, name := range []string{linesFile, tasksFile} {
		whole := readFile(t, dir, name)
		interrupted := 0
		for n := range len(whole) {
			check(t, os.Truncate(filepath.Join(dir, name), int64(n)))
			got, err := readFolder(dir)
			var damage *DamageError
			switch {
			case err != nil && !errors.As(err, &damage):
				t.Fatalf("%s cut to %d bytes: %v", name, n, err)
			case err == nil && got.End != nil:
				t.Fatalf("%s cut to %d of %d bytes reads as complete", name, n, len(whole))
			case err == nil:
				interrupted++
				if err := prefixOf(want, got); err != nil {
					t.Fatalf("%s cut to %d bytes: %v", name, n, err)
				}
			}
			writeFile(t, dir, name, whole)
		}
		t.Logf("%s: %d bytes, %d truncations read as interrupted", name, len(whole), interrupted)
		if (interrupted > 0) != (name == linesFile) {
			t.Errorf("%s: %d truncations read as interrupted", name, interrupted)
		}
	}
}

// Both files are cut, as by a writer that was killed: Resume must continue
// wherever no more than one trial is lost, and what it leaves must read well.
func TestResumeAfterEveryTruncation(t *testing.T) {
	dir := t.TempDir()
	traces := writeRun(t, dir, 3, false)
	_, want := openAll(t, dir)
	lines, tasks := readFile(t, dir, linesFile), readFile(t, dir, tasksFile)
	last := want.Trials[2].Blocks[0].Offset
	for n := range len(lines) {
		// All places around the ends of lines, some of the others.
		if n%37 != 0 && !slices.Contains(lines[max(n-2, 0):min(n+2, len(lines))], '\n') {
			continue
		}
		for _, m := range []int64{last, last + 7, last + 40, int64(len(tasks))} {
			writeFile(t, dir, linesFile, lines[:n])
			writeFile(t, dir, tasksFile, tasks[:m])
			w, run, warnings, err := Resume(dir)
			if err != nil {
				var damage *DamageError
				if !errors.As(err, &damage) {
					t.Fatalf("cut to %d, %d: %v", n, m, err)
				}
				continue
			}
			if whole := lines[n-1] == '\n' && len(run.Trials) == 3; len(warnings) == 0 && !whole && m > last {
				t.Fatalf("cut to %d, %d: no warning", n, m)
			}
			got, err := readAll(run)
			check(t, err)
			if err := prefixOf(want, got); err != nil {
				t.Fatalf("cut to %d, %d: %v", n, m, err)
			}
			check(t, w.Machine(testMachine("m1")))
			for i := len(run.Trials); i < 3; i++ {
				check(t, w.Trial(testTrial(i, traces[i]), traces[i]))
			}
			check(t, w.End(End{Finished: testTime, Reason: "done"}))
			check(t, w.Close())
			again, err := readFolder(dir)
			check(t, err)
			same(t, want.Trials, again.Trials)
			same(t, want.Traces, again.Traces)
		}
	}
}

func TestDamageIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		hurt func(data []byte, all everything) []byte
		want string
	}{
		"checksum of a line": {linesFile, func(d []byte, _ everything) []byte {
			d[len(d)/2] ^= 1
			return d
		}, "checksum does not match"},
		"torn line": {linesFile, func(d []byte, _ everything) []byte { return d[:len(d)-5] }, "--resume"},
		"lost lines": {linesFile, func(d []byte, all everything) []byte {
			return d[:strings.Index(string(d), `{"type":"worker","trial":2`)]
		}, "run.jsonl: cut off: tasks.bin holds 6 trials, run.jsonl 2"},
		"no header": {linesFile, func(d []byte, _ everything) []byte { return d[:30] }, "run.jsonl: line 1: cut off in its header"},
		"empty":     {linesFile, func(d []byte, _ everything) []byte { return nil }, "cut off in its header"},
		"newer schema": {linesFile, func(d []byte, _ everything) []byte {
			line, _ := seal([]byte(`{"type":"header","schema":2,"new":{}`), 0)
			return line
		}, "schema 2, this program reads up to 1: use a newer corecast"},
		"missing rows": {tasksFile, func(d []byte, all everything) []byte {
			return d[:all.Trials[5].Blocks[0].Offset]
		}, "trial 5 has rows at byte"},
		"block cut off": {tasksFile, func(d []byte, all everything) []byte {
			return d[:all.Trials[5].Blocks[0].Offset+88]
		}, "(trial 5): cut off after 88 of"},
		"checksum of a block": {tasksFile, func(d []byte, all everything) []byte {
			d[all.Trials[3].Blocks[0].Offset+60] ^= 1
			return d
		}, "(trial 3): checksum does not match"},
		"rows of another trial": {tasksFile, func(d []byte, all everything) []byte {
			b := all.Trials[2].Blocks[0]
			copy(d[b.Offset:], encodeAll(t, all.Traces[2], 4)[0])
			return d
		}, "is part 0 of trial 4"},
		"newer rows": {tasksFile, func(d []byte, _ everything) []byte { d[7] = 2; return d }, "has format 2, this program reads 1"},
		"no magic":   {tasksFile, func(d []byte, _ everything) []byte { return d[:5] }, "cut off after 5 of the first 8 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeRun(t, dir, 6, false)
			_, all := openAll(t, dir)
			writeFile(t, dir, c.file, c.hurt(readFile(t, dir, c.file), all))
			_, err := Open(dir)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
}

func TestRowsBeyondACompleteRunAreDamage(t *testing.T) {
	dir := t.TempDir()
	writeRun(t, dir, 3, true)
	writeFile(t, dir, tasksFile, append(readFile(t, dir, tasksFile), 0))
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "belong to no trial") {
		t.Errorf("got %v", err)
	}
}

func TestNotARun(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	writeFile(t, dir, "file", nil)
	for _, path := range []string{dir, file, filepath.Join(dir, "none")} {
		if _, err := Open(path); !errors.Is(err, ErrNotRun) || !strings.Contains(err.Error(), path) {
			t.Errorf("Open(%s): %v", path, err)
		}
		if _, _, _, err := Resume(path); !errors.Is(err, ErrNotRun) {
			t.Errorf("Resume(%s): %v", path, err)
		}
	}
	writeRun(t, filepath.Join(dir, "run"), 2, true)
	check(t, os.Remove(filepath.Join(dir, "run", tasksFile)))
	if _, err := Open(filepath.Join(dir, "run")); err == nil || !strings.Contains(err.Error(), "tasks.bin: missing") {
		t.Errorf("got %v", err)
	}
}

// A trial whose blocks are written and whose line is not is part of an
// interrupted run, and said to be left out.
func TestUncommittedTrialIsNoDamage(t *testing.T) {
	dir := t.TempDir()
	traces := writeRun(t, dir, 3, false)
	block := encodeAll(t, traces[2], 3)[0]
	tasks := append(readFile(t, dir, tasksFile), block...)
	writeFile(t, dir, tasksFile, tasks)
	r, all := openAll(t, dir)
	if len(all.Trials) != 3 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Text, "trial 3") {
		t.Errorf("%d trials, warnings %v", len(all.Trials), r.Warnings)
	}
	// A second one means that lines are lost.
	writeFile(t, dir, tasksFile, append(tasks, encodeAll(t, traces[2], 4)[0]...))
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "tasks.bin holds 5 trials, run.jsonl 3") {
		t.Errorf("got %v", err)
	}
}
