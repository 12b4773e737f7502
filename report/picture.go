package report

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The size of pictures in points, and of their PNG in dots an inch.
const (
	pictureWidth  = 9 * vg.Inch
	pictureHeight = 5.4 * vg.Inch
	pictureDPI    = 130
	margin        = vg.Length(12)
)

// Picture is a plot that is ready to be written.
type Picture struct {
	title, subtitle string
	legend          []legendEntry
	notes           []string
	// panels stand in rows from the top, with shares of the height.
	panels  [][]*panel
	heights []float64
	height  vg.Length // 0: pictureHeight
}

// legendEntry is a line of the legend: a sample and what it stands for.
type legendEntry struct {
	text   string
	sample func(c *draw.Canvas, r vg.Rectangle)
}

// note adds a line below the plot, unless it is empty.
func (p *Picture) note(text string) {
	if text != "" {
		p.notes = append(p.notes, text)
	}
}

func (p *Picture) size() (vg.Length, vg.Length) {
	if p.height > 0 {
		return pictureWidth, p.height
	}
	return pictureWidth, pictureHeight
}

// WritePNG writes the picture as PNG, 1170 dots wide.
func (p *Picture) WritePNG(w io.Writer) error {
	width, height := p.size()
	c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(pictureDPI))}
	p.draw(draw.New(c))
	if _, err := c.WriteTo(w); err != nil {
		return fmt.Errorf("write PNG of %q: %w", p.title, err)
	}
	return nil
}

// WriteSVG writes the picture as SVG. The same picture gives the same bytes.
// Fonts are named, not embedded, with the common ones of the same widths.
func (p *Picture) WriteSVG(w io.Writer) error {
	width, height := p.size()
	c := vgsvg.New(width, height)
	p.draw(draw.New(c))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return fmt.Errorf("draw SVG of %q: %w", p.title, err)
	}
	svg := strings.NewReplacer(
		"font-family:Liberation Sans;", "font-family:Liberation Sans,Arial,Helvetica,sans-serif;",
		"data:image/jpg;", "data:image/png;",
	).Replace(buf.String())
	if _, err := io.WriteString(w, svg); err != nil {
		return fmt.Errorf("write SVG of %q: %w", p.title, err)
	}
	return nil
}

// draw lays the picture out: title, line under it, panels with the legend to
// their right, notes.
func (p *Picture) draw(c draw.Canvas) {
	c.FillPolygon(white, corners(c.Rectangle))
	c = draw.Crop(c, margin, -margin, margin, -margin)
	c = headText(c, p.title, style(13, true, black, draw.XLeft, draw.YTop), 3)
	c = headText(c, p.subtitle, style(9, false, darkGrey, draw.XLeft, draw.YTop), 8)
	c = footText(c, p.notes, style(8.5, false, darkGrey, draw.XLeft, draw.YTop))
	c = drawLegend(c, p.legend)
	p.drawPanels(c)
}

func corners(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}

// headText writes wrapped text at the top and returns what is left of c.
func headText(c draw.Canvas, txt string, sty draw.TextStyle, gap vg.Length) draw.Canvas {
	if txt == "" {
		return c
	}
	lines := wrapText(txt, sty, c.Max.X-c.Min.X)
	for _, line := range lines {
		c.FillText(sty, vg.Point{X: c.Min.X, Y: c.Max.Y}, line)
		c.Max.Y -= lineHeight(sty)
	}
	c.Max.Y -= gap
	return c
}

// footText writes notes at the bottom, each on its own lines, and returns what
// is left of c.
func footText(c draw.Canvas, notes []string, sty draw.TextStyle) draw.Canvas {
	var lines []string
	for _, n := range notes {
		lines = append(lines, wrapText(n, sty, c.Max.X-c.Min.X)...)
	}
	top := c.Min.Y + lineHeight(sty)*vg.Length(len(lines))
	for i, line := range lines {
		c.FillText(sty, vg.Point{X: c.Min.X, Y: top - lineHeight(sty)*vg.Length(i)}, line)
	}
	if len(lines) > 0 {
		c.Min.Y = top + 6
	}
	return c
}

func lineHeight(sty draw.TextStyle) vg.Length { return sty.Font.Size * 1.25 }

// wrapText breaks text at spaces into lines no wider than width.
func wrapText(txt string, sty draw.TextStyle, width vg.Length) []string {
	var lines []string
	line := ""
	for word := range strings.SplitSeq(txt, " ") {
		longer := strings.TrimPrefix(line+" "+word, " ")
		if line != "" && sty.Width(longer) > width {
			lines, longer = append(lines, line), word
		}
		line = longer
	}
	return append(lines, line)
}

// The width of legend samples, and the most that text beside them takes.
const (
	sampleWidth    = vg.Length(24)
	legendMaxWidth = vg.Length(190)
)

// drawLegend writes the legend down the right side and returns what is left.
func drawLegend(c draw.Canvas, entries []legendEntry) draw.Canvas {
	if len(entries) == 0 {
		return c
	}
	sty := style(9, false, black, draw.XLeft, draw.YCenter)
	var width vg.Length
	texts := make([][]string, len(entries))
	for i, e := range entries {
		texts[i] = wrapText(e.text, sty, legendMaxWidth)
		for _, line := range texts[i] {
			width = max(width, sty.Width(line))
		}
	}
	x, y := c.Max.X-width-sampleWidth-6, c.Max.Y-10
	for i, e := range entries {
		if e.sample != nil {
			e.sample(&c, vg.Rectangle{Min: vg.Point{X: x, Y: y - 5}, Max: vg.Point{X: x + sampleWidth, Y: y + 5}})
		}
		for _, line := range texts[i] {
			c.FillText(sty, vg.Point{X: x + sampleWidth + 6, Y: y}, line)
			y -= lineHeight(sty)
		}
		y -= 4
	}
	c.Max.X = x - 12
	return c
}

// drawPanels draws the rows of plots with their axes aligned.
func (p *Picture) drawPanels(c draw.Canvas) {
	if len(p.panels) == 1 {
		p.drawRow(c, p.panels[0])
		return
	}
	p.drawColumn(c)
}

func (p *Picture) drawRow(c draw.Canvas, row []*panel) {
	tiles := draw.Tiles{Rows: 1, Cols: len(row), PadX: 10 + nameRoom}
	c = draw.Crop(c, nameRoom, 0, nameRoom, 0)
	plots := make([]*plot.Plot, len(row))
	for i := range row {
		plots[i] = row[i].Plot
	}
	for i, cell := range plot.Align([][]*plot.Plot{plots}, tiles, c)[0] {
		row[i].drawWithNames(cell)
	}
}

// nameRoom is the room for the name of an axis.
const nameRoom = vg.Length(17)

// drawWithNames draws the plot into the cell and the names of the axes into
// the room to its left and below it.
func (p *panel) drawWithNames(cell draw.Canvas) {
	p.Draw(cell)
	inner := p.DataCanvas(cell)
	sty := style(10, false, black, draw.XCenter, draw.YBottom)
	cell.FillText(sty, vg.Point{X: inner.Center().X, Y: cell.Min.Y - nameRoom + 2}, p.xName)
	sty.Rotation = math.Pi / 2
	cell.FillText(sty, vg.Point{X: cell.Min.X - 6, Y: inner.Center().Y}, p.yName)
}

// drawColumn draws rows of one plot each, of unequal heights, with their left
// and right edges aligned.
func (p *Picture) drawColumn(c draw.Canvas) {
	cells := make([]draw.Canvas, len(p.panels))
	top, left, right := c.Max.Y, vg.Length(0), vg.Length(0)
	for i, row := range p.panels {
		height := (c.Max.Y - c.Min.Y) * vg.Length(p.heights[i])
		cells[i] = draw.Crop(c, nameRoom, 0, 0, 0)
		cells[i].Max.Y, cells[i].Min.Y = top, top-height+nameRoom
		top -= height
		inner := row[0].DataCanvas(cells[i])
		left, right = max(left, inner.Min.X-cells[i].Min.X), max(right, c.Max.X-inner.Max.X)
	}
	for i, row := range p.panels {
		inner := row[0].DataCanvas(cells[i])
		row[0].drawWithNames(draw.Crop(cells[i], left-(inner.Min.X-cells[i].Min.X), (c.Max.X-inner.Max.X)-right, 0, 0))
	}
}
