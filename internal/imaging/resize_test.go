package imaging

import "testing"

func TestFit(t *testing.T) {
	for _, test := range []struct {
		resize     string
		w, h       int
		newW, newH int
	}{
		{"320x", 1000, 500, 320, 160},
		{"320x", 100, 50, 320, 160}, // enlarged
		{"x240", 1000, 500, 480, 240},
		{"320x240", 1000, 500, 320, 160}, // width decides
		{"320x240", 500, 1000, 120, 240}, // height decides
		{"320X240", 640, 480, 320, 240},  // both
		{"320x", 451, 300, 320, 213},     // 212.86
		{"320x", 640, 427, 320, 214},     // 213.5 is rounded up
		{"10x", 1000, 3, 10, 1},          // never 0
		{"50%", 451, 301, 226, 151},
		{"0.1%", 100, 100, 1, 1},
		{"100%", 7, 9, 7, 9},
		{"", 7, 9, 7, 9},
		{"1048576x1048576", 1, 1 << 30, 1, 1048576},
	} {
		r, err := ParseResize(test.resize)
		if err != nil {
			t.Fatal(err)
		}
		if w, h := r.Fit(test.w, test.h); w != test.newW || h != test.newH {
			t.Errorf("%q of %d x %d: %d x %d, want %d x %d", test.resize, test.w, test.h, w, h, test.newW, test.newH)
		}
	}
	for _, wrong := range []string{"320", "x", "0x", "x0", "-3x", "3.5x", "0%", "-5%", "%", "NaN%", "1e9%", "ax", "3x4x5", "1048577x", " 3x"} {
		if r, err := ParseResize(wrong); err == nil {
			t.Errorf("%q is taken for %+v", wrong, r)
		}
	}
}
