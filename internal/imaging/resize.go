package imaging

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Resize is a wanted size. Images keep their aspect, so they fit inside a
// given width and height, and are enlarged when they are smaller.
type Resize struct {
	// Width and Height are in pixels, 0: as the other asks.
	Width, Height int
	// Percent of both, 0: none is given.
	Percent float64
}

// maxResize bounds what may be asked for, in pixels and percent.
const maxResize = 1 << 20

// ParseResize reads 320x, x240, 320x240 or 50%; nothing and 100% keep the
// size.
func ParseResize(s string) (Resize, error) {
	wrong := fmt.Errorf("%q is not a size: write 320x, x240, 320x240 (fits inside) or 50%%", s)
	if s == "" {
		return Resize{}, nil
	}
	if digits, ok := strings.CutSuffix(s, "%"); ok {
		p, err := strconv.ParseFloat(digits, 64)
		if err != nil || !(p > 0 && p <= maxResize) {
			return Resize{}, wrong
		}
		return Resize{Percent: p}, nil
	}
	width, height, ok := strings.Cut(strings.ToLower(s), "x")
	if !ok || width == "" && height == "" {
		return Resize{}, wrong
	}
	var r Resize
	for _, side := range []struct {
		digits string
		pixels *int
	}{{width, &r.Width}, {height, &r.Height}} {
		if side.digits == "" {
			continue
		}
		n, err := strconv.ParseUint(side.digits, 10, 32)
		if err != nil || n < 1 || n > maxResize {
			return Resize{}, wrong
		}
		*side.pixels = int(n)
	}
	return r, nil
}

// Fit returns the size that an image of w x h pixels gets: the largest of its
// aspect that fits, the other side rounded, no side less than 1.
func (r Resize) Fit(w, h int) (int, int) {
	switch {
	case r.Percent > 0:
		return portion(w, r.Percent), portion(h, r.Percent)
	case r.Width == 0 && r.Height == 0:
		return w, h
	case r.Height == 0 || r.Width > 0 && int64(r.Width)*int64(h) <= int64(r.Height)*int64(w):
		return r.Width, ratio(h, r.Width, w)
	}
	return ratio(w, r.Height, h), r.Height
}

func portion(side int, percent float64) int {
	return int(min(max(1, math.Round(float64(side)*percent/100)), math.MaxInt32))
}

// ratio returns a * b / c, rounded, 1 or more.
func ratio(a, b, c int) int {
	return int(min(max(1, (int64(a)*int64(b)+int64(c)/2)/int64(c)), math.MaxInt32))
}
