package report

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"strings"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// openFigures is the most pictures of one plot that a page shows unfolded.
const openFigures = 4

// figureGroup is the pictures of one plot.
type figureGroup struct {
	Title   string
	Folded  bool
	Figures []figure
}

// figure is a picture in the page, with what it says below its axes.
type figure struct {
	SVG   template.HTML
	Title string
}

// figureGroups draws every plot of a source, and names those that lack data.
// figures counts pictures over the page, so that no two elements share an id.
func figureGroups(src *Source, figures *int) (groups []figureGroup, missing []fact, err error) {
	for _, p := range Plots() {
		if why := p.Missing(src); why != "" {
			missing = append(missing, fact{p.Title, why})
			continue
		}
		parts := p.parts(src)
		g := figureGroup{Title: p.Title, Folded: len(parts) > openFigures}
		for _, part := range parts {
			*figures++
			pic := p.draw(part.source)
			svg, err := pic.inlineSVG(fmt.Sprintf("plot-%d", *figures))
			if err != nil {
				return nil, nil, err
			}
			g.Figures = append(g.Figures, figure{svg, pic.title})
		}
		groups = append(groups, g)
	}
	return groups, missing, nil
}

// inlineSVG returns the picture as an element of an HTML page, named and
// described for those who do not see it. Ids begin with id; the font is left
// to the page's style.
func (p *Picture) inlineSVG(id string) (template.HTML, error) {
	width, height := p.size()
	c := vgsvg.New(width, height)
	p.draw(draw.New(c))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return "", fmt.Errorf("draw SVG of %q: %w", p.title, err)
	}
	_, body, found := strings.Cut(buf.String(), "<g ")
	if !found {
		return "", fmt.Errorf("draw SVG of %q: it has no group of elements", p.title)
	}
	body = strings.NewReplacer(
		"font-family:Liberation Sans;", "", "font-variant:normal;", "", "font-weight:normal;", "", "font-style:normal;", "",
		"data:image/jpg;", "data:image/png;", "\n\t", " ",
	).Replace(body)
	head := fmt.Sprintf(`<svg viewBox="0 0 %g %g" role="img" aria-labelledby="%s-title" aria-describedby="%s-desc"><title id="%s-title">%s</title><desc id="%s-desc">%s</desc><g `,
		float64(width), float64(height), id, id, id, template.HTMLEscapeString(p.title), id, template.HTMLEscapeString(p.describe()))
	return template.HTML(head + body), nil
}

// describe says in words what the picture shows.
func (p *Picture) describe() string {
	var axes, legend []string
	for _, row := range p.panels {
		for _, panel := range row {
			axes = append(axes, panel.yName+" against "+cmp.Or(panel.xName, "the same axis as below"))
		}
	}
	for _, e := range p.legend {
		legend = append(legend, e.text)
	}
	parts := []string{p.subtitle + ".", "Shown: " + strings.Join(axes, "; ") + "."}
	if len(legend) > 0 {
		parts = append(parts, "Legend: "+strings.Join(legend, "; ")+".")
	}
	return strings.Join(append(parts, p.notes...), " ")
}
