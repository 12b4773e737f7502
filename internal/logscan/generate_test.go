package logscan

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"unicode/utf8"
)

// TestGenerate: the size asked for, valid text, and the counts it claims, for
// any size; the start of a longer log is that of a shorter one.
func TestGenerate(t *testing.T) {
	for _, size := range []int64{0, 1, 2, 199, 200, 399, 400, 401, 5000, BlockSize - 1, BlockSize, BlockSize + 1, 3*BlockSize + 777} {
		var b bytes.Buffer
		known, err := Generate(context.Background(), &b, 7, size)
		if err != nil {
			t.Fatal(err)
		}
		if int64(b.Len()) != size || !utf8.Valid(b.Bytes()) || size > 0 && b.Bytes()[size-1] != '\n' {
			t.Errorf("size %d: %d bytes, or not whole lines of valid text", size, b.Len())
		}
		if got := naive(SlowErrors, b.Bytes()); got.Lines != known.Lines || got.Matches != known.Matches {
			t.Errorf("size %d: %+v is claimed, %+v is there", size, known, got)
		}
	}
}

// TestAppendBlock: a block is the same alone as in its log, other seeds and
// blocks differ, and enough lines match.
func TestAppendBlock(t *testing.T) {
	var whole bytes.Buffer
	known, err := Generate(context.Background(), &whole, 7, 4*BlockSize)
	if err != nil {
		t.Fatal(err)
	}
	if known.Matches*200 < known.Lines || known.Matches*20 > known.Lines {
		t.Errorf("%d of %d lines match, want one in 20 to 200", known.Matches, known.Lines)
	}
	for i := range 4 {
		block, _ := AppendBlock([]byte("kept"), 7, uint64(i), BlockSize)
		if !bytes.Equal(block[4:], whole.Bytes()[i*BlockSize:(i+1)*BlockSize]) || string(block[:4]) != "kept" {
			t.Errorf("block %d differs", i)
		}
		if i > 0 && bytes.Equal(block[4:1000], whole.Bytes()[:996]) {
			t.Errorf("block %d repeats block 0", i)
		}
	}
	other, _ := AppendBlock(nil, 8, 0, BlockSize)
	if bytes.Equal(other, whole.Bytes()[:BlockSize]) {
		t.Error("the seed changes nothing")
	}
}

func BenchmarkAppendBlock(b *testing.B) {
	buf := make([]byte, 0, BlockSize)
	b.SetBytes(BlockSize)
	for block := uint64(0); b.Loop(); block++ {
		AppendBlock(buf, 1, block, BlockSize)
	}
}

// BenchmarkSearch compares with grep -c on generated logs in the page cache.
func BenchmarkSearch(b *testing.B) {
	const size = 16 << 20
	path := filepath.Join(b.TempDir(), "a.log")
	var data bytes.Buffer
	if _, err := Generate(context.Background(), &data, 1, size); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path, data.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	for i, pattern := range []string{
		` [a-z]+ [0-9.]+ 5[0-9][0-9] [0-9]{4,}ms user=[^ ]+`, // SlowErrors for grep
		`zoë7 `,
		`ERROR|WARN`,
		`[a-z]+ 10[.]7`,
		`[jk][a-z]+9`,
	} {
		b.Run(fmt.Sprintf("%d-search", i), func(b *testing.B) {
			s := searcher(b, pattern, defaultBuffer)
			b.SetBytes(size)
			for b.Loop() {
				searchParts(b, s, []Part{{path, 0, size}})
			}
		})
		b.Run(fmt.Sprintf("%d-grep", i), func(b *testing.B) {
			if _, err := exec.LookPath("grep"); err != nil {
				b.Skip(err)
			}
			b.SetBytes(size)
			for b.Loop() {
				grep(b, pattern, path)
			}
		})
	}
}
