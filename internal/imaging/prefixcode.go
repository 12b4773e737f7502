package imaging

import (
	"cmp"
	"math/bits"
	"slices"
)

// prefixCode is a canonical prefix code of WebP's lossless form (RFC 9649,
// section 3.7.2.1), by symbol.
type prefixCode struct {
	lengths []uint8
	words   []uint32 // first bit lowest
}

func (c *prefixCode) write(b *bitWriter, symbol int) {
	b.put(c.words[symbol], int(c.lengths[symbol]))
}

// newPrefixCode gives each symbol that occurs a word of up to limit bits, the
// shorter the more often it does. A single one gets an empty word.
func newPrefixCode(counts []int, limit uint8) *prefixCode {
	c := &prefixCode{lengths: make([]uint8, len(counts)), words: make([]uint32, len(counts))}
	least := 1
	for !c.huffman(counts, least, limit) {
		least *= 2 // rare symbols count as less rare, until no word is too long
	}
	word, last := uint32(0), uint8(0)
	for length := uint8(1); length <= limit; length++ {
		word <<= length - last
		last = length
		for s, n := range c.lengths {
			if n == length {
				c.words[s] = bits.Reverse32(word) >> (32 - length)
				word++
			}
		}
	}
	return c
}

// tree is a node of Huffman's: a symbol, or two trees.
type tree struct {
	count       int
	symbol      int
	left, right *tree
}

// huffman sets lengths, and tells whether they are within the limit.
func (c *prefixCode) huffman(counts []int, least int, limit uint8) bool {
	var leaves, joined []*tree
	for s, n := range counts {
		if n > 0 {
			leaves = append(leaves, &tree{count: max(n, least), symbol: s})
		}
	}
	slices.SortStableFunc(leaves, func(a, b *tree) int { return cmp.Compare(a.count, b.count) })
	next := func() (t *tree) { // the rarest; both lists are sorted
		if len(joined) == 0 || len(leaves) > 0 && leaves[0].count <= joined[0].count {
			t, leaves = leaves[0], leaves[1:]
			return t
		}
		t, joined = joined[0], joined[1:]
		return t
	}
	for len(leaves)+len(joined) > 1 {
		a, b := next(), next()
		joined = append(joined, &tree{count: a.count + b.count, left: a, right: b})
	}
	ok := true
	var walk func(t *tree, depth uint8)
	walk = func(t *tree, depth uint8) {
		if t.left == nil {
			c.lengths[t.symbol] = depth
			ok = ok && depth <= limit
			return
		}
		walk(t.left, depth+1)
		walk(t.right, depth+1)
	}
	if len(leaves)+len(joined) > 0 {
		walk(next(), 0)
	}
	return ok
}

// writePrefixCode makes a code for symbols that occur so often, and writes its
// lengths (section 3.7.2.1).
func writePrefixCode(b *bitWriter, counts []int) *prefixCode {
	c := newPrefixCode(counts, 15)
	var used []uint32
	for s, n := range counts {
		if n > 0 {
			used = append(used, uint32(s))
		}
	}
	switch {
	case len(used) == 0: // as one symbol, which never comes
		used = []uint32{0}
		fallthrough
	case len(used) <= 2 && used[len(used)-1] < 256:
		b.put(1, 1)
		b.put(uint32(len(used)-1), 1)
		b.put(1, 1) // the first takes eight bits
		for _, s := range used {
			b.put(s, 8)
		}
	default:
		c.writeLengths(b)
	}
	return c
}

// lengthSymbols is the order in which the lengths of the code of lengths come;
// 17 and 18 are runs of 0: of 3 to 10, and of 11 to 138.
var lengthSymbols = [19]int{17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

// writeLengths writes lengths, themselves in a prefix code.
func (c *prefixCode) writeLengths(b *bitWriter) {
	type item struct {
		symbol int
		extra  uint32
		bits   int
	}
	var list []item
	var counts [19]int
	for i := 0; i < len(c.lengths); {
		zeros := 0
		for i+zeros < len(c.lengths) && zeros < 138 && c.lengths[i+zeros] == 0 {
			zeros++
		}
		next := item{symbol: int(c.lengths[i])}
		switch {
		case zeros >= 11:
			next = item{18, uint32(zeros - 11), 7}
		case zeros >= 3:
			next = item{17, uint32(zeros - 3), 3}
		default:
			zeros = 1
		}
		i += zeros
		counts[next.symbol]++
		list = append(list, next)
	}
	lengths := newPrefixCode(counts[:], 7)
	n := len(lengthSymbols)
	for n > 4 && lengths.lengths[lengthSymbols[n-1]] == 0 {
		n--
	}
	b.put(0, 1)
	b.put(uint32(n-4), 4)
	for _, s := range lengthSymbols[:n] {
		b.put(uint32(lengths.lengths[s]), 3)
	}
	b.put(0, 1) // all symbols have a length
	for _, it := range list {
		lengths.write(b, it.symbol)
		b.put(it.extra, it.bits)
	}
}
