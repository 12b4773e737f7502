package learn

import (
	"testing"

	"corecast/internal/boost"
)

// BenchmarkFit is a task of the default search: 2,000 rows, 10 features.
func BenchmarkFit(b *testing.B) {
	t := Generate(2000, "classify", 1)
	folds, err := Divide(t, 5, 1)
	if err != nil {
		b.Fatal(err)
	}
	p := Problem{t, folds}
	for name, s := range map[string]boost.Settings{
		"default": Default(),
		"deep":    {Trees: 100, Rate: 0.1, Depth: 7, MinLeaf: 5, L2: 1, Rows: 0.8, Columns: 0.8},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := p.Fit(b.Context(), s, 0, 1, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
