package results

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// runAt makes a run that was created so many hours after testTime.
func runAt(t *testing.T, dir, id string, hours int, complete bool) {
	t.Helper()
	w, err := Create(dir, Header{ID: id, Created: testTime.Add(time.Duration(hours) * time.Hour)})
	check(t, err)
	check(t, w.Machine(testMachine("m1")))
	for i, workload := range []string{"pi", "sleep", "pi"} {
		trial := testTrial(i, nil)
		trial.Point.Workload = workload
		check(t, w.Trial(trial, nil))
	}
	if complete {
		check(t, w.End(End{}))
	}
	check(t, w.Close())
}

func TestListAndFind(t *testing.T) {
	root := t.TempDir()
	dir := func(elements ...string) string { return filepath.Join(append([]string{root}, elements...)...) }
	runAt(t, dir("20261123-191945-aaaa"), "20261123-191945-aaaa", 0, true)
	runAt(t, dir("deep", "er", "named"), "20261123-211945-bbbb", 2, false)
	runAt(t, dir("20261123-201945-cccc"), "20261123-201945-cccc", 1, true)
	runAt(t, dir(".hidden", "x"), "20261123-221945-dddd", 3, true)
	runAt(t, dir("a", "b", "c", "toodeep"), "20261123-221945-eeee", 3, true)
	check(t, os.MkdirAll(dir("empty"), 0o777))
	check(t, os.MkdirAll(dir("broken"), 0o777))
	writeFile(t, dir("broken"), linesFile, []byte("{}\n"))

	infos, err := List(root)
	check(t, err)
	var ids []string
	for _, i := range infos {
		ids = append(ids, i.ID)
	}
	same(t, []string{"20261123-211945-bbbb", "20261123-201945-cccc", "20261123-191945-aaaa", "broken"}, ids)
	want := Info{ID: ids[0], Dir: dir("deep", "er", "named"), Created: testTime.Add(2 * time.Hour),
		Workloads: []string{"pi", "sleep"}, Backends: []string{"local"}, Trials: 3}
	same(t, want, infos[0])
	var damage *DamageError
	if !infos[1].Complete || !errors.As(infos[3].Damage, &damage) {
		t.Errorf("complete %t, damage %v", infos[1].Complete, infos[3].Damage)
	}

	for _, c := range []struct{ name, want, fails string }{
		{"latest", dir("deep", "er", "named"), ""},
		{"20261123-191945-aaaa", dir("20261123-191945-aaaa"), ""},
		{"20261123-2119", dir("deep", "er", "named"), ""},
		{"named", dir("deep", "er", "named"), ""},
		{dir("a", "b", "c", "toodeep"), dir("a", "b", "c", "toodeep"), ""},
		{"2026", "", "any of 3 runs"},
		{"2027", "", `no run "2027"`},
		{dir("empty"), "", "has no run.jsonl"},
		{"", "", "which run"},
	} {
		got, err := Find(root, c.name)
		if got != c.want || (err != nil) != (c.fails != "") || (err != nil && !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("Find(%q) = %q, %v; want %q, %q", c.name, got, err, c.want, c.fails)
		}
	}
	if _, err := Find(dir("none"), "latest"); err == nil || !strings.Contains(err.Error(), "no run in") {
		t.Errorf("got %v", err)
	}
	if _, err := List(dir("none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// A list finds a run whose files do not match, without reading all rows.
func TestListFindsDamage(t *testing.T) {
	root := t.TempDir()
	writeRun(t, filepath.Join(root, "a"), 3, true)
	check(t, os.Truncate(filepath.Join(root, "a", tasksFile), 300))
	infos, err := List(root)
	check(t, err)
	if len(infos) != 1 || infos[0].Damage == nil || infos[0].ID != testHeader().ID {
		t.Errorf("got %+v", infos)
	}
}

func TestNewID(t *testing.T) {
	first := NewID(testTime.In(time.FixedZone("", 7200)))
	if !strings.HasPrefix(first, "20261123-191945-") || len(first) != 20 {
		t.Errorf("got %q", first)
	}
	ids := []string{NewID(testTime.Add(time.Second)), first}
	slices.Sort(ids)
	if ids[0] != first {
		t.Errorf("%q does not sort before %q", first, ids[0])
	}
	if again := NewID(testTime); again == first {
		t.Errorf("%q came twice", again)
	}
}
