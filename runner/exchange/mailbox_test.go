package exchange

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestMailbox(t *testing.T) {
	m := NewMailbox[int]()
	for i := range 6 {
		m.Push(i)
	}
	m.Drop(func(v int) bool { return v%3 == 1 })
	if m.Len() != 4 {
		t.Errorf("%d wait, want 4", m.Len())
	}
	first := m.Take(nil)
	if diff := cmp.Diff([]int{0, 2, 3, 5}, first); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
	m.Push(6)
	second := m.Take(first) // first is used again, but not for what is taken now
	if diff := cmp.Diff([]int{6}, second); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
	m.Push(7)
	if second[0] != 6 {
		t.Error("what was taken changed while it was in use")
	}
	m.Close()
	if got := m.Take(nil); got != nil {
		t.Errorf("a closed mailbox gave %v", got)
	}
}

// TestMailboxWaits holds that Take waits for Push and Close, and that nothing
// is lost or turned around between two goroutines.
func TestMailboxWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		m := NewMailbox[int]()
		var got []int
		var wg sync.WaitGroup
		wg.Go(func() {
			var batch []int
			for batch = m.Take(batch); batch != nil; batch = m.Take(batch) {
				got = append(got, batch...)
			}
		})
		synctest.Wait() // it waits in Take
		want := make([]int, n)
		for i := range n {
			want[i] = i
			m.Push(i)
			if i%1000 == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		m.Close()
		wg.Wait()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("taken (-want +got):\n%.500s", diff)
		}
	})
}
