package learn

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"corecast/internal/boost"
)

const (
	// maxLevels is how many different texts a feature may have.
	maxLevels = 32
	// maxClasses is how many classes a target may have.
	maxClasses = 100
	// fewNumbers is up to how many different whole numbers are taken for
	// classes when nothing else was asked for.
	fewNumbers = 20
	// maxTarget bounds the numbers of a target, so that sums of squares of a
	// hundred billion rows are finite.
	maxTarget = 1e100
)

// kind is what a cell holds.
type kind int

const (
	number kind = iota
	missing
	text
	infinite
	tooLong
)

// parse reads a cell. The value is NaN unless it is a number.
func parse(s string) (float64, kind) {
	switch strings.ToLower(s) {
	case "", "na", "n/a", "nan", "null", "none", "?":
		return math.NaN(), missing
	}
	if strings.ContainsAny(s, "xX_pP") { // Go's hexadecimal floats
		return math.NaN(), text
	}
	v, err := strconv.ParseFloat(s, 64)
	switch {
	case math.IsInf(v, 0):
		return math.NaN(), infinite
	case err != nil:
		return math.NaN(), text
	case math.Abs(v) > 1<<53 && !exact(s, v):
		return math.NaN(), tooLong
	}
	return v, number
}

// exact reports whether s is not a whole number in digits, or one that v holds
// to the last digit.
func exact(s string, v float64) bool {
	digits := strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-")
	if strings.Trim(digits, "0123456789") != "" {
		return true
	}
	return strings.TrimLeft(digits, "0") == strconv.FormatFloat(math.Abs(v), 'f', 0, 64)
}

// decimalComma reports whether s reads like a number with a comma in it.
func decimalComma(s string) bool {
	if !strings.Contains(s, ",") || len(s) > 40 {
		return false
	}
	_, k := parse(strings.ReplaceAll(s, ",", ""))
	return k == number
}

// parsed is a column of cells as numbers.
type parsed struct {
	values []float64
	// first has the first row of each kind, -1 where there is none.
	first  [tooLong + 1]int
	counts [tooLong + 1]int
}

func (t *rawTable) parse(column int) parsed {
	p := parsed{values: make([]float64, len(t.lines))}
	for k := range p.first {
		p.first[k] = -1
	}
	for row, cell := range t.cells[column] {
		v, k := parse(cell)
		p.values[row] = v
		p.counts[k]++
		if p.first[k] < 0 {
			p.first[k] = row
		}
	}
	return p
}

// badNumber is the error of a number that cannot be used, nil when there is
// none.
func (t *rawTable) badNumber(p *parsed, column int) error {
	if row := p.first[infinite]; row >= 0 {
		return inputError(AboutData, "%s: %s is infinite: leave it empty for a missing value", t.at(row, column), t.cells[column][row])
	}
	if row := p.first[tooLong]; row >= 0 {
		return inputError(AboutData, "%s: %s is more than a number can hold exactly (2^53) and reads like an identifier: leave the column out with --drop %s",
			t.at(row, column), t.cells[column][row], quote(t.names[column]))
	}
	if row := p.first[text]; row >= 0 && decimalComma(t.cells[column][row]) {
		return inputError(AboutData, "%s: %q reads like a number with a comma: write a point for decimals, and nothing between thousands", t.at(row, column), t.cells[column][row])
	}
	return nil
}

// quote quotes a name for a shell where it needs to be.
func quote(s string) string {
	if strings.ContainsAny(s, " \t\"'$&|;()<>*?`\\!#") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

// feature adds the features of a column to out; its texts are categories, or an
// error.
func (t *rawTable) feature(out *Table, column int, categories bool) error {
	p := t.parse(column)
	if err := t.badNumber(&p, column); err != nil {
		return err
	}
	if p.counts[text] == 0 {
		out.Features = append(out.Features, t.names[column])
		out.Columns = append(out.Columns, p.values)
		return nil
	}
	if p.counts[number] > 0 {
		row := p.first[text]
		return inputError(AboutData, "%s: %q is not a number, as %d of the column's %d values are: mend it, leave it empty for a missing value, or leave the column out with --drop %s",
			t.at(row, column), t.cells[column][row], p.counts[number], p.counts[number]+p.counts[text], quote(t.names[column]))
	}
	if !categories {
		row := p.first[text]
		return inputError(AboutData, "%s: %q is not a number: give --categories %s to have a feature of 0 and 1 for each text of the column, or leave it out with --drop %s",
			t.at(row, column), t.cells[column][row], quote(t.names[column]), quote(t.names[column]))
	}
	return t.levels(out, column, &p)
}

// levels adds a column of texts.
func (t *rawTable) levels(out *Table, column int, p *parsed) error {
	levels := distinct(t.cells[column], func(s string) bool { _, k := parse(s); return k == text })
	if len(levels) > maxLevels {
		row := p.first[text]
		return inputError(AboutData, "%s: %q is one of %d different texts, and a feature may have %d: replace them by numbers, or leave the column out with --drop %s",
			t.at(row, column), t.cells[column][row], len(levels), maxLevels, quote(t.names[column]))
	}
	if len(levels) == 2 { // one feature tells them apart
		levels = levels[1:]
	}
	for _, level := range levels {
		values := make([]float64, len(t.lines))
		for row, cell := range t.cells[column] {
			switch _, k := parse(cell); {
			case k == missing:
				values[row] = math.NaN()
			case cell == level:
				values[row] = 1
			}
		}
		out.Features = append(out.Features, t.names[column]+"="+level)
		out.Columns = append(out.Columns, values)
	}
	return nil
}

// distinct returns the different cells that count, sorted.
func distinct(cells []string, counts func(string) bool) []string {
	seen := make(map[string]bool)
	for _, c := range cells {
		if _, ok := seen[c]; !ok {
			seen[c] = counts(c)
		}
	}
	var found []string
	for c, ok := range seen {
		if ok {
			found = append(found, c)
		}
	}
	slices.Sort(found)
	return found
}

// target sets what is to be predicted.
func (t *rawTable) target(out *Table, column int, task string) error {
	p := t.parse(column)
	if row := p.first[missing]; row >= 0 {
		return inputError(AboutTarget, "%s: the target is missing, as in %d of %d rows: take those rows out", t.at(row, column), p.counts[missing], len(t.lines))
	}
	numeric := p.counts[text] == 0
	if numeric || task == "regress" {
		if err := t.badNumber(&p, column); err != nil {
			return err
		}
	}
	if task == "" && numeric {
		task = taskOf(p.values)
	}
	if task != "regress" {
		return t.classes(out, column, &p, numeric)
	}
	for row, v := range p.values {
		switch {
		case math.IsNaN(v):
			return inputError(AboutTask, "%s: %q is not a number: regress needs numbers, classify takes texts", t.at(row, column), t.cells[column][row])
		case math.Abs(v) > maxTarget:
			return inputError(AboutTarget, "%s: %v is beyond %g, up to which squares can be summed: scale the column", t.at(row, column), v, maxTarget)
		}
	}
	if !slices.ContainsFunc(p.values, func(v float64) bool { return v != p.values[0] }) {
		return inputError(AboutTarget, "column %s of %s has one value, %v: there is nothing to predict", out.Goal, t.name, p.values[0])
	}
	out.Target = boost.Target{Y: p.values}
	return nil
}

// taskOf returns classify for a few different whole numbers.
func taskOf(values []float64) string {
	seen := make(map[float64]bool)
	for _, v := range values {
		seen[v] = true
		if v != math.Trunc(v) || len(seen) > fewNumbers {
			return "regress"
		}
	}
	return "classify"
}

// classes sets a target of classes: by value where all are numbers, else by
// text.
func (t *rawTable) classes(out *Table, column int, p *parsed, numeric bool) error {
	names := t.cells[column]
	if numeric {
		names = make([]string, len(p.values))
		for i, v := range p.values {
			names[i] = strconv.FormatFloat(v+0, 'g', -1, 64)
		}
	}
	classes := distinct(names, func(string) bool { return true })
	switch {
	case len(classes) < 2:
		return inputError(AboutTarget, "column %s of %s has one class, %s: there is nothing to predict", out.Goal, t.name, classes[0])
	case len(classes) > maxClasses:
		advice := "take another column"
		if numeric {
			advice = "use --task regress"
		}
		return inputError(AboutTarget, "column %s of %s has %d classes, and may have %d: %s", out.Goal, t.name, len(classes), maxClasses, advice)
	}
	if numeric {
		slices.SortFunc(classes, func(a, b string) int { return int(math.Copysign(1, toNumber(a)-toNumber(b))) })
	}
	index := make(map[string]float64, len(classes))
	for i, c := range classes {
		index[c] = float64(i)
	}
	y := make([]float64, len(names))
	for i, name := range names {
		y[i] = index[name]
	}
	out.Classes, out.Target = classes, boost.Target{Classes: len(classes), Y: y}
	return nil
}

// toNumber reads a number that was written by FormatFloat.
func toNumber(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(fmt.Sprintf("learn: class %q: %v", s, err))
	}
	return v
}
