package logscan

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// Search counts the lines of part. Memory is one buffer, or twice the longest
// line where that is more, and the values. It stops when ctx ends. An error
// names the file.
func (s *Searcher) Search(ctx context.Context, part Part) (Count, error) {
	r, err := open(part)
	if err != nil {
		return Count{}, err
	}
	defer r.Close()
	t := s.tally()
	b := blocks{r: r, buf: make([]byte, s.bufferFor(part))}
	for err == nil {
		if err := ctx.Err(); err != nil {
			return Count{}, fmt.Errorf("search %s: %w", part, err)
		}
		var block []byte
		block, err = b.next()
		t.block(block)
		if t.full() {
			return Count{}, fmt.Errorf("search %s: group %q has more than %d different values, or more than %d bytes of them: split the input into smaller parts, or name a narrower group", part, s.name, s.maxValues, s.maxValueBytes)
		}
	}
	if err != io.EOF {
		return Count{}, err
	}
	return t.Count, nil
}

// bufferFor is the first buffer's size: a small part needs no large one.
func (s *Searcher) bufferFor(part Part) int {
	if compression(part.Path) != plain {
		return s.buffer
	}
	return int(min(int64(s.buffer), max(part.Hi-part.Lo+512, 512)))
}

// blocks cuts a stream into blocks of whole lines.
type blocks struct {
	r   io.Reader
	buf []byte
	// buf[given:have] was read but not returned yet.
	given, have int
}

// next returns the next whole lines, as many as fit the buffer; the buffer
// grows when not even one does. The last line may lack its end. The block is
// valid until the next call; with the last one comes io.EOF or another error.
func (b *blocks) next() ([]byte, error) {
	b.have = copy(b.buf, b.buf[b.given:b.have])
	b.given = 0
	for {
		if b.have == len(b.buf) {
			b.buf = append(b.buf, make([]byte, len(b.buf))...)
		}
		old := b.have
		n, err := io.ReadFull(b.r, b.buf[old:])
		b.have += n
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		if err != nil {
			b.given = b.have
			return b.buf[:b.have], err
		}
		if i := bytes.LastIndexByte(b.buf[old:b.have], '\n'); i >= 0 {
			b.given = old + i + 1
			return b.buf[:b.given], nil
		}
	}
}

// tally is a count in the making.
type tally struct {
	Count
	s *Searcher
	// bytes is the size of the values.
	bytes int
	// next[i] is where literal i is found next in the block.
	next []int
}

func (s *Searcher) tally() *tally {
	t := &tally{s: s, next: make([]int, len(s.literals))}
	if s.group >= 0 {
		t.Values = Values{}
	}
	return t
}

// full reports whether there are more values than a part may have.
func (t *tally) full() bool { return len(t.Values) > t.s.maxValues || t.bytes > t.s.maxValueBytes }

// block counts the lines of a block.
func (t *tally) block(data []byte) {
	if len(data) == 0 {
		return
	}
	t.Bytes += int64(len(data))
	t.Lines += int64(bytes.Count(data, []byte{'\n'}))
	if data[len(data)-1] != '\n' {
		t.Lines++
	}
	if len(t.s.literals) > 0 {
		t.candidates(data)
		return
	}
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		t.line(line, false)
		data = rest
	}
}

// candidates looks at the lines that contain one of the literals; no other
// line can match.
func (t *tally) candidates(data []byte) {
	for i := range t.next {
		t.next[i] = -1
	}
	for at := 0; at < len(data); { // at is where a line begins
		hit := t.find(data, at)
		if hit == len(data) {
			return
		}
		start := at + bytes.LastIndexByte(data[at:hit], '\n') + 1
		end := len(data)
		if i := bytes.IndexByte(data[hit:], '\n'); i >= 0 {
			end = hit + i
		}
		t.line(data[start:end], t.s.exact)
		at = end + 1
	}
}

// find returns where in data the first of the literals is at byte at or
// later, and len(data) when none is.
func (t *tally) find(data []byte, at int) int {
	first := len(data)
	for i, text := range t.s.literals {
		if t.next[i] < at {
			t.next[i] = len(data)
			if n := bytes.Index(data[at:], text); n >= 0 {
				t.next[i] = at + n
			}
		}
		first = min(first, t.next[i])
	}
	return first
}

// line counts one line, which matches for certain when known is set.
func (t *tally) line(line []byte, known bool) {
	if !known && !t.s.re.Match(line) {
		return
	}
	t.Matches++
	if t.s.group < 0 {
		return
	}
	at := t.s.re.FindSubmatchIndex(line)
	lo, hi := at[2*t.s.group], at[2*t.s.group+1]
	if lo < 0 {
		t.NoValue++
		return
	}
	before := len(t.Values)
	t.Values[string(line[lo:hi])]++
	if len(t.Values) > before {
		t.bytes += hi - lo
	}
}
