package imaging

import "testing"

// TestPrefixCodeLimit: counts that would take words of more than 15 bits get a
// code of up to 15 that still uses all words, and whose words begin no other.
func TestPrefixCodeLimit(t *testing.T) {
	counts := []int{1, 1}
	for len(counts) < 30 { // Fibonacci's make the longest words
		counts = append(counts, counts[len(counts)-1]+counts[len(counts)-2])
	}
	c := newPrefixCode(counts, 15)
	share := 0
	for s, n := range c.lengths {
		if n < 1 || n > 15 {
			t.Errorf("symbol %d has %d bits", s, n)
		}
		share += 1 << (15 - n)
		for o, m := range c.lengths {
			if o != s && m >= n && c.words[o]&(1<<n-1) == c.words[s] {
				t.Errorf("the word of %d begins that of %d", s, o)
			}
		}
	}
	if share != 1<<15 {
		t.Errorf("words take %d of %d", share, 1<<15)
	}
}

// TestLengthPrefix: every length of a copy is read back by the format's rule.
func TestLengthPrefix(t *testing.T) {
	for length := 1; length <= maxCopy; length++ {
		prefix, extra, n := lengthPrefix(length)
		got := prefix + 1
		if prefix >= 4 {
			if want := (prefix - 2) >> 1; n != want {
				t.Fatalf("length %d has %d extra bits, want %d", length, n, want)
			}
			got = (2+prefix&1)<<n + int(extra) + 1
		}
		if got != length {
			t.Fatalf("length %d is read as %d", length, got)
		}
	}
}
