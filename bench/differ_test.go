package bench

import (
	"encoding/json"
	"testing"
)

func TestDiffers(t *testing.T) {
	plan := func(change func(*Plan)) Plan {
		p := Plan{Reps: 1, Once: true, Price: "codeengine", Sweeps: []Sweep{{
			Workload: "command", Settings: json.RawMessage(`{"args":["sh","-c"],"tasks":100}`), Backend: "local", Cores: []int{2}, VCPU: 1, Scaling: Strong}}}
		if change != nil {
			change(&p)
		}
		return p
	}
	for _, test := range []struct {
		name   string
		change func(*Plan)
		want   string
	}{
		{"nothing", nil, ""},
		{"how it is shown", func(p *Plan) { p.Price = "" }, ""},
		{"spaces", func(p *Plan) { p.Sweeps[0].Settings = json.RawMessage(`{ "tasks": 100, "args": ["sh", "-c"] }`) }, ""},
		{"a setting", func(p *Plan) { p.Sweeps[0].Settings = json.RawMessage(`{"args":["sh","-c"],"tasks":101}`) }, "tasks was 100 and is 101"},
		{"a setting that was not set", func(p *Plan) {
			p.Sweeps[0].Settings = json.RawMessage(`{"args":["sh","-c"],"tasks":100,"stdin":true}`)
		}, "stdin was not set and is true"},
		{"two", func(p *Plan) { p.Sweeps[0].Cores, p.Sweeps[0].Chunk = []int{4}, 3 }, "chunk was not set and is 3, cores was [2] and is [4]"},
		{"arguments", func(p *Plan) { p.Sweeps[0].Settings = json.RawMessage(`{"args":["sh"],"tasks":100}`) }, `args was ["sh","-c"] and is ["sh"]`},
		{"another workload", func(p *Plan) { p.Sweeps[0].Workload = "sleep" }, `workload was "command" and is "sleep"`},
	} {
		if got, err := plan(nil).Differs(plan(test.change)); err != nil || got != test.want {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}
