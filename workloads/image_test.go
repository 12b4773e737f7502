package workloads

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"image"
	"image/color/palette"
	"image/gif"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corecast/internal/imaging"
	"corecast/runner"
)

// prepareImages prepares w.
func prepareImages(t *testing.T, w *Image) Job {
	t.Helper()
	j, err := w.Prepare(context.Background(), Env{Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// runImages fans w out over workers goroutines; the error is that of tasks.
func runImages(t *testing.T, w *Image, workers int) (ImageAnswer, Job, *runner.TasksError) {
	t.Helper()
	j := prepareImages(t, w)
	pool := runner.NewPool(runner.InProc(workers))
	defer pool.Close()
	a, err := j.Run(context.Background(), pool, runner.JobOptions{})
	var failed *runner.TasksError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return a.(ImageAnswer), j, failed
}

// photoFolder makes a folder of images.
func photoFolder(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range names {
		var b bytes.Buffer
		err := png.Encode(&b, imaging.Photo(uint64(i), 90, 60))
		if strings.HasSuffix(name, ".jpg") {
			var data []byte
			data, err = imaging.PhotoJPEG(uint64(i), 90, 60)
			b = *bytes.NewBuffer(data)
		}
		if err == nil {
			err = imaging.WriteFile(filepath.Join(dir, name), b.Bytes())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestImageGenerated: the answer passes its check, is the same at 1 and 3
// workers and in a plain loop, in each format, and other for another seed.
func TestImageGenerated(t *testing.T) {
	for i, format := range imaging.Targets() {
		n := []int64{photoKinds + 1, 3, 2}[i] // one is read again
		w := NewImage()
		w.Images, w.To, w.Resize = n, string(format), "120x"
		one, j, failed := runImages(t, w, 1)
		if failed != nil {
			t.Fatal(failed)
		}
		if err := j.Check(one); err != nil {
			t.Errorf("%s: check: %v", format, err)
		}
		if one.Images != int(n) || one.Written != int(n) || one.Broken != 0 || one.Pixels != n*photoLong*photoShort {
			t.Errorf("%s: %+v", format, one)
		}
		three, _, _ := runImages(t, w, 3)
		if diff := cmp.Diff(one, three); diff != "" {
			t.Errorf("%s at 1 and 3 workers (-1 +3):\n%s", format, diff)
		}
		serial, err := j.Serial(context.Background())
		if diff := cmp.Diff(Answer(one), serial); diff != "" || err != nil {
			t.Errorf("%s in a loop: error %v\n%s", format, err, diff)
		}
		w.Seed = 2
		if other, _, _ := runImages(t, w, 2); other.Digest == one.Digest {
			t.Errorf("%s: another seed gives the same digest", format)
		}
	}
}

// TestImageCheck: wrong answers, and converted files that show something else,
// are found.
func TestImageCheck(t *testing.T) {
	w := NewImage()
	w.Images = 2
	right, j, _ := runImages(t, w, 2)
	for name, spoil := range map[string]func(a *ImageAnswer){
		"an image less":   func(a *ImageAnswer) { a.Images, a.Written = 1, 1 },
		"one not counted": func(a *ImageAnswer) { a.Written-- },
		"one broken":      func(a *ImageAnswer) { a.Written, a.Broken = 1, 1 },
		"a byte less":     func(a *ImageAnswer) { a.BytesOut-- },
		"a pixel more":    func(a *ImageAnswer) { a.Pixels++ },
		"other bytes":     func(a *ImageAnswer) { a.Digest = strings.Repeat("0", 64) },
		"no digest":       func(a *ImageAnswer) { a.Digest = "" },
	} {
		a := right
		spoil(&a)
		if j.Check(a) == nil {
			t.Errorf("%s: not found", name)
		}
	}
	if j.Check("text") == nil {
		t.Error("an answer of another type is taken")
	}
	dir := t.TempDir()
	j, err := w.Prepare(context.Background(), Env{Temp: dir})
	if err != nil {
		t.Fatal(err)
	}
	other, err := imaging.PhotoJPEG(99, photoLong, photoShort)
	if err == nil {
		err = imaging.WriteFile(filepath.Join(dir, "photo-1-0.jpg"), other)
	}
	if err != nil {
		t.Fatal(err)
	}
	a, err := j.Serial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Check(a); err == nil || !strings.Contains(err.Error(), "PSNR") {
		t.Errorf("another photograph: %v", err)
	}
}

// TestImageOutput: results lie where their inputs lay, as images of the right
// size; other files of the folder are counted.
func TestImageOutput(t *testing.T) {
	dir, out := photoFolder(t, "a.png", "sub/b.jpg", "sub/deep/c.PNG"), filepath.Join(t.TempDir(), "new", "out")
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := NewImage()
	w.Input, w.Output, w.Resize, w.To = []string{dir}, out, "30x30", "webp"
	a, j, failed := runImages(t, w, 2)
	if err := j.Check(a); failed != nil || err != nil {
		t.Fatalf("failed %v, check %v", failed, err)
	}
	if a.Written != 3 || a.Skipped != 1 || a.Pixels != 3*90*60 {
		t.Errorf("%+v", a)
	}
	var names []string
	total := int64(0)
	err := filepath.WalkDir(out, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		m, err := imaging.Decode(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return err
		}
		if m.Bounds() != image.Rect(0, 0, 30, 20) {
			t.Errorf("%s: %v", path, m.Bounds())
		}
		rel, err := filepath.Rel(out, path)
		names, total = append(names, rel), total+int64(len(data))
		return err
	})
	if diff := cmp.Diff([]string{"a.webp", "sub/b.webp", "sub/deep/c.webp"}, names); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if total != a.BytesOut {
		t.Errorf("%d bytes are there, the answer says %d", total, a.BytesOut)
	}
	w.Output = ""
	dropped, _, _ := runImages(t, w, 2)
	if diff := cmp.Diff(a, dropped); diff != "" {
		t.Errorf("with and without output (-with +without):\n%s", diff)
	}
}

// TestImageBroken: each broken file fails its task, by name and with the
// reason, and the others are converted.
func TestImageBroken(t *testing.T) {
	dir, out := photoFolder(t, "good.png", "cut.jpg", "too-large.png", "gone.png"), t.TempDir()
	cut := filepath.Join(dir, "cut.jpg")
	data, err := os.ReadFile(cut)
	if err != nil {
		t.Fatal(err)
	}
	var large bytes.Buffer
	if err := png.Encode(&large, image.NewGray(image.Rect(0, 0, 200, 100))); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"cut.jpg": data[:len(data)*2/3], "text.png": []byte("hello"), "zero.gif": nil, "too-large.png": large.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := NewImage()
	w.Input, w.Output, w.MaxPixels = []string{dir}, out, 10_000
	w.Resize = "50%"
	j := prepareImages(t, w)
	if err := os.Remove(filepath.Join(dir, "gone.png")); err != nil {
		t.Fatal(err)
	}
	pool := runner.NewPool(runner.InProc(2))
	defer pool.Close()
	answer, err := j.Run(context.Background(), pool, runner.JobOptions{})
	var failed *runner.TasksError
	if !errors.As(err, &failed) {
		t.Fatalf("error %v", err)
	}
	want := map[string]string{
		"cut.jpg":       "the jpeg is damaged or cut short",
		"gone.png":      "no such file",
		"text.png":      "not a JPEG, PNG, WebP or GIF image",
		"too-large.png": "200 x 100 pixels are 20000, more than 10000",
		"zero.gif":      "the file is empty",
	}
	for _, e := range failed.Failed {
		text := want[filepath.Base(e.Label)]
		if text == "" || !strings.Contains(e.Error(), e.Label) || !strings.Contains(e.Error(), text) {
			t.Errorf("error %v, want %q", e, text)
		}
	}
	a := answer.(ImageAnswer)
	if len(failed.Failed) != len(want) || a.Images != 6 || a.Written != 1 || a.Broken != 5 || j.Check(a) != nil {
		t.Errorf("%d failed, %+v, check %v", len(failed.Failed), a, j.Check(a))
	}
	if entries, err := os.ReadDir(out); err != nil || len(entries) != 1 || entries[0].Name() != "good.jpg" {
		t.Errorf("%v was written, error %v", entries, err)
	}
}

// TestImageSettings: what the user can mend is a SettingError that names the
// flag, before any work.
func TestImageSettings(t *testing.T) {
	dir := photoFolder(t, "a.png", "a.jpg", "sub/b.jpg")
	file := filepath.Join(dir, "a.jpg")
	taken := t.TempDir() // a folder and a file stand where results would be put
	if err := errors.Join(os.Mkdir(filepath.Join(taken, "b.jpg"), 0o700), os.WriteFile(filepath.Join(taken, "sub"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		change func(w *Image)
		want   string
	}{
		{func(w *Image) { w.To = "gif" }, `--to: "gif" is none of`},
		{func(w *Image) { w.Resize = "320" }, `--resize: "320" is not a size`},
		{func(w *Image) { w.Quality = 0 }, "--quality: 0"},
		{func(w *Image) { w.Quality = 101 }, "--quality: 101"},
		{func(w *Image) { w.MaxPixels = 0 }, "--max-pixels: 0"},
		{func(w *Image) { w.Images = 0 }, "--size: 0"},
		{func(w *Image) { w.Images = maxImages + 1 }, "--size: 10000001"},
		{func(w *Image) { w.Input = []string{"no.jpg"} }, "--input: stat no.jpg: no such"},
		{func(w *Image) { w.Input, w.Output = []string{dir}, t.TempDir() }, "--output: " + dir + "/a.jpg and " + dir + "/a.png would both be written to "},
		{func(w *Image) { w.Input, w.Output = []string{file}, dir }, "--output: the result of " + file + " would replace the input"},
		{func(w *Image) { w.Input, w.Output = []string{file}, file }, "--output: mkdir " + file},
		{func(w *Image) { w.Input, w.Output = []string{file}, file+"/below/it" }, "--output: mkdir " + file},
		{func(w *Image) { w.Input, w.Output = []string{dir + "/sub"}, taken }, "--output: the result of " + dir + "/sub/b.jpg would be written to " + taken + "/b.jpg, which is a folder"},
		{func(w *Image) { w.Input, w.Output = []string{dir + "/**/b.jpg"}, taken }, "--output: " + taken + "/sub is a file, not a folder"},
	} {
		w := NewImage()
		test.change(w)
		_, err := w.Prepare(context.Background(), Env{Temp: t.TempDir()})
		var setting *SettingError
		if !errors.As(err, &setting) || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
}

// TestImageOutputRefused: a folder that nobody can write into is refused before
// any work. A superuser is not held up by permissions, but by these.
func TestImageOutputRefused(t *testing.T) {
	dir := photoFolder(t, "a.png", "b.png")
	refused := map[string]string{"/proc/self": "Linux's /proc", "/sys/kernel": "Linux's /sys"}
	if ro, ok := readOnly(t); ok {
		refused[ro] = "a read-only mount"
	}
	tried := 0
	for out, what := range refused {
		if info, err := os.Stat(out); err != nil || !info.IsDir() {
			continue
		}
		tried++
		w := NewImage()
		w.Input, w.Output = []string{dir}, out
		_, err := w.Prepare(context.Background(), Env{Temp: t.TempDir()})
		var setting *SettingError
		if !errors.As(err, &setting) || !strings.HasPrefix(err.Error(), "--output: no file can be written into "+out) {
			t.Errorf("%s: error %v", what, err)
		}
	}
	if tried == 0 {
		t.Skip("not applicable: no folder here refuses a superuser")
	}
}

// readOnly mounts an empty folder read-only, where that is allowed.
func readOnly(t *testing.T) (dir string, ok bool) {
	t.Helper()
	dir = t.TempDir()
	if exec.Command("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", dir).Run() != nil {
		return "", false
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir, true
}

// TestImageAnimated: of an animated GIF the first frame is converted, and the
// answer and a doubt name the file.
func TestImageAnimated(t *testing.T) {
	dir := photoFolder(t, "still.png")
	black, white := image.NewPaletted(image.Rect(0, 0, 9, 9), palette.Plan9), image.NewPaletted(image.Rect(0, 0, 9, 9), palette.WebSafe)
	for i := range white.Pix {
		white.Pix[i] = 215
	}
	for name, frames := range map[string][]*image.Paletted{"moves.gif": {white, black, black}, "one.gif": {white}} {
		var b bytes.Buffer
		if err := gif.EncodeAll(&b, &gif.GIF{Image: frames, Delay: make([]int, len(frames))}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := NewImage()
	w.Input, w.To, w.Resize, w.Output = []string{dir}, "png", "", t.TempDir()
	a, j, failed := runImages(t, w, 2)
	if err := j.Check(a); failed != nil || err != nil || a.Written != 3 || a.Animated != 1 || !cmp.Equal(a.AnimatedInputs, []string{filepath.Join(dir, "moves.gif")}) {
		t.Errorf("%+v, failed %v, check %v", a, failed, err)
	}
	doubts := j.(Doubter).Doubts(a)
	if len(doubts) != 1 || doubts[0].Code != "first_frame" || !strings.HasSuffix(doubts[0].Text, ": "+filepath.Join(dir, "moves.gif")) {
		t.Errorf("doubts %+v", doubts)
	}
	data, err := os.ReadFile(filepath.Join(w.Output, "moves.png"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := imaging.Decode(bytes.NewReader(data), int64(len(data)))
	if r, _, _, _ := m.At(4, 4).RGBA(); err != nil || r != 0xffff {
		t.Errorf("not the first frame: error %v", err)
	}
	a.Animated = 30
	if text := j.(Doubter).Doubts(a)[0].Text; !strings.HasSuffix(text, "moves.gif and 29 more") {
		t.Errorf("doubt %q", text)
	}
}

// TestImageFlags: every setting can be given.
func TestImageFlags(t *testing.T) {
	w := NewImage()
	fs := flag.NewFlagSet("image", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	w.Bind(fs)
	err := fs.Parse(strings.Fields("--input a.jpg --input b --to webp --resize 50% --quality 7 --output out --max-pixels 5M --size 1e3 --seed 9"))
	want := &Image{Input: []string{"a.jpg", "b"}, To: "webp", Resize: "50%", Quality: 7, Output: "out", MaxPixels: 5e6, Images: 1000, Seed: 9}
	if diff := cmp.Diff(want, w); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	if w.Size() != 0 {
		t.Errorf("size %d with inputs, want 0", w.Size())
	}
	w.Input = nil
	w.SetSize(5)
	if w.Size() != 5 {
		t.Errorf("size %d, want 5", w.Size())
	}
}

var _ Sized = (*Image)(nil)
