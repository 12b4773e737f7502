package logscan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree makes a folder of files and links, with their names as contents.
func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range []string{"b.log", "a.log", ".hidden.log", "sub/c.log", "sub/deep/d.log", ".git/e.log", "odd[1].log", "sub/x.txt"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"sub/loop": "..", "link.log": "a.log", "sub/self": "self", "away": "sub/deep"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestExpand(t *testing.T) {
	root := tree(t)
	t.Chdir(root)
	all := []string{".git/e.log", ".hidden.log", "a.log", "b.log", "odd[1].log", "sub/c.log", "sub/deep/d.log", "sub/x.txt"}
	tests := []struct {
		inputs string // separated by spaces
		want   []string
	}{
		{"b.log", []string{"b.log"}},
		{"b.log a.log b.log ./b.log", []string{"b.log", "a.log"}}, // in order, once
		{"link.log", []string{"link.log"}},                        // a link that is named
		{"away", []string{"away/d.log"}},                          // to a folder
		{".", all},                                                // links in it are not followed
		{"**", all},
		{"./**", all},
		{"*.log", []string{".hidden.log", "a.log", "b.log", "link.log", "odd[1].log"}},
		{"[ab].log", []string{"a.log", "b.log"}},
		{"odd[1].log", []string{"odd[1].log"}}, // exists: no glob
		{`odd\[?].log`, []string{"odd[1].log"}},
		{"**/*.txt", []string{"sub/x.txt"}},
		{"**/d*/*", []string{"sub/deep/d.log"}},
		{"sub/**/[cd].log", []string{"sub/c.log", "sub/deep/d.log"}},
		{"s*b/deep", []string{"sub/deep/d.log"}}, // a folder that a glob matches
		{"**/**/c.log", []string{"sub/c.log"}},
		{root + "/su?/c*", []string{root + "/sub/c.log"}},
	}
	for _, test := range tests {
		files, err := Expand(strings.Fields(test.inputs))
		if err != nil {
			t.Errorf("%s: %v", test.inputs, err)
		}
		var got []string
		for _, f := range files {
			got = append(got, f.Path)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.inputs, diff)
		}
	}
	files, err := Expand([]string{"sub/c.log"})
	if want := []File{{"sub/c.log", 9}}; err != nil || !cmp.Equal(want, files) {
		t.Errorf("%v, error %v, want %v", files, err, want)
	}
}

// TestExpandErrors: each names its input.
func TestExpandErrors(t *testing.T) {
	t.Chdir(tree(t))
	for input, want := range map[string]string{
		"none.log":  "none.log: no such file",
		"":          "no such file",
		"empty":     "empty holds no regular files",
		"e*y":       "e*y holds no regular files",
		"*.none":    "*.none matches no file",
		"no/**/x":   "no/**/x matches no file",
		"[":         "look for [: syntax error in pattern",
		"/dev/null": "/dev/null is not a regular file",
		"sub/self":  "sub/self: too many levels",
		"sub/s*":    "sub/self: too many levels", // a link that a glob matches
		"a.log/x":   "a.log/x: not a directory",
	} {
		if _, err := Expand([]string{"a.log", input}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", input, err, want)
		}
	}
}

// TestExpandUnreadable: found before the search, not during it.
func TestExpandUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser may read every file")
	}
	path := write(t, "secret.log", []byte("x"))
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Expand([]string{path}); err == nil || !strings.Contains(err.Error(), path+": permission denied") {
		t.Errorf("error %v", err)
	}
}

func TestSplit(t *testing.T) {
	files := []File{{"a", 10}, {"b.gz", 100}, {"empty", 0}, {"c", 4}}
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
