// Package storetest is the suite that every object store passes, and the
// servers that tests run it against.
package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corecast/runner/objstore"
)

// Store is a store under test.
type Store struct {
	objstore.Store
	// Conditional is set where PutNew must hold.
	Conditional bool
	// Torn is set when objects cannot be written over while they are read.
	Torn bool
}

// Run runs the suite on a store; open makes a client of it, each of the same
// objects.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for name, run := range map[string]func(*testing.T, Store){
		"WriteReadOver": testWriteRead, "Ranges": testRanges, "Parts": testParts, "List": testList, "ManyKeys": testManyKeys,
		"Delete": testDelete, "Missing": testMissing, "New": testNew, "Names": testNames, "Concurrent": testConcurrent, "Usage": testUsage,
	} {
		t.Run(name, func(t *testing.T) { run(t, open(t)) })
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func want(t *testing.T, s Store, key string, offset, n int64, body []byte) {
	t.Helper()
	got, err := s.Get(t.Context(), key, offset, n)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, body) {
		t.Errorf("%d bytes of %s from %d on are %d other bytes, not the %d that were written", n, key, offset, len(got), len(body))
	}
}

func testWriteRead(t *testing.T, s Store) {
	for _, n := range []int{0, 1, 1000, 1 << 20} {
		must(t, s.Put(t.Context(), "a/one", noise(n)))
		want(t, s, "a/one", 0, -1, noise(n))
	}
}

func testRanges(t *testing.T, s Store) {
	body := noise(1000)
	must(t, s.Put(t.Context(), "ranges", body))
	for _, r := range []struct{ offset, n, from, to int64 }{
		{0, 10, 0, 10}, {990, 10, 990, 1000},
		{500, -1, 500, 1000},
		{990, 100, 990, 1000}, // beyond the end
		{5, 0, 0, 0},
		{1000, 10, 0, 0}, // behind the end
	} {
		want(t, s, "ranges", r.offset, r.n, body[r.from:r.to])
	}
}

func testParts(t *testing.T, s Store) {
	body := noise(2*objstore.PartSize + 12345)
	must(t, s.Put(t.Context(), "parts", body))
	want(t, s, "parts", 0, -1, body)
	want(t, s, "parts", objstore.PartSize-5, 10, body[objstore.PartSize-5:objstore.PartSize+5])
	must(t, s.Delete(t.Context(), "parts"))
}

func keys(t *testing.T, s Store, prefix, after string) []string {
	t.Helper()
	objects, err := s.List(t.Context(), prefix, after)
	must(t, err)
	var all []string
	for _, o := range objects {
		all = append(all, o.Key)
	}
	return all
}

func testList(t *testing.T, s Store) {
	for i, key := range []string{"list/b", "list/a", "list/c/d", "list2", "lis", "list/c-"} {
		must(t, s.Put(t.Context(), key, noise(i)))
	}
	for _, c := range []struct {
		prefix, after string
		want          []string
	}{
		{"list/", "", []string{"list/a", "list/b", "list/c-", "list/c/d"}},
		{"list/c", "", []string{"list/c-", "list/c/d"}}, // not only at slashes
		{"list/", "list/b", []string{"list/c-", "list/c/d"}},
		{"list/", "list/bb", []string{"list/c-", "list/c/d"}}, // between keys
		{"none/", "", nil},
	} {
		if d := cmp.Diff(c.want, keys(t, s, c.prefix, c.after)); d != "" {
			t.Errorf("objects %s behind %q (-want +got):\n%s", c.prefix, c.after, d)
		}
	}
	objects, err := s.List(t.Context(), "list/c/", "")
	must(t, err)
	if d := cmp.Diff([]objstore.Object{{Key: "list/c/d", Size: 2}}, objects); d != "" {
		t.Errorf("an object (-want +got):\n%s", d)
	}
}

// testManyKeys lists and deletes more than one request can.
func testManyKeys(t *testing.T, s Store) {
	const n = 1100
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("many/%04d", i))
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < n; i += 8 {
				if err := s.Put(t.Context(), all[i], nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if d := cmp.Diff(all, keys(t, s, "many/", "")); d != "" {
		t.Errorf("many objects (-want +got):\n%s", d)
	}
	must(t, s.Delete(t.Context(), all...))
	if left := keys(t, s, "many/", ""); len(left) > 0 {
		t.Errorf("%d objects are left", len(left))
	}
}

func testDelete(t *testing.T, s Store) {
	must(t, s.Put(t.Context(), "gone/x", nil))
	must(t, s.Put(t.Context(), "gone/y", nil))
	must(t, s.Delete(t.Context(), "gone/x", "gone/never"))
	must(t, s.Delete(t.Context()))
	if d := cmp.Diff([]string{"gone/y"}, keys(t, s, "gone/", "")); d != "" {
		t.Errorf("what is left (-want +got):\n%s", d)
	}
}

func testMissing(t *testing.T, s Store) {
	if _, err := s.Get(t.Context(), "missing/one", 0, -1); !errors.Is(err, objstore.ErrNotFound) || !strings.Contains(err.Error(), "missing/one") {
		t.Errorf("reading what is not there: %v", err)
	}
}

func testNew(t *testing.T, s Store) {
	if ok, err := objstore.Conditional(t.Context(), s, "probe"); err != nil || ok != s.Conditional {
		t.Errorf("conditional writes: %v, %v; want %v", ok, err, s.Conditional)
	}
	if !s.Conditional {
		return
	}
	must(t, s.Delete(t.Context(), "new"))
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for i := range 8 {
		wg.Go(func() {
			switch err := s.PutNew(t.Context(), "new", noise(i)); {
			case err == nil:
				mu.Lock()
				won++
				mu.Unlock()
			case !errors.Is(err, objstore.ErrExists):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d of 8 wrote where one may", won)
	}
}

// testNames has keys with what signatures and paths might mistake.
func testNames(t *testing.T, s Store) {
	for _, name := range []string{"a b", "a+b", "a=b,c", "ä", "a'(b)!*", "a~b", "a&b", "a:b@c"} {
		key := "names/" + name
		must(t, s.Put(t.Context(), key, []byte(name)))
		want(t, s, key, 0, -1, []byte(name))
		if got := keys(t, s, key, ""); len(got) != 1 || got[0] != key {
			t.Errorf("%q is listed as %q", key, got)
		}
		must(t, s.Delete(t.Context(), key))
	}
	if left := keys(t, s, "names/", ""); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
}

func testConcurrent(t *testing.T, s Store) {
	if s.Torn {
		t.Skip("not applicable: the store writes over objects in place")
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 10 {
				body := noise(w*100 + i)
				if err := s.Put(t.Context(), "same", body); err != nil {
					t.Error(err)
				}
				// Whole, whoever wrote it last.
				got, err := s.Get(t.Context(), "same", 0, -1)
				if err != nil {
					t.Error(err)
				} else if !bytes.Equal(got, noise(len(got))) {
					t.Errorf("%d bytes that nobody wrote", len(got))
				}
			}
		})
	}
	wg.Wait()
}

func testUsage(t *testing.T, s Store) {
	before := s.Usage()
	must(t, s.Put(t.Context(), "usage", noise(100)))
	want(t, s, "usage", 0, 10, noise(100)[:10])
	keys(t, s, "usage", "")
	must(t, s.Delete(t.Context(), "usage"))
	u := s.Usage()
	got := objstore.Usage{Writes: u.Writes - before.Writes, Reads: u.Reads - before.Reads, Lists: u.Lists - before.Lists,
		Deletes: u.Deletes - before.Deletes, Up: u.Up - before.Up, Down: u.Down - before.Down}
	if d := cmp.Diff(objstore.Usage{Writes: 1, Reads: 1, Lists: 1, Deletes: 1, Up: 100, Down: 10}, got); d != "" {
		t.Errorf("what a write, a read, a listing and a deletion use (-want +got):\n%s", d)
	}
}
