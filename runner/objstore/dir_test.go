package objstore_test

import (
	"os"
	"testing"

	"corecast/runner/objstore"
	"corecast/runner/objstore/storetest"
)

func TestDir(t *testing.T) {
	dir := t.TempDir()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		s, err := objstore.NewDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return storetest.Store{Store: s, Conditional: true}
	})
	d, err := objstore.NewDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	// Nothing but objects, and no folders of those that are gone.
	objects, err := d.List(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if err := d.Delete(t.Context(), o.Key); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("the directory holds %v, %v", left, err)
	}
}

// TestDirKeys refuses keys that would leave the directory.
func TestDirKeys(t *testing.T) {
	d, err := objstore.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "../a", "/a", "a/../../b", "a//b", "a/", "a/./b"} {
		if err := d.Put(t.Context(), key, nil); err == nil {
			t.Errorf("an object was written under %q", key)
		}
	}
}
