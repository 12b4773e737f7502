package imaging

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
)

// Photo returns a generated landscape of w x h pixels: a sky with clouds,
// ranges of hills, and fine texture, so that it compresses like a photograph.
// It depends on its arguments alone, on every machine: all is integers.
func Photo(seed uint64, w, h int) *image.NRGBA {
	rng := rand.New(rand.NewPCG(seed, 0x70686f746f))
	clouds, ground := newNoise(rng), newNoise(rng)
	hue := [3]int{rng.IntN(64), rng.IntN(64), rng.IntN(64)}
	ridges := make([][]int, 3)
	for i := range ridges {
		ridges[i] = ridge(newNoise(rng), w, h, h*(4+2*i)/10)
	}
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		row := m.Pix[y*m.Stride:]
		for x := range w {
			front := -1 // the nearest range of hills that is seen here
			for i, top := range ridges {
				if y >= top[x] {
					front = i
				}
			}
			var c [3]int
			if front < 0 {
				c = sky(clouds, hue, x, y, w, h)
			} else {
				c = hill(ground, hue, front, x, y)
			}
			put(row[4*x:], clamp8(int32(c[0])), clamp8(int32(c[1])), clamp8(int32(c[2])), 255)
		}
	}
	return m
}

// PhotoJPEG returns the photo as a JPEG of quality 90, as cameras write them.
func PhotoJPEG(seed uint64, w, h int) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, onWhite(Photo(seed, w, h)), &jpeg.Options{Quality: 90}); err != nil {
		return nil, fmt.Errorf("encode a generated image: %w", err)
	}
	return b.Bytes(), nil
}

func sky(clouds *noise, hue [3]int, x, y, w, h int) [3]int {
	white := max(0, clouds.at(x*256/w*4, y*512/h*4, 4)-110)
	return [3]int{
		80 + hue[0] + 90*y/h + white,
		130 + hue[1]/2 + 60*y/h + white,
		220 - 20*y/h + white/2,
	}
}

func hill(ground *noise, hue [3]int, i, x, y int) [3]int {
	v := ground.at(x*8+i*4096, y*8, 5) - 128
	return [3]int{
		110 - 30*i + hue[2]/2 + v*(i+1)/3,
		125 - 20*i + hue[0]/2 + v*(i+1)/3,
		120 - 40*i + hue[1]/3 + v*(i+1)/4,
	}
}

// ridge returns, for each x, where a range of hills about base begins.
func ridge(n *noise, w, h, base int) []int {
	top := make([]int, w)
	for x := range top {
		top[x] = base + (n.at(x*1024/w, 0, 5)-128)*h/512
	}
	return top
}

// noise is value noise on a lattice that repeats every 64 cells.
type noise [64 * 64]uint8

func newNoise(rng *rand.Rand) *noise {
	n := new(noise)
	for i := range n {
		n[i] = uint8(rng.Uint32())
	}
	return n
}

// at returns the noise at (x, y), which are in 256ths of a cell of the coarsest
// octave; each further octave has half the cells' size and half the weight.
// The result is 0 to 255, 128 on average.
func (n *noise) at(x, y, octaves int) int {
	sum, weight, all := 0, 256, 0
	for range octaves {
		sum += weight * n.cell(x, y)
		all += weight
		weight /= 2
		x, y = 2*x+77*256, 2*y+31*256
	}
	return sum / all
}

// cell interpolates linearly between the corners of a cell.
func (n *noise) cell(x, y int) int {
	i, j, fx, fy := x>>8&63, y>>8&63, x&255, y&255
	i2, j2 := (i+1)&63, (j+1)&63
	top := int(n[j*64+i])*(256-fx) + int(n[j*64+i2])*fx
	bottom := int(n[j2*64+i])*(256-fx) + int(n[j2*64+i2])*fx
	return (top*(256-fy) + bottom*fy) >> 16
}
