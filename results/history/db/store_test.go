package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"corecast/results/history"
)

// place makes empty stores of one kind.
type place struct {
	// where returns an empty store's; full is that of one whose disk has a
	// few megabytes left, with a function that makes room.
	where func(t *testing.T) string
	full  func(t *testing.T) (where string, room func())
	// readOnly returns where, to be opened so that nothing can be written.
	readOnly func(t *testing.T, where string) string
}

// TestSuite holds SQLite and PostgreSQL to the same behaviour.
func TestSuite(t *testing.T) {
	for name, make := range map[string]func(*testing.T) place{"sqlite": sqlitePlace, "postgres": postgresPlace} {
		t.Run(name, func(t *testing.T) {
			p := make(t)
			for _, c := range []struct {
				name string
				run  func(*testing.T, place)
			}{
				{"round trip", roundTrip},
				{"newer schema", newerSchema},
				{"another's database", anothers},
				{"concurrent writers", concurrentWriters},
				{"killed writers", killedWriters},
				{"many points", manyPoints},
				{"read-only", readOnly},
				{"full disk", fullDisk},
				{"backup", backup},
			} {
				t.Run(c.name, func(t *testing.T) { c.run(t, p) })
			}
		})
	}
}

func roundTrip(t *testing.T, p place) {
	s := mustOpen(t, p.where(t))
	ctx := t.Context()
	late, early := testRun("late", 9), testRun("early", 1)
	late.Lines, late.Tasks = []byte("line\n"), []byte{0, 1, 255}
	check(t, s.Save(ctx, late))
	check(t, s.Save(ctx, early))
	check(t, s.Save(ctx, early)) // again, equal: nothing happens
	other := testRun("early", 2)
	if err := s.Save(ctx, other); !errors.Is(err, history.ErrExists) || strings.Contains(err.Error(), "\n") {
		t.Errorf("another run of the same ID: %v", err)
	}
	got, err := s.Run(ctx, "late")
	check(t, err)
	if diff := cmp.Diff(late, got, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	runs, err := s.Runs(ctx)
	check(t, err)
	if len(runs) != 2 || runs[0].ID != "early" || runs[1].ID != "late" {
		t.Errorf("runs %+v", runs)
	}
	points, err := s.Points(ctx, late.Samples[0].Series)
	check(t, err)
	want := []history.Point{
		{Run: "early", Created: early.Created, Commit: "c1", Branch: "main", Machine: "m", Values: early.Samples[0].Values},
		{Run: "late", Created: late.Created, Commit: "c9", Branch: "main", Machine: "m", Values: late.Samples[0].Values},
	}
	if diff := cmp.Diff(want, points, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	names, err := s.Series(ctx)
	check(t, err)
	if diff := cmp.Diff([]string{"a first that is second", "w/local/cores=2/makespan_s"}, names); diff != "" {
		t.Error(diff)
	}
	if _, err := s.Run(ctx, "none"); !errors.Is(err, history.ErrNotFound) {
		t.Errorf("no such run: %v", err)
	}
	a := history.Acceptance{Series: "x", Run: "late", Reason: "meant; see the notes", At: time.Unix(5, 7).UTC()}
	check(t, s.Accept(ctx, a))
	accepted, err := s.Accepted(ctx)
	check(t, err)
	if diff := cmp.Diff([]history.Acceptance{a}, accepted); diff != "" {
		t.Error(diff)
	}
	check(t, s.Check(ctx))
}

func newerSchema(t *testing.T, p place) {
	where := p.where(t)
	s := mustOpen(t, where)
	_, err := s.db.Exec("INSERT INTO corecast_schema (version) VALUES (99)")
	check(t, err)
	s.Close()
	if _, err := Open(t.Context(), where); !errors.Is(err, history.ErrNewer) || !strings.Contains(err.Error(), "99") {
		t.Errorf("got %v", err)
	}
}

func anothers(t *testing.T, p place) {
	where := p.where(t)
	s := mustOpen(t, where)
	_, err := s.db.Exec("DROP TABLE corecast_schema")
	check(t, err)
	s.Close()
	if _, err := Open(t.Context(), where); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("got %v", err)
	}
}

// concurrentWriters: 8 processes save 1,000 runs together, the store made by
// whichever comes first.
func concurrentWriters(t *testing.T, p place) {
	where := p.where(t)
	const processes, each = 8, 125
	for i := range processes {
		cmd, out := writer(t, where, fmt.Sprintf("p%d-", i), each)
		defer func() {
			if n := len(lines(out, each+1)); n != each {
				t.Errorf("process %d: %d runs", i, n)
			}
			check(t, cmd.Wait())
			if i == 0 { // the last one
				s := mustOpen(t, where)
				runs, err := s.Runs(t.Context())
				check(t, err)
				if len(runs) != processes*each {
					t.Errorf("%d runs are kept", len(runs))
				}
				check(t, s.Check(context.Background()))
			}
		}()
	}
}

// killedWriters: of a hundred writers that are killed, all that was
// acknowledged is there, and nothing in part.
func killedWriters(t *testing.T, p place) {
	where := p.where(t)
	acknowledged := make(map[string]bool)
	for i := range 100 {
		cmd, out := writer(t, where, fmt.Sprintf("k%d-", i), 1_000_000)
		for _, id := range lines(out, i%7+1) {
			acknowledged[id] = true
		}
		check(t, cmd.Process.Kill())
		for _, id := range lines(out, 1<<30) {
			acknowledged[id] = true
		}
		cmd.Wait()
	}
	s := mustOpen(t, where)
	check(t, s.Check(t.Context()))
	runs, err := s.Runs(t.Context())
	check(t, err)
	for _, r := range runs {
		delete(acknowledged, r.ID)
		whole, err := s.Run(t.Context(), r.ID)
		check(t, err)
		if len(whole.Samples) != 2 || len(whole.Samples[0].Values) != 3 {
			t.Errorf("run %s is there in part: %+v", r.ID, whole)
		}
	}
	if len(acknowledged) > 0 {
		t.Errorf("%d acknowledged runs are lost", len(acknowledged))
	}
}

// manyPoints reads 100,000 points; BenchmarkPoints times it.
func manyPoints(t *testing.T, p place) {
	s := mustOpen(t, p.where(t))
	check(t, fillPoints(t.Context(), s, 100_000))
	began := time.Now()
	points, err := s.Points(t.Context(), "many")
	check(t, err)
	t.Logf("%d points in %v", len(points), time.Since(began))
	if len(points) != 100_000 || points[99_999].Values[0] != 99_999 {
		t.Errorf("%d points, the last %+v", len(points), points[len(points)-1])
	}
}

// fillPoints puts a series of n points into an empty store, at once.
func fillPoints(ctx context.Context, s *Store, n int) error {
	count := "SELECT value FROM generate_series(0, ?) AS g(value)"
	if !s.dialect.numbered {
		count = "WITH RECURSIVE g(value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM g WHERE value < ?) SELECT value FROM g"
	}
	for _, q := range []string{
		"INSERT INTO runs (id, created, commit_id, branch, machine, body) SELECT CAST(value AS TEXT), value, 'c', 'main', 'm', '{}' FROM (" + count + ") AS g",
		"INSERT INTO series (name) SELECT 'many' FROM (" + count + ") AS g WHERE value = 0",
		"INSERT INTO samples (series, run, place, rep, value) SELECT 1, value + 1, 0, 0, value FROM (" + count + ") AS g",
	} {
		if _, err := s.db.ExecContext(ctx, s.dialect.sql(q), n-1); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}

func readOnly(t *testing.T, p place) {
	where := p.where(t)
	s := mustOpen(t, where)
	check(t, s.Save(t.Context(), testRun("a", 1)))
	check(t, s.Close())
	s = mustOpen(t, p.readOnly(t, where))
	if err := s.Save(t.Context(), testRun("b", 2)); !errors.Is(err, history.ErrReadOnly) {
		t.Errorf("save: %v", err)
	}
	runs, err := s.Runs(t.Context())
	if err != nil || len(runs) != 1 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
}

// fullDisk: the error says so, all runs before are there, and saving goes on
// when there is room.
func fullDisk(t *testing.T, p place) {
	where, room := p.full(t)
	s := mustOpen(t, where)
	kept := 0
	var err error
	for ; err == nil && kept < 1000; kept++ {
		r := testRun(fmt.Sprintf("r%d", kept), kept)
		r.Lines, r.Tasks = []byte("x"), noise(1<<19)
		err = s.Save(t.Context(), r)
	}
	kept--
	if !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "\n") {
		t.Fatalf("after %d runs: %v", kept, err)
	}
	s.Close()
	room()
	s = mustOpen(t, where)
	runs, err := s.Runs(t.Context())
	check(t, err)
	if len(runs) != kept {
		t.Errorf("%d runs, want %d", len(runs), kept)
	}
	check(t, s.Save(t.Context(), testRun("after", 1)))
	check(t, s.Check(t.Context()))
}

// noise is what does not compress.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint64(88172645463325252)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return b
}

func backup(t *testing.T, p place) {
	s := mustOpen(t, p.where(t))
	check(t, s.Save(t.Context(), testRun("a", 1)))
	check(t, s.Accept(t.Context(), history.Acceptance{Series: "x", Run: "a", Reason: "y"}))
	to := filepath.Join(t.TempDir(), "copy.db")
	check(t, s.Backup(t.Context(), to))
	before, err := os.ReadFile(to)
	check(t, err)
	if err := s.Backup(t.Context(), to); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("over a file: %v", err)
	}
	if after, _ := os.ReadFile(to); string(after) != string(before) {
		t.Error("a backup was overwritten")
	}
	c := mustOpen(t, to)
	runs, err := c.Runs(t.Context())
	check(t, err)
	accepted, err := c.Accepted(t.Context())
	check(t, err)
	if len(runs) != 1 || len(accepted) != 1 {
		t.Errorf("%d runs, %d acceptances", len(runs), len(accepted))
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(to), ".corecast*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func BenchmarkPoints(b *testing.B) {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "h.db"))
	if err == nil {
		err = fillPoints(b.Context(), s, 100_000)
	}
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		if _, err := s.Points(b.Context(), "many"); err != nil {
			b.Fatal(err)
		}
	}
}
