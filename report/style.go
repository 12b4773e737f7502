package report

import (
	"image/color"
	"math"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/results"
)

// The colours of Okabe and Ito, "Color Universal Design" (2008), which people
// with any common colour vision tell apart, and the greys beside them.
var (
	black      = color.NRGBA{0x00, 0x00, 0x00, 0xff}
	orange     = color.NRGBA{0xe6, 0x9f, 0x00, 0xff}
	skyBlue    = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}
	green      = color.NRGBA{0x00, 0x9e, 0x73, 0xff}
	blue       = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	vermillion = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	purple     = color.NRGBA{0xcc, 0x79, 0xa7, 0xff}
	darkGrey   = color.NRGBA{0x55, 0x55, 0x55, 0xff}
	midGrey    = color.NRGBA{0x99, 0x99, 0x99, 0xff}
	white      = color.NRGBA{0xff, 0xff, 0xff, 0xff}
)

// The colours of the parts of core time. Beyond their hues they differ in
// lightness, so that a timeline, which is too fine for hatching, is read in
// black and white too: 0, 48, 86, 162, 197 and 234 of 255.
var (
	lostBlack   = black
	deepBlue    = color.NRGBA{0x00, 0x40, 0x5f, 0xff}
	deepGreen   = color.NRGBA{0x00, 0x80, 0x60, 0xff}
	startOrange = orange
	paleBlue    = color.NRGBA{0x9a, 0xd2, 0xf3, 0xff}
	idleGrey    = color.NRGBA{0xea, 0xea, 0xea, 0xff}
)

// lightness is what is left of a colour in black and white, from 0 to 255, by
// the weights of ITU-R BT.601.
func lightness(c color.NRGBA) float64 {
	return 0.299*float64(c.R) + 0.587*float64(c.G) + 0.114*float64(c.B)
}

// look is how one series is drawn. Two series of a plot differ in colour and
// shape, and after seven of them in dash.
type look struct {
	colour color.NRGBA
	dashes []vg.Length
	shape  shape
}

func lookOf(i int) look {
	colours := []color.NRGBA{blue, vermillion, green, orange, purple, skyBlue, black}
	dashes := [][]vg.Length{nil, {6, 3}, {2, 2}, {8, 2, 2, 2}, {10, 4}}
	shapes := []shape{circle, square, triangle, diamond, inverted}
	return look{
		colour: colours[i%len(colours)],
		dashes: dashes[(i+i/len(colours))%len(dashes)],
		shape:  shapes[(i+i/len(colours))%len(shapes)],
	}
}

// style returns a text style in the embedded Liberation Sans.
func style(size float64, bold bool, c color.Color, x text.XAlignment, y text.YAlignment) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return text.Style{Color: c, Font: f, XAlign: x, YAlign: y, Handler: text.Plain{Fonts: font.DefaultCache}}
}

// shape is the outline of a marker: a regular polygon of so many corners,
// turned by so many degrees; a circle has many.
type shape struct {
	corners int
	turn    float64
}

// The shapes of markers.
var (
	circle   = shape{24, 0}
	square   = shape{4, 45}
	triangle = shape{3, 90}
	diamond  = shape{4, 0}
	inverted = shape{3, 270}
)

func (s shape) outline(at vg.Point, r vg.Length) []vg.Point {
	pts := make([]vg.Point, 0, s.corners)
	for i := range s.corners {
		sin, cos := math.Sincos((s.turn + 360*float64(i)/float64(s.corners)) * math.Pi / 180)
		pts = append(pts, vg.Point{X: at.X + r*vg.Length(cos), Y: at.Y + r*vg.Length(sin)})
	}
	return pts
}

// marker draws a point: its shape tells the series, its filling the kind.
// Measured is filled, scaled hollow, emulated hollow with a dot, simulated
// hollow with a cross, extrapolated a cross alone.
type marker struct {
	colour color.NRGBA
	shape  shape
	kind   results.Kind
}

// markerRadius is the radius of markers.
const markerRadius = vg.Length(3.6)

func (m marker) drawAt(c *draw.Canvas, at vg.Point) {
	r := markerRadius
	if m.shape.corners == 3 {
		r *= 1.2
	}
	line := draw.LineStyle{Color: m.colour, Width: 1.3}
	outline := m.shape.outline(at, r)
	if m.kind == results.Measured {
		c.FillPolygon(m.colour, outline)
		c.StrokeLines(draw.LineStyle{Color: white, Width: 0.5}, append(outline, outline[0]))
		return
	}
	if m.kind != results.Extrapolated {
		c.FillPolygon(white, outline)
		c.StrokeLines(line, append(outline, outline[0]))
	}
	switch m.kind {
	case results.Scaled:
	case results.Emulated:
		c.FillPolygon(m.colour, circle.outline(at, r/3))
	default:
		d := r * 0.6
		line.Width = 1
		c.StrokeLine2(line, at.X-d, at.Y-d, at.X+d, at.Y+d)
		c.StrokeLine2(line, at.X-d, at.Y+d, at.X+d, at.Y-d)
	}
}

// hatch is the pattern over a bar's colour, so that parts differ without it.
type hatch struct{ rising, falling bool }

// draw puts the lines of h into the rectangle; lines of neighbouring bars
// continue each other.
func (h hatch) draw(c *draw.Canvas, r vg.Rectangle) {
	line := draw.LineStyle{Color: color.NRGBA{0, 0, 0, 0x90}, Width: 0.5}
	const gap = 5.0
	width, height := float64(r.Max.X-r.Min.X), float64(r.Max.Y-r.Min.Y)
	if width <= 0 || height <= 0 {
		return
	}
	segment := func(x0, dir, k float64) { // x = x0 + dir*(k + y'), y' in [0, height]
		lo, hi := max(0, -k), min(height, width-k)
		if lo >= hi {
			return
		}
		c.StrokeLine2(line,
			vg.Length(x0+dir*(k+lo)), r.Min.Y+vg.Length(lo),
			vg.Length(x0+dir*(k+hi)), r.Min.Y+vg.Length(hi))
	}
	for k := -height; k < width; k += gap {
		if h.rising {
			segment(float64(r.Min.X), 1, k)
		}
		if h.falling {
			segment(float64(r.Max.X), -1, k)
		}
	}
}
