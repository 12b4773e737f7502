package workloads

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"corecast/internal/imaging"
	"corecast/internal/inputs"
	"corecast/runner"
)

// Image converts and resizes images. A task is one image.
type Image struct {
	// Input names files, folders and globs; empty: generated photographs.
	Input []string `json:"input,omitempty"`
	// To is jpeg, png or webp.
	To string `json:"to"`
	// Resize is 320x, x240, 320x240 (fits inside) or 50%; empty keeps the size.
	Resize string `json:"resize"`
	// Quality is 1 to 100, for JPEG and WebP.
	Quality int `json:"quality"`
	// Output is the folder for the results; empty: they are measured and
	// dropped.
	Output string `json:"output,omitempty"`
	// MaxPixels is width times height beyond which an image is refused.
	MaxPixels int64 `json:"max_pixels"`
	// Images is the number of generated images.
	Images int64 `json:"size"`
	// Seed decides what is generated.
	Seed uint64 `json:"seed"`
}

// maxImages bounds the generated tasks.
const maxImages = 10_000_000

// NewImage returns the workload with its defaults: 100 generated photographs
// of 0.8 megapixels, for one to two seconds of one core.
func NewImage() *Image {
	return &Image{To: string(imaging.JPEG), Resize: "320x", Quality: 80, MaxPixels: 100_000_000, Images: 100, Seed: 1}
}

// ImageAnswer is what became of all images.
type ImageAnswer struct {
	// Images were given, Written of them converted and, with an output folder,
	// written there; Broken have no result: they cannot be read, or their task
	// was lost or never ran.
	Images  int `json:"images"`
	Written int `json:"written"`
	Broken  int `json:"broken"`
	// Skipped counts the files of given folders that are not named like
	// images.
	Skipped int `json:"skipped,omitempty"`
	// Animated counts the written images of whose frames only the first was
	// converted; AnimatedInputs are the first ten of them.
	Animated       int      `json:"animated,omitempty"`
	AnimatedInputs []string `json:"animated_inputs,omitempty"`
	// BytesIn and BytesOut are of the written images, as stored, and Pixels is
	// what was decoded for them.
	BytesIn  int64 `json:"bytes_in"`
	BytesOut int64 `json:"bytes_out"`
	Pixels   int64 `json:"pixels"`
	// Digest is the SHA-256, in hexadecimal, of the name within the output and
	// the SHA-256 of the content of each written image, in order of the inputs.
	Digest string `json:"digest"`
}

// imageTask is the input of one task.
type imageTask struct {
	Path string
	// Out is the path to write to, "" for none.
	Out      string
	Settings imaging.Settings
}

// imageDone is the output of one task; BytesOut is not 0.
type imageDone struct {
	_                         struct{} `cbor:",toarray"`
	BytesIn, BytesOut, Pixels int64
	Frames                    int
	Digest                    []byte
}

var imageFunc = runner.NewFunc("image", func(ctx context.Context, in imageTask) (imageDone, error) {
	f, err := os.Open(in.Path)
	if err != nil {
		return imageDone{}, err // names the operation and the file
	}
	defer f.Close() // only read
	info, err := f.Stat()
	if err != nil {
		return imageDone{}, err
	}
	r, err := in.Settings.Convert(f, info.Size())
	if err != nil {
		return imageDone{}, err // the task's label names the file
	}
	if err := ctx.Err(); err != nil {
		return imageDone{}, err
	}
	if in.Out != "" {
		if err := imaging.WriteFile(in.Out, r.Data); err != nil {
			return imageDone{}, err
		}
	}
	return imageDone{BytesIn: info.Size(), BytesOut: int64(len(r.Data)), Pixels: r.Pixels, Frames: r.Frames, Digest: r.Digest[:]}, nil
})

// Name returns image.
func (w *Image) Name() string { return "image" }

// Summary says what the workload does.
func (w *Image) Summary() string { return "convert and resize images" }

// Examples are command lines.
func (w *Image) Examples() []string {
	return []string{
		"image",
		"image --size 1000 --to webp --resize 640x480",
		"image --input photos --to webp --resize 320x --output thumbnails",
		"image --input 'scans/**/*.png' --to jpeg --resize 50% --quality 90 --output small",
	}
}

// Bind declares the settings as flags.
func (w *Image) Bind(fs *flag.FlagSet) {
	fs.Var(&pathList{paths: &w.Input}, "input", "JPEG, PNG, WebP or GIF `file`, folder or glob; may be given again (default: generated photographs)")
	fs.StringVar(&w.To, "to", w.To, "`format` of the results: jpeg, png or webp")
	fs.StringVar(&w.Resize, "resize", w.Resize, "new `size`: 320x, x240, 320x240 (fits inside), 50%, 100%; the aspect is kept")
	fs.IntVar(&w.Quality, "quality", w.Quality, "quality of JPEG and WebP, 1 to 100")
	fs.StringVar(&w.Output, "output", w.Output, "`folder` for the results, which replace files of their names (default: results are measured and dropped)")
	fs.Var((*sizeValue)(&w.MaxPixels), "max-pixels", "refuse an image of more `pixels` than this, by its header")
	fs.Var((*sizeValue)(&w.Images), "size", "`number` of generated photographs, without --input")
	fs.Uint64Var(&w.Seed, "seed", w.Seed, "seed of the generated photographs")
}

// Size is the number of generated images, 0 when there are inputs.
func (w *Image) Size() int64 {
	if len(w.Input) > 0 {
		return 0
	}
	return w.Images
}

// SetSize sets the number of generated images.
func (w *Image) SetSize(images int64) { w.Images = images }

// Prepare checks the settings, finds or generates the images, and decides
// where the results go.
func (w *Image) Prepare(ctx context.Context, env Env) (Job, error) {
	settings := *w // the job's own: w may be changed for the next one
	w = &settings
	convert, err := w.settings()
	if err != nil {
		return nil, err
	}
	if len(w.Input) == 0 {
		return w.generatedJob(ctx, env.Temp, convert)
	}
	found, err := findInputs(w.Input, imaging.Named)
	if err != nil {
		return nil, err
	}
	j, err := w.job(found.Files, convert)
	if err != nil {
		return nil, err
	}
	j.skipped, j.doubts = found.Skipped, linkDoubts(found.Links)
	for _, f := range found.Files {
		j.sources = append(j.sources, f.Path)
	}
	return j, nil
}

// settings checks the settings and reads them.
func (w *Image) settings() (imaging.Settings, error) {
	format, err := imaging.ParseTarget(w.To)
	if err != nil {
		return imaging.Settings{}, settingError("to", "%v", err)
	}
	resize, err := imaging.ParseResize(w.Resize)
	if err != nil {
		return imaging.Settings{}, settingError("resize", "%v", err)
	}
	switch {
	case w.Quality < 1 || w.Quality > 100:
		return imaging.Settings{}, settingError("quality", "%d: give 1 to 100", w.Quality)
	case w.MaxPixels < 1:
		return imaging.Settings{}, settingError("max-pixels", "%d: give at least 1", w.MaxPixels)
	case len(w.Input) == 0 && (w.Images < 1 || w.Images > maxImages):
		return imaging.Settings{}, settingError("size", "%d: give 1 to %d images", w.Images, maxImages)
	}
	return imaging.Settings{Format: format, Resize: resize, Quality: w.Quality, MaxPixels: w.MaxPixels}, nil
}

// imageJob is a job over images.
type imageJob struct {
	job[imageTask, imageDone]
	// names of the results within the output, by task.
	names   []string
	skipped int
}

// job makes a task of each file.
func (w *Image) job(files []inputs.File, convert imaging.Settings) (*imageJob, error) {
	j := &imageJob{names: resultNames(files, convert.Format)}
	outs := make([]string, len(files))
	if w.Output != "" {
		var err error
		if outs, err = w.outputs(files, j.names); err != nil {
			return nil, err
		}
	}
	j.fn, j.inputs = imageFunc, make([]imageTask, len(files))
	for i, f := range files {
		path, err := absolute(f.Path)
		if err != nil {
			return nil, err
		}
		j.inputs[i] = imageTask{Path: path, Out: outs[i], Settings: convert}
	}
	j.label = func(i int) string { return files[i].Path }
	j.fold = func(outs []imageDone) Answer { return j.answer(outs) }
	j.check = j.checkSane
	return j, nil
}

// resultNames are the paths within what was named, with the format's extension.
func resultNames(files []inputs.File, format imaging.Format) []string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Rel, filepath.Ext(f.Rel)) + format.Extension()
	}
	return names
}

// outputs makes the folder and returns the absolute paths of the results. It
// is an error when two of them are the same, or one is an input's.
func (w *Image) outputs(files []inputs.File, names []string) ([]string, error) {
	if err := os.MkdirAll(w.Output, 0o777); err != nil {
		return nil, settingError("output", "%w", err)
	}
	dir, err := absolute(w.Output)
	if err != nil {
		return nil, settingError("output", "%w", err)
	}
	from, paths := make(map[string]string, len(files)), make([]string, len(files))
	for i, name := range names {
		if other, ok := from[name]; ok {
			return nil, settingError("output", "%s and %s would both be written to %s: convert them one after the other, to two folders", other, files[i].Path, filepath.Join(w.Output, name))
		}
		from[name], paths[i] = files[i].Path, filepath.Join(dir, name)
	}
	sources, err := identities(files)
	if err != nil {
		return nil, err
	}
	folders := make(map[string]bool)
	for i, path := range paths {
		if folder := filepath.Dir(path); !folders[folder] {
			folders[folder] = true
			if err := imaging.CanWrite(folder); err != nil {
				return nil, settingError("output", "%w", err)
			}
		}
		info, err := os.Stat(path)
		if err != nil {
			continue // not there yet
		}
		if info.IsDir() {
			return nil, settingError("output", "the result of %s would be written to %s, which is a folder", files[i].Path, path)
		}
		for _, s := range sources[info.Size()] {
			if os.SameFile(s, info) {
				return nil, settingError("output", "the result of %s would replace the input %s: give another folder", files[i].Path, path)
			}
		}
	}
	return paths, nil
}

// identities returns what os.SameFile compares, of each file, by size.
func identities(files []inputs.File) (map[int64][]os.FileInfo, error) {
	by := make(map[int64][]os.FileInfo)
	for _, f := range files {
		info, err := os.Stat(f.Path)
		if err != nil {
			return nil, settingError("input", "%w", err)
		}
		by[info.Size()] = append(by[info.Size()], info)
	}
	return by, nil
}

// answer adds up the outputs; one of 0 bytes is of a failed task.
func (j *imageJob) answer(outs []imageDone) ImageAnswer {
	a := ImageAnswer{Images: len(j.inputs), Skipped: j.skipped}
	digest := sha256.New()
	for i, out := range outs {
		if out.BytesOut == 0 {
			continue
		}
		a.Written++
		a.BytesIn += out.BytesIn
		a.BytesOut += out.BytesOut
		a.Pixels += out.Pixels
		if out.Frames > 1 {
			if a.Animated++; a.Animated <= 10 {
				a.AnimatedInputs = append(a.AnimatedInputs, j.label(i))
			}
		}
		digest.Write(append([]byte(j.names[i]), 0)) // never fails
		digest.Write(out.Digest)
	}
	a.Broken = a.Images - a.Written
	a.Digest = hex.EncodeToString(digest.Sum(nil))
	return a
}

// Doubts tells of images that lost frames, and of links that were left out.
func (j *imageJob) Doubts(answer Answer) []Doubt {
	a, ok := answer.(ImageAnswer)
	if !ok {
		return j.doubts
	}
	return append(frameDoubts(a), j.doubts...)
}

func frameDoubts(a ImageAnswer) []Doubt {
	if a.Animated == 0 {
		return nil
	}
	names := strings.Join(a.AnimatedInputs, ", ")
	if more := a.Animated - len(a.AnimatedInputs); more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return []Doubt{{
		Code:   "first_frame",
		Text:   "of animated images only the first frame was converted: " + names,
		Advice: "convert those with a program that keeps animations, such as gif2webp",
	}}
}

// checkSane finds what cannot be, which is all there is to find about images
// whose content is not known.
func (j *imageJob) checkSane(answer Answer) error {
	a, ok := answer.(ImageAnswer)
	if !ok {
		return fmt.Errorf("the answer is a %T", answer)
	}
	n := int64(a.Written)
	if a.Images != j.Tasks() || a.Written < 0 || a.Broken < 0 || a.Written+a.Broken != a.Images {
		return fmt.Errorf("%d images written and %d broken of %d, where %d were given", a.Written, a.Broken, a.Images, j.Tasks())
	}
	if a.BytesIn < n || a.BytesOut < n || a.Pixels < n || len(a.Digest) != 2*sha256.Size {
		return fmt.Errorf("%d images of %d pixels from %d to %d bytes, digest %q, cannot be", a.Written, a.Pixels, a.BytesIn, a.BytesOut, a.Digest)
	}
	return nil
}
