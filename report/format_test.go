package report

import (
	"math"
	"testing"
)

func TestFormat(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{Seconds(1.234), "1.23 s"},
		{Seconds(0.0456), "45.6 ms"},
		{Seconds(789e-6), "789 us"},
		{Seconds(12e-9), "12.0 ns"},
		{Seconds(0.3e-9), "0.300 ns"},
		{Seconds(0), "0 s"},
		{Seconds(0.9999), "1.00 s"}, // not 1000 ms
		{Seconds(0.99949), "999 ms"},
		{Seconds(-0.0456), "-45.6 ms"},
		{Seconds(599), "599 s"},
		{Seconds(754), "12.6 min"},
		{Seconds(7200), "2.00 h"},
		{Seconds(1e8), "27,778 h"},
		{Seconds(math.NaN()), "-"},
		{Seconds(math.Inf(1)), "inf h"},
		{SecondsRange(1.234, 0.9, 12), "1.23 s [0.900, 12.0]"}, // one unit
		{SecondsRange(math.NaN(), 1, 2), "-"},
		{CoreSeconds(0.0988), "98.8 core-ms"},
		{CoreSeconds(0), "0 core-s"},
		{Bytes(0), "0 B"},
		{Bytes(999), "999 B"},
		{Bytes(1500), "1.50 kB"},
		{Bytes(2.5e9), "2.50 GB"},
		{USD(0), "$0"},
		{USD(0.0123), "$0.0123"},
		{USD(0.000001234), "$0.00000123"},
		{USD(0.999), "$1.00"},
		{USD(5), "$5.00"},
		{USD(-12345.678), "-$12,345.68"},
		{Ratio(3.714), "3.71x"},
		{Ratio(674.2), "674x"},
		{RatioRange(3.71, 3.6, 3.8), "3.71x [3.60, 3.80]"},
		{Percent(0.634), "63 %"},
		{Percent(0.0996), "10 %"}, // not 10.0 %
		{Percent(0.004), "0.4 %"},
		{Percent(0.0001), "<0.1 %"},
		{Percent(-0.0001), ">-0.1 %"},
		{Percent(-0.02), "-2.0 %"},
		{Percent(0), "0 %"},
		{Percent(math.NaN()), "-"},
		{Count(100000), "100,000"},
		{Count(-1234), "-1,234"},
		{Count(999), "999"},
		{plural(1, "trial"), "1 trial"},
		{plural(1200, "trial"), "1,200 trials"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
