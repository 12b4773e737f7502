package exchange

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// sizesOfInterest are around where hash and hashParts do otherwise.
var sizesOfInterest = []int{0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 47, 48, 49, 63, 64, 65, 96, 97, 100, 144, 145, 1000,
	hashBlock - 1, hashBlock, hashBlock + 1, 2*hashBlock - 1, 2 * hashBlock, 2*hashBlock + 17}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestHashParts cuts bytes into two everywhere: the hash is that of the whole.
func TestHashParts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range sizesOfInterest {
		b := randomBytes(r, n)
		want := Hash(b)
		for cut := range n {
			if got := hashParts(b[:cut], b[cut:]); got != want {
				t.Fatalf("%d bytes cut at %d: %x, whole %x", n, cut, got, want)
			}
		}
	}
}

// TestHashFindsDamage changes each bit, swaps neighbours, and adds or drops a
// zero at the end. Each bit of the hash flips in about half of the cases.
func TestHashFindsDamage(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	var flips [64]int
	changes := 0
	for _, n := range sizesOfInterest {
		b := randomBytes(r, n)
		want := Hash(b)
		differs := func(what string, got uint64) {
			if uint32(got) == uint32(want) {
				t.Errorf("%d bytes: %s is not seen", n, what)
			}
			changes++
			for i := range flips {
				flips[i] += int((got ^ want) >> i & 1)
			}
		}
		for i := range b {
			for bit := range 8 {
				b[i] ^= 1 << bit
				differs(fmt.Sprintf("bit %d of byte %d", bit, i), Hash(b))
				b[i] ^= 1 << bit
			}
			if i > 0 && b[i] != b[i-1] {
				b[i], b[i-1] = b[i-1], b[i]
				differs(fmt.Sprintf("swapping bytes %d and %d", i-1, i), Hash(b))
				b[i], b[i-1] = b[i-1], b[i]
			}
		}
		differs("a zero more", Hash(append(b, 0)))
	}
	for i, n := range flips {
		if share := float64(n) / float64(changes); share < 0.49 || share > 0.51 {
			t.Errorf("bit %d of the hash flips in %.3f of %d changes", i, share, changes)
		}
	}
}

// TestHashZeros has blocks of nothing but zeros, of which only the length
// differs.
func TestHashZeros(t *testing.T) {
	seen := make(map[uint32]int)
	for n := range 3 * hashBlock {
		h := uint32(Hash(make([]byte, n)))
		if m, ok := seen[h]; ok {
			t.Fatalf("%d and %d zeros have the same hash", m, n)
		}
		seen[h] = n
	}
}

func BenchmarkHash(b *testing.B) {
	for _, n := range []int{8, 20, 40, 100, 1000, 64 << 10, 1 << 20} {
		data := make([]byte, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				Hash(data)
			}
		})
	}
}
