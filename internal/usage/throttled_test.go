package usage

import (
	"os"
	"path/filepath"
	"testing"
)

func TestThrottledIn(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cpu.stat")
	for text, want := range map[string]int64{
		"nr_periods 2\nnr_throttled 1\nthrottled_time 2500\n":           2500,   // version 1
		"usage_usec 5\nnr_throttled 2\nthrottled_usec 1500\nburst_usec": 1500e3, // version 2
		"usage_usec 5\n": Unknown, // without the controller
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := ThrottledIn(name); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if got := ThrottledIn("/no/such/file"); got != Unknown {
		t.Errorf("no file: %v", got)
	}
}
