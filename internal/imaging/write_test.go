package imaging

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestWriteFile: folders are made, files replaced, nothing is left beside, and
// who writes the same at once does no harm.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "c.jpg")
	var wg sync.WaitGroup
	want := bytes.Repeat([]byte("image"), 10_000)
	for range 8 {
		wg.Go(func() {
			if err := WriteFile(path, want); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := read(t, path); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
	if err := WriteFile(path, []byte("new")); err != nil || string(read(t, path)) != "new" {
		t.Errorf("not replaced: error %v", err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v is left, error %v", entries, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o400 == 0 || info.Mode().Perm()&0o111 != 0 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
}

// TestWriteFileFails: the error says so, and no temporary file stays.
func TestWriteFileFails(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(taken, []byte("x")); err == nil {
		t.Error("a folder is replaced")
	}
	if err := WriteFile(filepath.Join("/dev/null", "a"), []byte("x")); err == nil {
		t.Error("a file is taken for a folder")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v is left, error %v", entries, err)
	}
}

// TestCanWrite: what it says is what WriteFile does, and nothing is left.
func TestCanWrite(t *testing.T) {
	dir := t.TempDir()
	file := save(t, "file", nil)
	for path, want := range map[string]bool{
		dir: true, filepath.Join(dir, "new", "newer"): true,
		file: false, filepath.Join(file, "below"): false, "/proc/self": false, "/proc/self/new": false,
	} {
		can := CanWrite(path)
		wrote := WriteFile(filepath.Join(path, "x.png"), []byte("x"))
		if (can == nil) != want || (wrote == nil) != want {
			t.Errorf("%s: %v, and writing gives %v", path, can, wrote)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%v is left, error %v", entries, err)
	}
}
