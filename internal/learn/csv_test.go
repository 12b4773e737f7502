package learn

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"corecast/internal/boost"
)

func read(text string, c Columns) (*Table, error) {
	return ReadCSV(strings.NewReader(text), "t.csv", c)
}

// TestReadCSV: separators, quotes, line ends, missing values, texts.
func TestReadCSV(t *testing.T) {
	nan := math.NaN()
	want := &Table{
		Name: "t.csv", Rows: 3, Goal: "y", Features: []string{"a", "b, c"}, Columns: [][]float64{{1, 2.5, nan}, {-1e3, nan, 7}},
		Classes: []string{"no", "yes"}, Target: boost.Target{Classes: 2, Y: []float64{1, 0, 1}},
	}
	for name, text := range map[string]string{
		"commas":                "a,\"b, c\",y\n1,-1e3,yes\n2.5,NA,no\n,7,yes\n",
		"no end of line":        "a,\"b, c\",y\n1,-1e3,yes\n2.5,,no\n?,7,yes",
		"CRLF and order mark":   "\ufeffa,\"b, c\",y\r\n1,-1e3,yes\r\n2.5,NaN,no\r\nnull,7,yes\r\n",
		"semicolons":            "a;b, c;y\n1;-1e3;yes\n2.5;;no\nNone;7;yes\n",
		"tabs, spaces and gaps": "\n a \tb, c\ty\n\n1\t -1e3\tyes\n2.5\t\tno\n\nN/A\t7\t yes \n",
		"bars and quotes":       "a|\"b, c\"|y\n\"1\"|-1e3|\"yes\"\n2.5|\"\"|no\n|7|yes\n",
	} {
		got, err := read(text, Columns{Goal: "y"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestLevels: a text of two levels is one feature, of more one a level.
func TestLevels(t *testing.T) {
	got, err := read("sex,colour,site,y\nm,red,x,1\nf,,x,2\nf,blue,x,3\nm,green,,1.5\n", Columns{Goal: "y", Drop: []string{"site"}, Categories: []string{"sex", "colour"}})
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	want := &Table{
		Name: "t.csv", Rows: 4, Goal: "y", Features: []string{"sex=m", "colour=blue", "colour=green", "colour=red"},
		Columns: [][]float64{{1, 0, 0, 1}, {0, nan, 1, 0}, {0, nan, 0, 1}, {1, nan, 0, 0}},
		Target:  boost.Target{Y: []float64{1, 2, 3, 1.5}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTaskOf: which targets are classes, and in which order.
func TestTaskOf(t *testing.T) {
	for _, test := range []struct {
		cells, task string
		classes     string
	}{
		{"10 9 10 9", "", "9 10"},
		{"1 1.0 0 -0 1e0", "", "0 1"},
		{"b a B", "", "B a b"},
		{"0.5 1 2", "", ""},                // not whole
		{"0.5 1 0.5", "classify", "0.5 1"}, // as told
		{"1 2 3", "regress", ""},
		{"1 2 3+", "", "1 2 3+"},
		{"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20", "", ""}, // too many
	} {
		text := "x,y\n"
		for _, c := range strings.Fields(test.cells) {
			text += "1," + c + "\n"
		}
		got, err := read(text, Columns{Goal: "y", Task: test.task})
		if err != nil {
			t.Errorf("%s: %v", test.cells, err)
			continue
		}
		if s := strings.Join(got.Classes, " "); s != test.classes || got.Target.Classes != len(got.Classes) {
			t.Errorf("%s: classes %q, want %q", test.cells, s, test.classes)
		}
	}
}

// TestBadCSV: each message says where, what, and what to do.
func TestBadCSV(t *testing.T) {
	many := "word,y\n"
	for i := range 40 {
		many += fmt.Sprintf("w%d,%d\n", i, i%2)
	}
	for _, test := range []struct {
		text        string
		columns     Columns
		about, want string
	}{
		{"", Columns{Goal: "y"}, AboutData, "t.csv is empty: give a CSV file with a header"},
		{"\ufeff\r\n", Columns{Goal: "y"}, AboutData, "t.csv is empty: give a CSV file with a header"},
		{"a,y\n", Columns{Goal: "y"}, AboutData, "t.csv has a header and no rows"},
		{"y\n1\n", Columns{Goal: "y"}, AboutData, "t.csv: the header has one column, y: separate columns by commas, semicolons, tabs or bars"},
		{"\xff\xfea\x00", Columns{Goal: "y"}, AboutData, "t.csv is in UTF-16: save it as UTF-8"},
		{"a,b,a,y\n1,2,3,4\n", Columns{Goal: "y"}, AboutData, "t.csv: columns 1 and 3 are both called a: rename one"},
		{"a,y\n1,2\n1,2,3\n", Columns{Goal: "y"}, AboutData, "t.csv, line 3: 3 fields where the header has 2"},
		{"a,y\n\"1\n2\",2\n1\n", Columns{Goal: "y"}, AboutData, "t.csv, line 4: 1 fields where the header has 2"},
		{"a,y\n1,5\" pipe\n", Columns{Goal: "y"}, AboutData, `t.csv, line 2, byte 4: a quote inside a field that does not begin with one: quote the whole field and write "" for the quote`},
		{"a,y\n\"1,2\n3,4\n", Columns{Goal: "y"}, AboutData, `t.csv, line 3, byte 5 (in a record from line 2): a quoted field that does not end as it should: write "" for a quote in it, and close it with one`},
		{"a,y\n1,0\n1,1\n", Columns{Goal: "z"}, AboutTarget, `t.csv has no column "z": it has a, y`},
		{"a,y\n1,0\n1,1\n", Columns{}, AboutTarget, "name the column of t.csv to predict: a, y"},
		{"a,y\nred,0\nblue,1\n", Columns{Goal: "y"}, AboutData, `t.csv, line 2, column a: "red" is not a number: give --categories a to have a feature of 0 and 1 for each text of the column, or leave it out with --drop a`},
		{"a,y\n1,0\n1,1\n", Columns{Goal: "y", Categories: []string{"b"}}, AboutCategories, `t.csv has no column "b": it has a, y`},
		{"a,y\n1,0\n1,1\n", Columns{Goal: "y", Categories: []string{"y"}}, AboutCategories, "y is the target"},
		{"a,y\n1,0\n1,1\n", Columns{Goal: "y", Drop: []string{"b"}}, AboutDrop, `t.csv has no column "b": it has a, y`},
		{"a,y\n1,0\n1,1\n", Columns{Goal: "y", Drop: []string{"y"}}, AboutDrop, "y is the target"},
		{"a,y\n1,0\n1,1\n", Columns{Goal: "y", Drop: []string{"a"}}, AboutDrop, "no column of t.csv is left to predict y from"},
		{"a,y\n1,0\n1,0\n", Columns{Goal: "y"}, AboutTarget, "column y of t.csv has one class, 0: there is nothing to predict"},
		{"a,y\n1,0\n1,0\n", Columns{Goal: "y", Task: "regress"}, AboutTarget, "column y of t.csv has one value, 0: there is nothing to predict"},
		{"a,y\n1,0\n1,x\n", Columns{Goal: "y", Task: "regress"}, AboutTask, `t.csv, line 3, column y: "x" is not a number: regress needs numbers, classify takes texts`},
		{"a,y\n1,0\n1,1e101\n", Columns{Goal: "y", Task: "regress"}, AboutTarget, "t.csv, line 3, column y: 1e+101 is beyond 1e+100, up to which squares can be summed: scale the column"},
		{"a,y\n1,0\n1,\n1,NA\n", Columns{Goal: "y"}, AboutTarget, "t.csv, line 3, column y: the target is missing, as in 2 of 3 rows: take those rows out"},
		{"a b,y\n1,0\n1.5,1\nx,1\n", Columns{Goal: "y"}, AboutData, `t.csv, line 4, column a b: "x" is not a number, as 2 of the column's 3 values are: mend it, leave it empty for a missing value, or leave the column out with --drop 'a b'`},
		{"a,y\n1,0\n-Inf,1\n", Columns{Goal: "y"}, AboutData, "t.csv, line 3, column a: -Inf is infinite: leave it empty for a missing value"},
		{"a,y\n1,0\n1e999,1\n", Columns{Goal: "y"}, AboutData, "t.csv, line 3, column a: 1e999 is infinite: leave it empty for a missing value"},
		{"a,y\n1,0\n12345678901234567891,1\n", Columns{Goal: "y"}, AboutData, "t.csv, line 3, column a: 12345678901234567891 is more than a number can hold exactly (2^53) and reads like an identifier: leave the column out with --drop a"},
		{"a;y\n1,5;0\n2,5;1\n", Columns{Goal: "y"}, AboutData, `t.csv, line 2, column a: "1,5" reads like a number with a comma: write a point for decimals, and nothing between thousands`},
		{many, Columns{Goal: "y", Categories: []string{"word"}}, AboutData, `t.csv, line 2, column word: "w0" is one of 40 different texts, and a feature may have 32: replace them by numbers, or leave the column out with --drop word`},
	} {
		_, err := read(test.text, test.columns)
		var in *InputError
		if !errors.As(err, &in) || in.About != test.about || err.Error() != test.want {
			t.Errorf("%q:\n got %v\nwant %s: %s", test.text, err, test.about, test.want)
		}
	}
}

// FuzzReadCSV: whatever the bytes, the reader gives a table whose parts fit
// together or an InputError, and the same the second time.
func FuzzReadCSV(f *testing.F) {
	for _, seed := range []string{
		"a,b,y\n1,2,0\n3,4,1\n", "\ufeffa;y\r\n1;x\r\n;z\r\n", "a,y\n\"1\n2\",\"\"\"\"\n", "a|y\nNaN|1e400\n", "y,,\n1,2,3\n", "\xff\xfe", "a,y\n9007199254740993,1\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := Columns{Goal: "y"}
		got, err := read(text, c)
		var in *InputError
		if err != nil {
			if !errors.As(err, &in) || strings.TrimSpace(err.Error()) == "" {
				t.Fatalf("error %v", err)
			}
			return
		}
		if len(got.Features) != len(got.Columns) || len(got.Features) == 0 || len(got.Target.Y) != got.Rows || got.Rows == 0 {
			t.Fatalf("%d features, %d columns, %d targets, %d rows", len(got.Features), len(got.Columns), len(got.Target.Y), got.Rows)
		}
		for _, column := range got.Columns {
			for _, v := range column {
				if len(column) != got.Rows || math.IsInf(v, 0) {
					t.Fatalf("%d values, among them %v, in %d rows", len(column), v, got.Rows)
				}
			}
		}
		for _, y := range got.Target.Y {
			if math.IsNaN(y) || math.Abs(y) > maxTarget || got.Target.Classes > 0 && (y < 0 || int(y) >= len(got.Classes)) {
				t.Fatalf("target %v of %d classes", y, got.Target.Classes)
			}
		}
		again, err := read(text, c)
		if diff := cmp.Diff(got, again, cmpopts.EquateNaNs()); err != nil || diff != "" {
			t.Fatalf("the second time: %v\n%s", err, diff)
		}
	})
}
