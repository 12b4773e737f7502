package results

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var testJob = map[string]string{"function": "f", "inputs": "1,2,3"}

// kept is a result as Load hands it over.
type kept struct {
	Task   int
	Result string
}

// openJournal opens a journal and returns what it holds.
func openJournal(t *testing.T, path string) (*Journal, []kept, []Warning) {
	t.Helper()
	j, warnings, err := OpenJournal(path, testJob)
	check(t, err)
	var all []kept
	check(t, j.Load(func(task int, result []byte) error {
		all = append(all, kept{task, string(result)})
		return nil
	}))
	if len(all) != j.Kept() {
		t.Errorf("%d results are kept, %d were loaded", j.Kept(), len(all))
	}
	return j, all, warnings
}

// testResults are results of all kinds of sizes: one fills a block alone.
func testResults(n int) []kept {
	var all []kept
	for i := range n {
		all = append(all, kept{(i * 7) % (1 << 20), string(bytes.Repeat([]byte{byte(i)}, i%5*i))})
	}
	return append(all, kept{1<<31 - 1, string(make([]byte, journalFull+1))}, kept{3, ""})
}

func appendAll(t *testing.T, j *Journal, all []kept) {
	t.Helper()
	for _, k := range all {
		check(t, j.Append(k.Task, []byte(k.Result)))
	}
}

func TestJournalGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), JournalFile)
	var want []kept
	for part := range 4 {
		j, got, warnings := openJournal(t, path)
		if diff := cmp.Diff(want, got); diff != "" || len(warnings) > 0 {
			t.Fatalf("part %d: warnings %v, results (-want +got):\n%.1000s", part, warnings, diff)
		}
		all := testResults(100 * part)
		appendAll(t, j, all)
		check(t, j.Close())
		want = append(want, all...)
	}
	j, _, _ := openJournal(t, path)
	check(t, j.Close())
	check(t, j.Close()) // again is nothing
	if err := j.Append(1, nil); err == nil {
		t.Error("a closed journal takes results")
	}
}

// What was appended is in the file soon, though nobody closes it: a driver may
// be killed.
func TestJournalIsWrittenSoon(t *testing.T) {
	path := filepath.Join(t.TempDir(), JournalFile)
	j, _, _ := openJournal(t, path)
	defer j.Close()
	empty, err := os.Stat(path)
	check(t, err)
	check(t, j.Append(1, []byte("one")))
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(journalWriteAfter / 4) {
		info, err := os.Stat(path)
		check(t, err)
		if info.Size() == empty.Size()+int64(blockHeaderSize+len("\x01\x03one")+blockCRCSize) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes, %d before the result", info.Size(), empty.Size())
		}
	}
}

// A journal that is torn at any byte, or has any byte changed, holds the
// results of the blocks before, and goes on.
func TestJournalDamage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "whole")
	var ends []int64 // of the blocks, the description's first
	var want []kept
	for i := range 4 {
		j, _, _ := openJournal(t, path)
		if i == 0 {
			ends = append(ends, j.size)
		}
		all := []kept{{2 * i, "result"}, {2*i + 1, "another"}}
		appendAll(t, j, all)
		check(t, j.Close())
		ends, want = append(ends, j.size), append(want, all...)
	}
	whole, err := os.ReadFile(path)
	check(t, err)
	expect := func(what string, data []byte, at int64) {
		t.Helper()
		path := filepath.Join(dir, "damaged")
		check(t, os.WriteFile(path, data, 0o600))
		blocks := 0
		for blocks+1 < len(ends) && ends[blocks+1] <= at {
			blocks++
		}
		j, got, warnings := openJournal(t, path)
		if diff := cmp.Diff(want[:2*blocks], got, cmp.Transformer("empty", func(k []kept) string { return fmt.Sprint(k) })); diff != "" {
			t.Fatalf("%s: (-want +got):\n%s", what, diff)
		}
		if sound := int64(len(data)) == ends[blocks] || len(data) == 0; sound == (len(warnings) == 1) {
			t.Errorf("%s: warnings %v", what, warnings)
		}
		check(t, j.Append(99, []byte("after")))
		check(t, j.Close())
		again, got, warnings := openJournal(t, path)
		if len(got) != 2*blocks+1 || got[2*blocks] != (kept{99, "after"}) || len(warnings) > 0 {
			t.Errorf("%s: went on to %d results, %v", what, len(got), warnings)
		}
		check(t, again.Close())
	}
	for n := range whole {
		expect(fmt.Sprintf("cut off after %d bytes", n), whole[:n], int64(n))
	}
	for n := len(journalMagic) + 1; n < len(whole); n++ {
		changed := bytes.Clone(whole)
		changed[n] ^= 0x10
		expect(fmt.Sprintf("byte %d changed", n), changed, int64(n))
	}
	// A block twice, one lost, two exchanged.
	blocks := [][]byte{whole[:ends[0]]}
	for i := 1; i < len(ends); i++ {
		blocks = append(blocks, whole[ends[i-1]:ends[i]])
	}
	for _, order := range [][]int{{0, 1, 1}, {0, 1, 3}, {0, 1, 3, 2}, {0, 1, 0}} {
		var data []byte
		for _, i := range order {
			data = append(data, blocks[i]...)
		}
		expect(fmt.Sprintf("blocks %v", order), data, ends[1])
	}
}

func TestJournalOfOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), JournalFile)
	j, _, _ := openJournal(t, path)
	appendAll(t, j, testResults(3))
	if _, _, err := OpenJournal(path, testJob); !errors.Is(err, ErrLocked) {
		t.Errorf("open twice: %v", err)
	}
	check(t, j.Close())
	for _, test := range []struct {
		job           map[string]string
		name, was, is string
	}{
		{map[string]string{"function": "f", "inputs": "1,2"}, "inputs", "1,2,3", "1,2"},
		{map[string]string{"function": "f"}, "inputs", "1,2,3", ""},
		{map[string]string{"function": "f", "inputs": "1,2,3", "build": "b"}, "build", "", "b"},
	} {
		_, _, err := OpenJournal(path, test.job)
		var other *OtherJobError
		if !errors.As(err, &other) || other.Name != test.name || other.Was != test.was || other.Is != test.is {
			t.Errorf("%v: error %v", test.job, err)
		}
	}
	if _, got, warnings := openJournalAndClose(t, path); len(got) != 5 || len(warnings) > 0 {
		t.Errorf("afterwards %d results, %v", len(got), warnings)
	}
	// Somebody else's file is not cut.
	check(t, os.WriteFile(path, []byte("dear diary"), 0o600))
	if _, _, err := OpenJournal(path, testJob); err == nil {
		t.Error("any file is taken for a journal")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "dear diary" {
		t.Errorf("it holds %q, %v now", data, err)
	}
}

func openJournalAndClose(t *testing.T, path string) (*Journal, []kept, []Warning) {
	t.Helper()
	j, all, warnings := openJournal(t, path)
	check(t, j.Close())
	return j, all, warnings
}

func FuzzJournal(f *testing.F) {
	path := filepath.Join(f.TempDir(), JournalFile)
	j, _, err := OpenJournal(path, testJob)
	if err != nil {
		f.Fatal(err)
	}
	for i := range 3 {
		if err := errors.Join(j.Append(i, bytes.Repeat([]byte("r"), 1000*i)), j.Append(9, nil)); err != nil {
			f.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add([]byte(journalMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, damage, err := scanJournal(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		if c.last > int64(len(data)) || (damage == nil) != (c.last == int64(len(data))) {
			t.Fatalf("%+v of %d bytes, damage %v", c, len(data), damage)
		}
		again, damage, err := scanJournal(bytes.NewReader(data[:c.last]), c.last)
		if diff := cmp.Diff(c, again, cmp.AllowUnexported(journalContent{})); err != nil || damage != nil || diff != "" {
			t.Errorf("cut off where it is damaged: %v, %v, (-want +got):\n%s", damage, err, diff)
		}
	})
}

// BenchmarkJournal is the cost of keeping a result of 8 bytes, writing and
// syncing included.
func BenchmarkJournal(b *testing.B) {
	j, _, err := OpenJournal(filepath.Join(b.TempDir(), JournalFile), testJob)
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		if err := j.Append(i&(1<<30-1), []byte("12345678")); err != nil {
			b.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
}
