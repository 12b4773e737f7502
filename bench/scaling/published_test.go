package scaling

import (
	"strconv"
	"testing"
)

// specSDM91 is the series of SPEC SDM 91 of which Gunther and the R package
// usl publish fits.
func specSDM91() *Data {
	d := &Data{Name: "SDM91", Unit: "job"}
	for _, r := range [][2]float64{{1, 64.9}, {18, 995.9}, {36, 1652.4}, {72, 1853.2}, {108, 1828.9}, {144, 1775}, {216, 1702.2}} {
		d.Cells = append(d.Cells, Cell{Cores: r[0], Work: 1, Times: []float64{1 / r[1]}})
	}
	return d
}

// TestPublished compares the digits that are printed of a fit by nls.
func TestPublished(t *testing.T) {
	f, err := New(specSDM91(), Options{Laws: []Law{usl{}}})
	if err != nil {
		t.Fatal(err)
	}
	fit := f.Fits[0]
	for _, c := range []struct {
		name   string
		value  float64
		format byte
		digits int
		want   string
	}{
		{"sigma", fit.Parameters["sigma"].Value, 'f', 7, "0.0277285"},
		{"kappa", fit.Parameters["kappa"].Value, 'e', 3, "1.044e-04"},
		{"lambda", fit.Parameters["lambda"].Value, 'f', 4, "89.9952"},
		{"peak", *fit.Peak, 'f', 2, "96.52"},
		{"asymptote", *fit.Asymptote, 'f', 2, "3245.59"},
	} {
		if got := strconv.FormatFloat(c.value, c.format, c.digits, 64); got != c.want {
			t.Errorf("%s is %s, published %s", c.name, got, c.want)
		}
	}
}
