package report

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"corecast/bench/capacity"
	"corecast/bench/change"
	"corecast/bench/metrics"
	"corecast/bench/scaling"
	"corecast/bench/sim"
	"corecast/bench/track"
	"corecast/runner/trace"
)

// WriteJSON writes summaries in the form of the schema "bench", indented: one
// object for one summary, an array for several or none. A number that JSON
// cannot hold (not finite) is an error, never a zero.
func WriteJSON(w io.Writer, sums []metrics.Summary) error {
	var doc any = append([]metrics.Summary{}, sums...)
	if len(sums) == 1 {
		doc = sums[0]
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("write results as JSON: %w", err)
	}
	return nil
}

// document is a JSON document that has a published schema. Its version grows
// when a reader of the former one would misread it; fields that are merely new
// do not change it.
type document struct {
	name    string
	version int
	title   string
	of      reflect.Type
	several bool // an array of it is valid too
}

// documents lists every document with a schema. To publish another, add a line.
func documents() []document {
	return []document{
		{"bench", metrics.SummarySchema, "What a run says of a workload on a backend", reflect.TypeFor[metrics.Summary](), true},
		{"run", RunSchema, "What a single run of a workload gave", reflect.TypeFor[RunResult](), false},
		{"plan", capacity.Schema, "How many cores a job should have", reflect.TypeFor[capacity.Answer](), false},
		{"fit", scaling.Schema, "Scaling laws fitted to measured points, and what they predict", reflect.TypeFor[scaling.Forecast](), false},
		{"simulate", sim.ResultSchema, "What a simulation gave", reflect.TypeFor[sim.Result](), true},
		{"changepoints", change.Schema, "Where the level of series changed", reflect.TypeFor[change.Analysis](), false},
		{"noise", metrics.NoiseSchema, "How small a change a machine can see", reflect.TypeFor[metrics.Noise](), false},
		{"track", track.Schema, "Which metrics of a history changed", reflect.TypeFor[track.Analysis](), false},
		{"compare", metrics.CompareSchema, "Two runs beside each other", reflect.TypeFor[metrics.Comparison](), true},
	}
}

// SchemaNames returns the names that [Schema] knows.
func SchemaNames() []string {
	var names []string
	for _, d := range documents() {
		names = append(names, d.name)
	}
	return names
}

// Schema returns the JSON Schema (draft 2020-12) of a document by its name,
// indented. Its $id carries the version. Readers must accept fields that the
// schema does not name.
func Schema(name string) ([]byte, error) {
	for _, d := range documents() {
		if d.name == name {
			return d.schema()
		}
	}
	return nil, fmt.Errorf("no schema %q: there is %s", name, strings.Join(SchemaNames(), ", "))
}

// schema infers the schema from the type.
func (d document) schema() ([]byte, error) {
	one, err := jsonschema.ForType(d.of, &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[trace.Time]():      {Types: []string{"number", "null"}, Description: "seconds, exact to the nanosecond; null when not known"},
		reflect.TypeFor[time.Time]():       {Type: "string", Format: "date-time"},
		reflect.TypeFor[json.RawMessage](): {Description: "the workload's own object"},
	}})
	if err != nil {
		return nil, fmt.Errorf("infer schema %q from %v: %w", d.name, d.of, err)
	}
	openObjects(one)
	root := one
	if d.several {
		root = &jsonschema.Schema{
			Defs: map[string]*jsonschema.Schema{d.name: one},
			OneOf: []*jsonschema.Schema{
				{Ref: "#/$defs/" + d.name},
				{Type: "array", Items: &jsonschema.Schema{Ref: "#/$defs/" + d.name}},
			},
		}
	}
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.ID = fmt.Sprintf("urn:corecast:schema:%s:%d", d.name, d.version)
	root.Title = d.title
	data, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema %q: %w", d.name, err)
	}
	return append(data, '\n'), nil
}

// openObjects lets objects have fields that the schema does not name, since
// later versions add some.
func openObjects(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if len(s.Properties) > 0 {
		s.AdditionalProperties = nil
	}
	for _, p := range s.Properties {
		openObjects(p)
	}
	openObjects(s.Items)
	if len(s.Properties) == 0 {
		openObjects(s.AdditionalProperties)
	}
}
