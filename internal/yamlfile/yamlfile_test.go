package yamlfile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type sample struct {
	Name  string    `yaml:"name" json:"name"`
	Cores OneOrMore `yaml:"cores" json:"cores,omitempty"`
	Inner []struct {
		Share float64 `yaml:"share" json:"share"`
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
	err = f.Wrong("$.inner[1].share", errors.New("more than\n1"))
	var e *Error
	if !errors.As(err, &e) || e.Line != 5 || e.Column != 11 || e.Text != "more than 1" {
		t.Errorf("%v", err)
	}
	if err := f.Wrong("$.inner[7]", errors.New("odd")); err.Error() != "odd" {
		t.Errorf("a place that is not there: %v", err)
	}
	var j sample
	if _, err := Decode([]byte(`{"name": "a", "cores": 4}`), &j); err != nil || !cmp.Equal(j.Cores, OneOrMore{"4"}) {
		t.Errorf("JSON: %+v, %v", j, err)
	}
}

func TestErrorsTellThePlace(t *testing.T) {
	for text, want := range map[string]string{
		"name: a\nnme: b\n":           `line 2, column 1: unknown field "nme"`,
		"name: a\nname: b\n":          "line 2, column 1: ",
		"inner:\n- share: much\n":     "line 2, column 10: ",
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
