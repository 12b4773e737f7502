package exchange

import (
	"encoding/binary"
	"math/bits"
)

// Hash hashes what a stream carries, to find damage by accident. It is made of
// wyhash's steps (Wang Yi, 2019: products of 128 bits, folded), which are as
// fast as what needs tables or assembly. A library would be initialised behind
// packages that a worker does not need, and those before it: that costs each
// worker a sixth of its start.
func Hash(b []byte) uint64 { return hashBlocks(mix1, b) }

// hashBlock is how many bytes are hashed at once.
const hashBlock = 4096

// hashBlocks hashes the blocks of b on top of h, the last of which may be short.
func hashBlocks(h uint64, b []byte) uint64 {
	for ; len(b) > hashBlock; b = b[hashBlock:] {
		h = hash(h, b[:hashBlock])
	}
	return hash(h, b)
}

// hashParts hashes a and b, which must not be empty, as if they were one. What
// of both belongs to one block is copied together.
func hashParts(a, b []byte) uint64 {
	h := uint64(mix1)
	for ; len(a) >= hashBlock; a = a[hashBlock:] {
		h = hash(h, a[:hashBlock])
	}
	var both [hashBlock]byte
	n := copy(both[:], a)
	m := copy(both[n:], b)
	h = hash(h, both[:n+m])
	if m == len(b) {
		return h
	}
	return hashBlocks(h, b[m:])
}

// Odd numbers without a pattern, of wyhash.
const (
	hash1 = 0xa0761d6478bd642f
	hash2 = 0xe7037ed1a0b428db
	hash3 = 0x8ebc6af09c88c6e3
)

// hash hashes one block on top of a seed.
func hash(seed uint64, b []byte) uint64 {
	n := len(b)
	var first, last uint64
	switch {
	case n >= 16:
		ends := b[n-16:]
		if n > 48 {
			x, y := seed, seed
			for ; len(b) > 48; b = b[48:] {
				seed = fold(word(b)^hash1, word(b[8:])^seed)
				x = fold(word(b[16:])^hash2, word(b[24:])^x)
				y = fold(word(b[32:])^hash3, word(b[40:])^y)
			}
			seed ^= x ^ y
		}
		for ; len(b) > 16; b = b[16:] {
			seed = fold(word(b)^hash1, word(b[8:])^seed)
		}
		first, last = word(ends), word(ends[8:])
	case n >= 8:
		first, last = word(b), word(b[n-8:])
	case n >= 4:
		first, last = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		first = uint64(b[0])<<16 | uint64(b[n/2])<<8 | uint64(b[n-1])
	}
	return fold(hash1^uint64(n), fold(first^hash2, last^seed))
}

func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// fold is the product of two numbers, its halves xored.
func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
