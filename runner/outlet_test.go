package runner

import (
	"bufio"
	"bytes"
	"context"
	"strings"
	"testing"

	"corecast/runner/exchange"
)

// rawJob is a job whose results are bytes.
type rawJob struct{}

func (rawJob) Func() string                                  { return "raw" }
func (rawJob) AppendInput(dst []byte, _ int) ([]byte, error) { return dst, nil }
func (rawJob) NewBlock(n int) exchange.Block                 { return rawBlock(make([][]byte, n)) }

type rawBlock [][]byte

func (b rawBlock) Decode(k int, payload []byte) error {
	b[k] = bytes.Clone(payload)
	return nil
}
func (b rawBlock) Call(context.Context, int, int) error { return nil }

// TestResultTooLarge holds that a result too large for a message fails alone,
// and keeps its times.
func TestResultTooLarge(t *testing.T) {
	var wire bytes.Buffer
	o := &streamOutlet{conn: exchange.NewFrameWriter(&wire, 0), job: &openJob{stored: exchange.NotKnown}, in: &exchange.Inbound{JobID: 1, Chunk: exchange.Chunk{ID: 2, Lo: 5, Hi: 8}}}
	o.scratch = []byte("small")
	o.keep(0, 10, 11, nil)
	o.scratch = make([]byte, exchange.MaxFrame-1000)
	o.keep(1, 20, 21, nil)
	o.scratch = []byte("next")
	o.keep(2, 30, 31, nil)
	o.deliver()
	if wire.Len() > 1000 {
		t.Fatalf("%d bytes were sent", wire.Len())
	}
	_, body, err := exchange.ReadFrame(bufio.NewReader(&wire), new(exchange.Sum), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := exchange.ParseResult(body, 1, rawJob{})
	if err != nil {
		t.Fatal(err)
	}
	b := d.Results.(rawBlock)
	if len(d.Failures) != 1 || !strings.Contains(d.Failures[1].Text, "1073740824 bytes are over the limit") || string(b[0]) != "small" || string(b[2]) != "next" {
		t.Errorf("failures %+v, results %q and %q", d.Failures, b[0], b[2])
	}
	if d.Start[1] != 20 || d.End[1] != 21 {
		t.Errorf("times %v to %v", d.Start, d.End)
	}
}
