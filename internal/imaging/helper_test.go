package imaging

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// defaults are the settings that most tests start from.
func defaults() Settings {
	return Settings{Format: PNG, Resize: Resize{Width: 320}, Quality: 80, MaxPixels: 100_000_000}
}

// convert converts an image that must be convertible.
func convert(t testing.TB, s Settings, data []byte) Result {
	t.Helper()
	r, err := s.Convert(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// open decodes an image at its full size.
func open(t testing.TB, data []byte) image.Image {
	t.Helper()
	m, err := Decode(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// alike fails when two images differ by more than a PSNR in dB.
func alike(t testing.TB, what string, got, want image.Image, least float64) {
	t.Helper()
	if db, err := PSNR(got, want); err != nil || db < least {
		t.Errorf("%s: PSNR %.1f dB, error %v; want %.0f dB", what, db, err, least)
	}
}

// tool returns the path of a program, the first that is there of names.
func tool(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	absent(t, names[0])
	return ""
}

// absent skips a test for what it needs, or fails where all is required.
func absent(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CORECAST_REQUIRE") == "all" {
		t.Fatalf("%s is required", what)
	}
	t.Skipf("without %s", what)
}

// magick returns ImageMagick's converter: convert may be something else's name.
func magick(t testing.TB) string {
	t.Helper()
	return tool(t, "magick", "/usr/bin/convert", "convert-im6.q16")
}

// output runs a program that must succeed.
func output(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// realImages are photographs and drawings from elsewhere.
func realImages(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("../../../shared/data/images/*")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		absent(t, "../shared/data/images")
	}
	return paths
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// save writes a file of the test's own and returns its path.
func save(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
