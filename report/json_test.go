package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"

	"corecast/bench/metrics"
)

// benchSchema returns the published schema, read back from its text.
func benchSchema(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	text, err := Schema("bench")
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if schema.ID != "urn:corecast:schema:bench:1" {
		t.Errorf("$id is %q", schema.ID)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

func written(t *testing.T, sums ...metrics.Summary) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := WriteJSON(&out, sums); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func decoded(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSchemaAccepts(t *testing.T) {
	one := *sources()["three"].source(t).Summary
	noted := awkward(t)
	unknown := decoded(t, written(t, one)).(map[string]any)
	unknown["added_later"] = 1.0
	for name, doc := range map[string]any{
		"one":              decoded(t, written(t, one)),
		"several":          decoded(t, written(t, one, noted)),
		"none":             decoded(t, written(t)),
		"empty summary":    decoded(t, written(t, metrics.Summary{})),
		"a field is newer": unknown,
	} {
		if err := benchSchema(t).Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSchemaRejects(t *testing.T) {
	for name, breakIt := range map[string]func(doc, point map[string]any){
		"no workload":          func(doc, _ map[string]any) { delete(doc, "workload") },
		"points a string":      func(doc, _ map[string]any) { doc["points"] = "many" },
		"cores a fraction":     func(_, point map[string]any) { point["cores"] = 1.5 },
		"makespan a number":    func(_, point map[string]any) { point["makespan_s"] = 1.0 },
		"efficiency a string":  func(_, point map[string]any) { point["efficiency"] = "90 %" },
		"overhead without sum": func(_, point map[string]any) { delete(point["overhead_core_s"].(map[string]any), "total") },
	} {
		doc := decoded(t, written(t, *sources()["one"].source(t).Summary)).(map[string]any)
		breakIt(doc, doc["points"].([]any)[0].(map[string]any))
		if benchSchema(t).Validate(doc) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestJSONRoundTrip: what is written reads back as what it was: an object for
// one summary, an array for several.
func TestJSONRoundTrip(t *testing.T) {
	want := awkward(t)
	var one metrics.Summary
	if err := json.Unmarshal(written(t, want), &one); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, one); diff != "" {
		t.Error(diff)
	}
	var two []metrics.Summary
	if err := json.Unmarshal(written(t, want, want), &two); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]metrics.Summary{want, want}, two); diff != "" {
		t.Error(diff)
	}
	if got := strings.TrimSpace(string(written(t))); got != "[]" {
		t.Errorf("no summaries: %s", got)
	}
}

func TestJSONNotFinite(t *testing.T) {
	s := metrics.Summary{Points: []metrics.Point{{BusyCore: math.NaN()}}}
	var out bytes.Buffer
	if err := WriteJSON(&out, []metrics.Summary{s}); err == nil || out.Len() > 0 {
		t.Errorf("error %v, wrote %q", err, out.String())
	}
}

func TestSchemaUnknown(t *testing.T) {
	if _, err := Schema("nope"); err == nil || !strings.Contains(err.Error(), "bench") {
		t.Errorf("error %v does not name the schemas that exist", err)
	}
}
