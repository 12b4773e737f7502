package imaging

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestUnnamed holds that nothing is to be seen of a file before it is whole, and
// that it then has the mode of any other.
func TestUnnamed(t *testing.T) {
	dir := t.TempDir()
	defer syscall.Umask(syscall.Umask(0o027))
	f, err := unnamed(dir)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("not applicable: this file system has no files without names")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("half"); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("%v is to be seen, error %v", entries, err)
	}
	path := filepath.Join(dir, "a")
	if err := link(f, path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 || info.Size() != 4 {
		t.Errorf("%v, error %v", info, err)
	}
	if err := link(f, path); !errors.Is(err, os.ErrExist) {
		t.Errorf("a name that another has: %v", err)
	}
}
