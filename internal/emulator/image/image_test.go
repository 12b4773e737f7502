package image_test

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"corecast/internal/emulator/image"
)

// layer makes a layer of programs that say who they are.
func layer(t *testing.T, names ...string) v1.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, n := range names {
		text := "#!/bin/sh\necho " + n + " \"$@\"\n"
		if err := w.WriteHeader(&tar.Header{Name: n, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// build makes an image of two layers, of which the second removes a program of
// the first.
func build(t *testing.T, last ...string) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, layer(t, "app/run", "app/old", "usr/local/bin/tool"), layer(t, append([]string{"app/.wh.old"}, last...)...))
	if err != nil {
		t.Fatal(err)
	}
	img, err = mutate.Config(img, v1.Config{Entrypoint: []string{"/app/run"}, Cmd: []string{"by", "default"}, Env: []string{"FROM=image"}, WorkingDir: "/app"})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// asLayout writes an image in the OCI layout, asTar that as a tar, asDocker as
// docker save does.
func asLayout(t *testing.T, img v1.Image) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	p, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	return dir
}

func asTar(t *testing.T, img v1.Image) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image.tar")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(f)
	if err := w.AddFS(os.DirFS(asLayout(t, img))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

func asDocker(t *testing.T, img v1.Image) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image.tar")
	if err := tarball.WriteToFile(file, name.MustParseReference("some/image:1"), img); err != nil {
		t.Fatal(err)
	}
	return file
}

// say runs a command and returns what it says.
func say(t *testing.T, c image.Command) string {
	t.Helper()
	cmd := &exec.Cmd{Path: c.Path, Args: c.Args, Env: append([]string{"PATH=/usr/bin:/bin"}, c.Env...), Dir: c.Dir}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %v\n%s", c.Args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestImages(t *testing.T) {
	for kind, path := range map[string]string{"layout": asLayout(t, build(t)), "tar": asTar(t, build(t)), "docker": asDocker(t, build(t))} {
		r, err := image.New(t.TempDir(), []image.Source{{Name: "reg.io/some/image", Path: path}}, nil)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		img, err := r.Find("reg.io/some/image:latest")
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			commands, arguments []string
			want                string
		}{
			{nil, nil, "app/run by default"},
			{nil, []string{"x"}, "app/run x"},                             // instead of the image's own
			{[]string{"tool"}, []string{"y"}, "usr/local/bin/tool y"},     // by the image's PATH
			{[]string{"./run"}, nil, "app/run"},                           // in its working folder
			{[]string{"sh", "-c", "echo $FROM"}, nil, "image"},            // this machine's program, the image's variable
			{[]string{"/bin/sh", "/app/run"}, []string{"z"}, "app/run z"}, // a path among the arguments
		} {
			c, err := img.Command(test.commands, test.arguments)
			if err != nil {
				t.Errorf("%s: %v: %v", kind, test.commands, err)
			} else if got := say(t, c); got != test.want {
				t.Errorf("%s: %v %v says %q, want %q", kind, test.commands, test.arguments, got, test.want)
			}
		}
		if _, err := img.Command([]string{"no-such"}, nil); err == nil || !strings.Contains(err.Error(), "no-such") {
			t.Errorf("%s: %v", kind, err)
		}
		if c, err := img.Command([]string{"/app/old"}, nil); err == nil && strings.Contains(c.Path, "layout") {
			t.Errorf("%s: a removed program is %v", kind, c)
		}
	}
}

// TestMaps runs commands of images that are not here, with prefixes replaced.
func TestMaps(t *testing.T) {
	r, err := image.New(t.TempDir(), nil, []image.Map{{From: "/opt/python", To: "/bin/echo"}, {From: "/data/", To: "/tmp/"}})
	if err != nil {
		t.Fatal(err)
	}
	img, err := r.Find("any/image")
	if err != nil {
		t.Fatal(err)
	}
	c, err := img.Command([]string{"/opt/python"}, []string{"/data/x", "--at=/data/x"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"/bin/echo", "/tmp/x", "--at=/data/x"}, c.Args); d != "" {
		t.Error(d)
	}
	none, err := image.New(t.TempDir(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Find("any/image"); err == nil || !strings.Contains(err.Error(), "--image any/image=DIR") {
		t.Errorf("no such image: %v", err)
	}
}

// TestBadImages has what is no image, and one that leads out of its folder.
func TestBadImages(t *testing.T) {
	noTar := filepath.Join(t.TempDir(), "x.tar")
	if err := os.WriteFile(noTar, []byte("no tar at all, but long enough to be looked at"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, path := range map[string]string{
		"no such file": filepath.Join(t.TempDir(), "none"),
		"read ":        noTar,
	} {
		if _, err := image.New(t.TempDir(), []image.Source{{Name: "i", Path: path}}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	folder := t.TempDir()
	if _, err := image.New(folder, []image.Source{{Name: "i", Path: asTar(t, build(t, "../../../out"))}}, nil); err != nil {
		t.Fatal(err)
	}
	for _, up := range []string{".", "..", "../..", "../../.."} {
		if _, err := os.Stat(filepath.Join(folder, up, "out")); err == nil {
			t.Errorf("it was written to %s", up)
		}
	}
}
