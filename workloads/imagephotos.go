package workloads

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"reflect"
	"sync"

	"corecast/internal/imaging"
	"corecast/internal/inputs"
)

const (
	// photoKinds is the number of different generated photographs. Further
	// tasks read them again, in turn, so that preparing takes as long for a
	// hundred as for a million.
	photoKinds = 8
	// photoLong and photoShort are the sides of a photograph, in pixels.
	photoLong, photoShort = 1024, 768
)

// photo is one of the generated photographs.
type photo struct {
	seed          uint64
	width, height int
	path          string
	size          int64
}

// generatedJob writes the photographs into dir and makes the tasks.
func (w *Image) generatedJob(ctx context.Context, dir string, convert imaging.Settings) (Job, error) {
	photos, err := w.photos(ctx, dir)
	if err != nil {
		return nil, err
	}
	files := make([]inputs.File, w.Images)
	for i := range files {
		p := photos[i%len(photos)]
		files[i] = inputs.File{Path: p.path, Size: p.size, Rel: fmt.Sprintf("photo-%07d.jpg", i)}
	}
	j, err := w.job(files, convert)
	if err != nil {
		return nil, err
	}
	j.label = func(i int) string { return fmt.Sprintf("generated photograph %d", i) }
	expect := sync.OnceValues(func() (ImageAnswer, error) { return j.expected(photos, convert) })
	j.check = func(a Answer) error {
		if err := j.checkSane(a); err != nil {
			return err
		}
		want, err := expect()
		if err == nil && !reflect.DeepEqual(a, want) {
			err = fmt.Errorf("the answer is %+v, %+v was expected", a, want)
		}
		return err
	}
	return j, nil
}

// photos writes the different photographs; every other one is upright.
func (w *Image) photos(ctx context.Context, dir string) ([]photo, error) {
	photos := make([]photo, min(w.Images, photoKinds))
	for i := range photos {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("generate photographs: %w", err)
		}
		p := photo{seed: w.Seed*photoKinds + uint64(i), width: photoLong, height: photoShort}
		if i%2 == 1 {
			p.width, p.height = p.height, p.width
		}
		data, err := imaging.PhotoJPEG(p.seed, p.width, p.height)
		if err != nil {
			return nil, err
		}
		p.path, p.size = filepath.Join(dir, fmt.Sprintf("photo-%d-%d.jpg", w.Seed, i)), int64(len(data))
		if err := imaging.WriteFile(p.path, data); err != nil {
			return nil, err
		}
		photos[i] = p
	}
	return photos, nil
}

// expected converts each different photograph in a plain loop, compares it with
// what the generator drew, and returns the answer that follows.
func (j *imageJob) expected(photos []photo, convert imaging.Settings) (ImageAnswer, error) {
	kinds := make([]imageDone, len(photos))
	for i, p := range photos {
		data, err := os.ReadFile(p.path)
		if err != nil {
			return ImageAnswer{}, fmt.Errorf("check: %w", err)
		}
		r, err := convert.Convert(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return ImageAnswer{}, fmt.Errorf("check photograph %d: %w", i, err)
		}
		if err := p.compare(r, convert); err != nil {
			return ImageAnswer{}, fmt.Errorf("check photograph %d: %w", i, err)
		}
		kinds[i] = imageDone{BytesIn: p.size, BytesOut: int64(len(r.Data)), Pixels: r.Pixels, Frames: r.Frames, Digest: r.Digest[:]}
	}
	outs := make([]imageDone, j.Tasks())
	for i := range outs {
		outs[i] = kinds[i%len(kinds)]
	}
	return j.answer(outs), nil
}

// compare decodes a result and finds whether it shows the photograph, which
// the generator draws again: the PSNR against the average of each new pixel's
// area, computed plainly, is 20 dB at any quality and 28 dB from 50 on.
func (p photo) compare(r imaging.Result, convert imaging.Settings) error {
	w, h := convert.Resize.Fit(p.width, p.height)
	if r.Width != w || r.Height != h || r.Pixels != int64(p.width)*int64(p.height) {
		return fmt.Errorf("%d x %d pixels of %d, want %d x %d of %d x %d", r.Width, r.Height, r.Pixels, w, h, p.width, p.height)
	}
	got, err := imaging.Decode(bytes.NewReader(r.Data), int64(len(r.Data)))
	if err != nil {
		return err
	}
	var want image.Image = imaging.Photo(p.seed, p.width, p.height)
	if w <= p.width && h <= p.height {
		want = imaging.AreaAverage(want, w, h)
	} else { // enlarged: compare what is left after averaging it back
		got = imaging.AreaAverage(got, p.width, p.height)
	}
	db, err := imaging.PSNR(got, want)
	if err != nil {
		return err
	}
	least := 20.0
	if convert.Quality >= 50 || convert.Format == imaging.PNG {
		least = 28
	}
	if !(db >= least) {
		return fmt.Errorf("its PSNR is %.1f dB, less than %.0f", db, least)
	}
	return nil
}
