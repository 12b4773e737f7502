package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"corecast/bench/capacity"
)

// WritePlan writes a recommendation for people: the picks, the Pareto front,
// other places, machines that run all day, what to measure next, and what to
// distrust.
func WritePlan(w io.Writer, a *capacity.Answer, o TableOptions) error {
	var b strings.Builder
	section := func(title, body string) {
		if body != "" {
			b.WriteString("\n" + o.paint(text.Bold, title) + "\n\n" + body + "\n")
		}
	}
	lines := func(colour bool, list ...string) {
		for _, line := range list {
			for _, l := range wrapColumns(line, tableWidth) {
				if colour {
					l = o.paint(text.FgYellow, l)
				}
				b.WriteString(l + "\n")
			}
		}
	}
	b.WriteString(o.paint(text.Bold, strings.Join(wrapColumns(planHeading(a), tableWidth), "\n")) + "\n\n")
	b.WriteString(pickTable(a) + "\n\n")
	lines(false, planWords(a)...)
	section("The front of time against cost (*), and what lies around it", optionTable(a))
	section("Elsewhere: the cheapest in time, or the fastest where none is", placeTable(a))
	section("Machines that run all day instead", fixedTable(a))
	if a.Backtest != nil {
		section("Backtest: simulated by the smaller core counts, held against the larger", caseTable(a.Backtest.Cases))
	}
	b.WriteString("\n")
	lines(false, planNotes(a)...)
	for _, warning := range a.Warnings {
		lines(true, "Distrust: "+strings.TrimSuffix(warning.Text, ".")+"; "+cmp.Or(warning.Advice, "take it into account")+".")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// planHeading says what was asked.
func planHeading(a *capacity.Answer) string {
	parts := []string{fmt.Sprintf("%s: %s", a.Workload, plural(a.Tasks, "task"))}
	if a.Deadline != nil {
		parts = append(parts, "in "+Seconds(*a.Deadline))
	}
	if a.Budget != nil {
		parts = append(parts, "for "+USD(*a.Budget))
	}
	parts = append(parts, "with "+Percent(a.Confidence))
	if a.Price != "" {
		parts = append(parts, "prices of "+a.Price)
	}
	return strings.Join(parts, ", ") + ". All is simulated, by run " + a.Run + " on " + a.Backend + "."
}

// pick is a recommendation with its name.
type pick struct {
	name, why string
	option    *capacity.Option
}

func picksOf(a *capacity.Answer) []pick {
	cheapest, fastest := "least cost of all", "least time of all"
	if a.Deadline != nil {
		cheapest = "least cost that is in time"
	}
	if a.Budget != nil {
		fastest = "least time within the budget"
	}
	return []pick{
		{"cheapest", cheapest, a.Cheapest}, {"fastest", fastest, a.Fastest},
		{"balanced", "least time x cost", a.Balanced}, {"knee", "the front bends most", a.Knee},
	}
}

func pickTable(a *capacity.Answer) string {
	var rows []table.Row
	for _, p := range picksOf(a) {
		row := table.Row{p.name, nothing, nothing, nothing, nothing, nothing, p.why}
		if p.option != nil {
			row = append(append(table.Row{p.name}, optionCells(p.option)...), p.why)
		}
		rows = append(rows, row)
	}
	return plainTable(append(append(table.Row{""}, optionHead(a)...), ""), rows, rightAligned(2, 3, 4, 5, 6)...)
}

func optionHead(a *capacity.Answer) table.Row {
	return table.Row{"cores", "time", "with " + Percent(a.Confidence), "cost", "in time"}
}

func optionCells(o *capacity.Option) table.Row {
	money := CoreSeconds(o.CoreSeconds)
	if o.Cost != nil {
		money = USD(o.Cost.Median)
	}
	return table.Row{Count(o.Cores), Seconds(o.Makespan.Median), Seconds(o.Makespan.With), money, optional(o.OnTime, Percent)}
}

// planWords says in a sentence whether the wish is met, and what would meet it.
func planWords(a *capacity.Answer) []string {
	if a.Met {
		o := a.Cheapest
		return []string{fmt.Sprintf("Take %s: %s, with %s no more than %s%s.", plural(o.Cores, "core"), Seconds(o.Makespan.Median),
			Percent(a.Confidence), Seconds(o.Makespan.With), costWords(o))}
	}
	if a.Deadline == nil && a.Budget == nil {
		return nil
	}
	lines := []string{"Nothing meets the wish."}
	for _, c := range a.Would {
		lines = append(lines, "  Would: "+changeWords(c))
	}
	return lines
}

func costWords(o *capacity.Option) string {
	if o.Cost == nil {
		return ""
	}
	return fmt.Sprintf(", for %s, with the same no more than %s", USD(o.Cost.Median), USD(o.Cost.With))
}

func changeWords(c capacity.Change) string {
	value := ""
	switch c.What {
	case "deadline_s":
		value = Seconds(c.Value)
	case "budget_usd":
		value = USD(c.Value)
	case "confidence":
		value = Percent(c.Value)
	case "tasks":
		value = plural(int(c.Value), "task")
	case "quota_workers":
		value = plural(int(c.Value), "worker")
	}
	return fmt.Sprintf("%s, on %s (%s).", value, plural(c.Cores, "core"), strings.TrimRight(c.Text, ": "))
}

// optionTable lists the front and every third option besides.
func optionTable(a *capacity.Answer) string {
	var rows []table.Row
	for i := range a.Options {
		o := &a.Options[i]
		mark := ""
		switch {
		case o.Pareto:
			mark = "*"
		case o.Waves > 1:
			mark = fmt.Sprintf("quota: %d waves", o.Waves)
		case o.Cores&(o.Cores-1) != 0: // powers of two tell enough
			continue
		}
		rows = append(rows, append(optionCells(o), mark))
	}
	return plainTable(append(optionHead(a), ""), rows, rightAligned(1, 2, 3, 4, 5)...)
}

func placeTable(a *capacity.Answer) string {
	if len(a.Places) < 2 {
		return ""
	}
	var rows []table.Row
	for i := range a.Places {
		p := &a.Places[i]
		size := fmt.Sprintf("%g vCPU", p.VCPU)
		if p.Memory > 0 {
			size += ", " + Bytes(float64(p.Memory))
		}
		met := "yes"
		if !p.Met {
			met = "no"
		}
		rows = append(rows, append(append(table.Row{cmp.Or(p.Price, p.Backend), size}, optionCells(&p.Option)...), met))
	}
	head := append(append(table.Row{"where", "worker"}, optionHead(a)...), "met")
	return plainTable(head, rows, rightAligned(3, 4, 5, 6, 7)...)
}

func fixedTable(a *capacity.Answer) string {
	var rows []table.Row
	for _, f := range a.Fixed {
		jobs, pays := nothing, ""
		if f.Jobs != nil {
			jobs = fmt.Sprintf("from %s jobs a day", Count(int(math.Ceil(*f.Jobs))))
			if !f.Pays {
				pays = fmt.Sprintf("never: they do %s", Count(int(f.Possible)))
			}
		}
		rows = append(rows, table.Row{f.Price, Count(f.Machines), Count(f.Cores), USD(f.DayUSD), jobs, pays})
	}
	if len(rows) == 0 {
		return ""
	}
	return plainTable(table.Row{"machine", "number", "cores", "a day", "cheaper", ""}, rows, rightAligned(2, 3, 4)...)
}

// planNotes says what to measure next, what the law says, and what the probe
// took.
func planNotes(a *capacity.Answer) []string {
	var lines []string
	if n := a.Next; n != nil {
		switch {
		case n.Repeat:
			lines = append(lines, fmt.Sprintf("Measure next: %s again; what is left of the interval on %s (%s either way) is how runs differ.",
				plural(n.Cores, "core"), plural(n.For, "core"), Percent(n.Width)))
		default:
			lines = append(lines, fmt.Sprintf("Measure next: %s. It is expected to narrow the time on %s from %s either way to %s.",
				plural(n.Cores, "core"), plural(n.For, "core"), Percent(n.Width), Percent(n.Then)))
		}
	}
	if p := a.Law; p != nil && p.Seconds != nil {
		lines = append(lines, fmt.Sprintf("Beside it, the law %s extrapolates %s on %s.", p.Law, secondsWithin(*p.Seconds, p.Lo, p.Hi), plural(int(p.Cores), "worker")))
	}
	if a.Limit > 0 {
		lines = append(lines, fmt.Sprintf("Quota: %s at a time (%s); more wait until others end.", plural(a.Limit, "worker"), a.Quota))
	}
	if p := a.Probe; p != nil {
		spent := fmt.Sprintf("Probed: %s in %s, of %s allowed", plural(p.Trials, "trial"), Seconds(p.Seconds), Seconds(p.AllowedS))
		if p.USD != nil && p.AllowedUSD != nil {
			spent += fmt.Sprintf("; %s of %s", USD(*p.USD), USD(*p.AllowedUSD))
		}
		lines = append(lines, spent+".")
	}
	return slices.Clip(lines)
}
