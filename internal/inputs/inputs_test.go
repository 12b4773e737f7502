package inputs

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
		found, err := Expand(strings.Fields(test.inputs), nil)
		if err != nil {
			t.Errorf("%s: %v", test.inputs, err)
		}
		var got []string
		for _, f := range found.Files {
			got = append(got, f.Path)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.inputs, diff)
		}
	}
	found, err := Expand([]string{"sub/c.log"}, nil)
	if want := []File{{"sub/c.log", 9, "c.log"}}; err != nil || !cmp.Equal(want, found.Files) {
		t.Errorf("%v, error %v, want %v", found, err, want)
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
		if _, err := Expand([]string{"a.log", input}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", input, err, want)
		}
	}
}

// TestExpandUnreadable: found before the search, not during it.
func TestExpandUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("not applicable: the superuser may read every file")
	}
	path := filepath.Join(t.TempDir(), "secret.log")
	if err := os.WriteFile(path, []byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Expand([]string{path}, nil); err == nil || !strings.Contains(err.Error(), path+": permission denied") {
		t.Errorf("error %v", err)
	}
}

// TestExpandRel: where a file lies within what was named.
func TestExpandRel(t *testing.T) {
	t.Chdir(tree(t))
	for input, want := range map[string]string{
		"sub/deep/d.log":  "d.log",
		"sub":             "c.log deep/d.log x.txt",
		"./sub/":          "c.log deep/d.log x.txt",
		"s*/**/d.log":     "sub/deep/d.log",
		"sub/**/d.log":    "deep/d.log",
		"sub/d*":          "deep/d.log", // a folder that a glob matches
		"../*/sub/deep/*": filepath.Base(cwd(t)) + "/sub/deep/d.log",
		"sub/../b.log":    "b.log",
	} {
		found, err := Expand([]string{input}, nil)
		if err != nil {
			t.Errorf("%s: %v", input, err)
		}
		var got []string
		for _, f := range found.Files {
			got = append(got, f.Rel)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: %s, want %s", input, got, want)
		}
	}
}

func cwd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestExpandKeep: of folders some files are kept; what is named always is.
func TestExpandKeep(t *testing.T) {
	t.Chdir(tree(t))
	txt := func(path string) bool { return filepath.Ext(path) == ".txt" }
	for input, want := range map[string]Found{
		"sub":    {Files: []File{{"sub/x.txt", 9, "x.txt"}}, Skipped: 2},
		"sub/c*": {Files: []File{{"sub/c.log", 9, "c.log"}}},
		"sub/**": {Files: []File{{"sub/x.txt", 9, "x.txt"}}, Skipped: 2},
		"a.log":  {Files: []File{{"a.log", 5, "a.log"}}},
	} {
		got, err := Expand([]string{input}, txt)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v (-want +got):\n%s", input, err, diff)
		}
	}
	if _, err := Expand([]string{"sub/deep"}, txt); err == nil || !strings.Contains(err.Error(), "sub/deep holds no files of the right kind, only 1 others") {
		t.Errorf("error %v", err)
	}
}

// TestLinksAreTold: links within a folder are not followed, but told.
func TestLinksAreTold(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.png"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b.png", "c.txt"} {
		if err := os.Symlink("a.png", filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	found, err := Expand([]string{dir}, func(path string) bool { return filepath.Ext(path) == ".png" })
	if err != nil || len(found.Files) != 1 || len(found.Links) != 1 || found.Links[0] != filepath.Join(dir, "b.png") {
		t.Errorf("found %+v, %v", found, err)
	}
}
