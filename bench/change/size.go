package change

import (
	"math"
	"math/rand/v2"
	"slices"
)

// sizeDraws is the number of resampled pairs behind an interval.
const sizeDraws = 400

// size returns median(after) / median(before) with an interval at 95 %, by
// resampling each side about its own level with its autocorrelation; nil where
// a median is not positive, or the ratio no finite number above 0.
func size(before, after []float64, phi float64, r *rand.Rand) (ratio, lo, hi *float64) {
	b, a := median(before), median(after)
	if !(b > 0) || !(a > 0) {
		return nil, nil, nil
	}
	wb, wa := newWorld(before, b, phi, r), newWorld(after, a, phi, r)
	db, da := make([]float64, len(before)), make([]float64, len(after))
	mid := a / b
	if math.IsInf(mid, 0) || mid == 0 {
		return nil, nil, nil
	}
	ratios := make([]float64, 0, sizeDraws)
	for range sizeDraws {
		wb.resample(db)
		wa.resample(da)
		// A side whose drawn median is not positive has no ratio to give.
		if x, y := median(db), median(da); x > 0 && y > 0 {
			ratios = append(ratios, y/x)
		}
	}
	if len(ratios) < sizeDraws/2 {
		return &mid, nil, nil
	}
	slices.Sort(ratios)
	low, high := ratios[len(ratios)*25/1000], ratios[min(len(ratios)-1, len(ratios)*975/1000)]
	low, high = min(low, mid), max(high, mid)
	return &mid, &low, &high
}
