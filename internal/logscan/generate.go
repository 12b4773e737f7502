package logscan

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"
)

// SlowErrors is a pattern for the logs of [Generate]: requests that took a
// second or longer and failed in the server, with the groups component, ip,
// status and user. No rare text is in all of its matches, so that each line
// meets the regular expression: the honest case, not the fast one.
const SlowErrors = ` (?P<component>[a-z]+) (?P<ip>[0-9.]+) (?P<status>5[0-9][0-9]) [0-9]{4,}ms user=(?P<user>[^ ]+)`

// BlockSize is the size in bytes of a generated block, of which each part of a
// log can be made alone.
const BlockSize = 64 << 10

const (
	// maxLine is more than the longest line of a block, its last apart.
	maxLine = 200
	// blockSpan is the time between the first lines of two blocks, lineSpan
	// what two lines are less than apart: a block has fewer than 800 lines.
	blockSpan = 120 * time.Second
	lineSpan  = 150 // milliseconds
)

// Known is what is known of generated logs from having written them.
type Known struct {
	// Lines is their number, Matches how many of them match SlowErrors.
	Lines, Matches int64
}

// Generate writes size bytes of logs: blocks 0, 1, … of seed, the last cut to
// what is left. The same seed and size give the same bytes.
func Generate(ctx context.Context, w io.Writer, seed uint64, size int64) (Known, error) {
	var all Known
	buf := make([]byte, 0, BlockSize)
	for block := uint64(0); size > 0; block++ {
		if err := ctx.Err(); err != nil {
			return all, fmt.Errorf("generate logs: %w", err)
		}
		data, known := AppendBlock(buf, seed, block, int(min(size, BlockSize)))
		if _, err := w.Write(data); err != nil {
			return all, fmt.Errorf("write generated logs: %w", err)
		}
		all.Lines += known.Lines
		all.Matches += known.Matches
		size -= int64(len(data))
	}
	return all, nil
}

// AppendBlock appends exactly size bytes of whole lines, of which it says what
// is known. They depend on seed, block and size alone. Lines look like
//
//	2026-03-14T07:21:33.482Z ERROR web-07 checkout 10.23.4.17 503 1840ms user=zoë12 GET /v1/orders/8123
//
// and the last is filled up with a field trace=; a size under 200 gives a line
// of dashes.
func AppendBlock(dst []byte, seed, block uint64, size int) ([]byte, Known) {
	end := len(dst) + size
	g := generator{rng: rand.NewPCG(seed, block), dst: dst}
	g.clock = time.Date(2026, time.March, 14, 0, 0, 0, 0, time.UTC).Add(time.Duration(block%(1<<20)) * blockSpan)
	for end-len(g.dst) >= 2*maxLine {
		g.line()
		g.dst = append(g.dst, '\n')
	}
	fill := byte('-')
	if end-len(g.dst) >= maxLine {
		g.line()
		g.dst = append(g.dst, " trace="...)
		fill = 'f'
	}
	if len(g.dst) < end {
		for len(g.dst) < end-1 {
			g.dst = append(g.dst, fill)
		}
		g.dst = append(g.dst, '\n')
		if fill == '-' {
			g.known.Lines++
		}
	}
	return g.dst, g.known
}

// generator writes the lines of one block.
type generator struct {
	rng   *rand.PCG
	dst   []byte
	known Known
	clock time.Time
	// second is the one that stamp shows.
	second int64
	stamp  [len("2006-01-02T15:04:05")]byte
}

// below returns a number in [0, n).
func (g *generator) below(n int) int {
	return int((g.rng.Uint64() >> 32) * uint64(n) >> 32)
}

// line appends one line without its end.
func (g *generator) line() {
	status, latency := g.status(), g.latency()
	if status >= 500 && g.below(2) == 0 {
		latency += 1000 + g.below(9000)
	}
	g.known.Lines++
	if status >= 500 && latency >= 1000 {
		g.known.Matches++
	}
	g.time()
	g.word(level(status))
	g.word(hosts[g.below(len(hosts))])
	g.word(components[g.below(len(components))])
	g.address()
	g.dst = append(g.dst, ' ')
	g.dst = strconv.AppendInt(g.dst, int64(status), 10)
	g.dst = append(g.dst, ' ')
	g.dst = strconv.AppendInt(g.dst, int64(latency), 10)
	g.dst = append(g.dst, "ms user="...)
	g.dst = append(g.dst, users[g.below(len(users))]...)
	g.dst = strconv.AppendInt(g.dst, int64(g.below(100)), 10)
	g.word(requests[g.below(len(requests))])
	g.dst = strconv.AppendInt(g.dst, int64(g.below(100_000)), 10)
}

func (g *generator) word(s string) {
	g.dst = append(append(g.dst, ' '), s...)
}

// time appends the time, which is a little later with each line.
func (g *generator) time() {
	g.clock = g.clock.Add(time.Duration(g.below(lineSpan)) * time.Millisecond)
	if s := g.clock.Unix(); s != g.second {
		g.second = s
		g.clock.AppendFormat(g.stamp[:0], "2006-01-02T15:04:05")
	}
	ms := g.clock.Nanosecond() / 1e6
	g.dst = append(g.dst, g.stamp[:]...)
	g.dst = append(g.dst, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10), 'Z')
}

// status is 2xx or 3xx for nine in ten lines and 5xx for one in 33.
func (g *generator) status() int {
	switch n := g.below(1000); {
	case n < 820:
		return 200
	case n < 900:
		return [...]int{201, 204, 301, 304}[n%4]
	case n < 970:
		return [...]int{400, 401, 403, 404, 429}[n%5]
	default:
		return [...]int{500, 502, 503, 504}[n%4]
	}
}

// latency is in milliseconds, mostly tens, with a long tail.
func (g *generator) latency() int {
	switch n := g.below(64); {
	case n < 1:
		return 400 + g.below(4000)
	case n < 8:
		return 40 + g.below(400)
	default:
		return 1 + g.below(60)
	}
}

// address appends an address: one in four lines from one of eight busy ones.
func (g *generator) address() {
	b, c, d := g.below(64), g.below(256), 1+g.below(254)
	if g.below(4) == 0 {
		b, c, d = 7, 7, 1+d%8
	}
	g.dst = append(g.dst, " 10."...)
	g.dst = strconv.AppendInt(g.dst, int64(b), 10)
	g.dst = append(g.dst, '.')
	g.dst = strconv.AppendInt(g.dst, int64(c), 10)
	g.dst = append(g.dst, '.')
	g.dst = strconv.AppendInt(g.dst, int64(d), 10)
}

func level(status int) string {
	switch {
	case status >= 500:
		return "ERROR"
	case status >= 400:
		return "WARN"
	}
	return "INFO"
}

// The words of generated lines; never changed.
var (
	hosts      = [...]string{"web-01", "web-02", "web-03", "web-04", "web-05", "web-06", "web-07", "web-08", "edge-1", "edge-2"}
	components = [...]string{"auth", "cart", "catalog", "checkout", "gateway", "inventory", "mail", "payment", "search", "session"}
	users      = [...]string{"anna", "ben", "chloé", "dmitri", "elif", "françois", "günther", "hana", "ivan", "josé", "kasia", "łukasz", "мария", "nguyễn", "øyvind", "petra", "renée", "søren", "tomáš", "uli", "李雷", "wei", "ximena", "zoë"}
	requests   = [...]string{"GET /v1/orders/", "GET /v1/items/", "GET /v1/search?page=", "POST /v1/cart/", "POST /v1/orders/", "PUT /v1/users/", "DELETE /v1/cart/", "GET /static/app.js?v="}
)
