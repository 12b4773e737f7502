package logscan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"corecast/internal/inputs"
)

func TestSplit(t *testing.T) {
	files := []inputs.File{{Path: "a", Size: 10}, {Path: "b.gz", Size: 100}, {Path: "empty"}, {Path: "c", Size: 4}}
	want := []Part{{"a", 0, 4}, {"a", 4, 8}, {"a", 8, 10}, {"b.gz", 0, 100}, {"empty", 0, 0}, {"c", 0, 4}}
	if diff := cmp.Diff(want, Split(files, 4)); diff != "" {
		t.Errorf("in fours (-want +got):\n%s", diff)
	}
	whole := []Part{{"a", 0, 10}, {"b.gz", 0, 100}, {"empty", 0, 0}, {"c", 0, 4}}
	if diff := cmp.Diff(whole, Split(files, 0)); diff != "" {
		t.Errorf("whole (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(whole, Split(files, 1<<62)); diff != "" {
		t.Errorf("in large parts (-want +got):\n%s", diff)
	}
	if got := want[1].String(); got != "a bytes 4 to 8" {
		t.Errorf("name %q", got)
	}
	if got := want[3].String(); got != "b.gz (whole, 100 bytes compressed)" {
		t.Errorf("name %q", got)
	}
}
