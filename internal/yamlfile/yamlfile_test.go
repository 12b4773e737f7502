package yamlfile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type sample struct {
	Name  string    `yaml:"name" json:"name"`
	Count int       `yaml:"count" json:"count,omitempty"`
	Cores OneOrMore `yaml:"cores" json:"cores,omitempty"`
	Inner []struct {
		Share float64 `yaml:"share" json:"share"`
		N     *uint   `yaml:"n" json:"n,omitempty"`
	} `yaml:"inner" json:"inner,omitempty"`
}

func TestDecode(t *testing.T) {
	var s sample
	f, err := Decode([]byte("name: a\ncores: [1, 2..8x2]\ninner:\n- share: 0.5\n- {share: 2}\n"), &s)
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "a" || !cmp.Equal(s.Cores, OneOrMore{"1", "2..8x2"}) || len(s.Inner) != 2 {
		t.Errorf("%+v", s)
	}
	err = f.Wrong(errors.New("more than\n1"), "$.no", "not a path", "$.inner[1].share", "$")
	var e *Error
	if !errors.As(err, &e) || e.Line != 5 || e.Column != 11 || e.Text != "more than 1" {
		t.Errorf("%v", err)
	}
	if err := f.Wrong(errors.New("odd"), "$.inner[7]"); err.Error() != "odd" {
		t.Errorf("a place that is not there: %v", err)
	}
	var j sample
	if _, err := Decode([]byte(`{"name": "a", "cores": 4}`), &j); err != nil || !cmp.Equal(j.Cores, OneOrMore{"4"}) {
		t.Errorf("JSON: %+v, %v", j, err)
	}
}

// TestOneDocument: marks of a document, remarks and whole numbers in any
// spelling are no reason to refuse a file.
func TestOneDocument(t *testing.T) {
	for _, text := range []string{"---\ncount: 1000\n...\n", "count: 1e3\n---\n", "count: 1000.0\n---\n# nothing\n", "%YAML 1.2\n---\ncount: 1_000"} {
		var s sample
		if _, err := Decode([]byte(text), &s); err != nil || s.Count != 1000 {
			t.Errorf("%q: %+v, error %v", text, s, err)
		}
	}
}

func TestErrorsTellThePlace(t *testing.T) {
	for text, want := range map[string]string{
		"name: a\nnme: b\n":           `line 2, column 1: unknown field "nme"`,
		"name: a\nname: b\n":          "line 2, column 1: ",
		"inner:\n- share: much\n":     `line 2, column 10: share: a number is expected, not "much"`,
		"inner:\n- share: [1]\n":      "line 2, column 10: share: a number is expected, not a list",
		"inner: {share: 1}\n":         "line 1, column 8: inner: a list is expected, not a mapping (key: value)",
		"inner: [a]\n":                "line 1, column 9: a mapping (key: value) is expected, not a text",
		"count: two\n":                `line 1, column 8: count: a whole number is expected, not "two"`,
		"count: 1.5\n":                "line 1, column 8: count: a whole number is expected, not 1.5",
		"inner:\n- {share: 1, n: .5}": "line 2, column 17: n: a whole number is expected, not .5",
		"count: 99999999999999999999": "line 1, column 8: count: 99999999999999999999 is out of range",
		"inner: [{n: -1}]":            "line 1, column 13: n: -1 is negative",
		"name: [a]\n":                 "line 1, column 7: name: a text is expected, not a list",
		"- 1\n":                       "line 1, column 1: a mapping (key: value) is expected, not a list",
		"name: a\n---\nname: b\n":     "line 2, column 1: a second document begins here",
		"count: 1\n\tname: a":         `line 2, column 1: found character '\t'`,
		"cores: {a: 1}\n":             "a scalar or a list of scalars",
		"name: [":                     "line 1, column",
		"":                            "the file is empty",
		"# nothing but a remark\n":    "the file is empty",
		"name: a\ninner: [{shar: 1}]": `line 2, column 10: unknown field "shar"`,
	} {
		var s sample
		if _, err := Decode([]byte(text), &s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
	}
}

func TestSchema(t *testing.T) {
	data, err := Schema[sample]("sample", 3, "A sample")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"urn:corecast:schema:sample:3"`, `"anyOf"`, `"A sample"`, `"additionalProperties": false`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s is not in the schema:\n%s", want, data)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"name: a", "cores: [1, 2]", "a: &x [*x]", "name: !!binary x", "\t", "inner: [[]]", "? ", "name: |\n  x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s sample
		if _, err := Decode(data, &s); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("an error of several lines: %q", err)
		}
	})
}

type shape struct {
	Size Scalar `yaml:"size" json:"size,omitempty"`
	Time *ScalarOr[struct {
		Name string             `yaml:"name" json:"name"`
		N    int                `yaml:"n" json:"n,omitempty"`
		Of   []ScalarOr[sample] `yaml:"of" json:"of,omitempty"`
	}] `yaml:"time" json:"time,omitempty"`
}

// A scalar stands for a mapping where its type allows both, at any depth.
func TestScalarOr(t *testing.T) {
	var s shape
	if _, err := Decode([]byte("size: 2MB\ntime:\n  name: a\n  of: [3s, {name: b}]\n"), &s); err != nil {
		t.Fatal(err)
	}
	if s.Size != "2MB" || s.Time.More == nil || s.Time.More.Of[0].Scalar != "3s" || s.Time.More.Of[1].More.Name != "b" {
		t.Errorf("%+v", s)
	}
	if s = (shape{}); !s.Time.IsZero() {
		t.Error("what is absent is not zero")
	}
	if _, err := Decode([]byte("size: 1.5\ntime: 7\n"), &s); err != nil || s.Size != "1.5" || s.Time.Scalar != "7" || s.Time.IsZero() {
		t.Errorf("%+v, %v", s, err)
	}
	for text, want := range map[string]string{
		"size: [1]":                   "line 1, column 7: size: a scalar is expected, not a list",
		"time: [1]":                   "line 1, column 7: time: a scalar or a mapping (key: value) is expected, not a list",
		"time:\n  name: a\n  nam: b":  `line 3, column 3: unknown field "nam"`,
		"time: {n: 1.5}":              "line 1, column 11: n: a whole number is expected, not 1.5",
		"time:\n  of: [1, {nam: b}]":  `line 2, column 12: unknown field "nam"`,
		"time:\n  of: [1, {count: x}": "line 2, column ",
	} {
		if _, err := Decode([]byte(text), &shape{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
	}
	data, err := Schema[shape]("shape", 1, "A shape")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"of"`, `"anyOf"`, `"cores"`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("%s is not in the schema:\n%s", want, data)
		}
	}
}
