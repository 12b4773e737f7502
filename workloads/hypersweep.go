package workloads

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"corecast/internal/boost"
	"corecast/internal/learn"
	"corecast/runner"
)

// HyperSweep searches for the best settings of gradient-boosted trees by
// cross-validation. A task trains one setting on all folds but one and scores
// it on that.
type HyperSweep struct {
	// Data is a CSV file with a header, see [learn.ReadCSV]; empty: generated.
	Data string `json:"data,omitempty"`
	// Target is the column to predict, Drop the columns to leave out, Categories
	// those whose texts are categories.
	Target     string   `json:"target,omitempty"`
	Drop       []string `json:"drop,omitempty"`
	Categories []string `json:"categories,omitempty"`
	// Task is classify, regress, or auto: what fits the target.
	Task string `json:"task"`
	// Search is grid, random or halving; Trials is how many settings it may
	// try, the default setting among them.
	Search string `json:"search"`
	Trials int    `json:"trials"`
	Folds  int    `json:"folds"`
	// Seed decides folds, what is drawn, and generated data; Rows is the
	// number of generated rows.
	Seed uint64 `json:"seed"`
	Rows int64  `json:"size"`
}

const (
	// maxRows bounds generated rows, which are held in memory.
	maxRows = 10_000_000
	// maxTrials bounds the settings of a search, maxFits those times folds.
	maxTrials = 1_000_000
	maxFits   = 10_000_000
	// toldSettings is the length of the leaderboard.
	toldSettings = 10
)

// NewHyperSweep returns the workload with its defaults: 20 random settings on
// 1,000 generated rows in 5 folds, a second or two of one core.
func NewHyperSweep() *HyperSweep {
	return &HyperSweep{Task: "auto", Search: "random", Trials: 20, Folds: 5, Seed: 1, Rows: 1000}
}

// fitTask is the input of a task. The data do not travel: a worker reads or
// generates them once.
type fitTask struct {
	Source   learn.Source   `cbor:"1,keyasint"`
	Settings boost.Settings `cbor:"2,keyasint"`
	Fold     int            `cbor:"3,keyasint"`
	// Share is that of the training rows to use.
	Share float64 `cbor:"4,keyasint"`
}

// hyperSweep is the function of the workload with the data that it keeps.
type hyperSweep struct {
	data *learn.Cache
	fit  *runner.Func[fitTask, learn.Score]
}

var hyperSweepFunc = newHyperSweepFunc()

func newHyperSweepFunc() hyperSweep {
	data := new(learn.Cache)
	return hyperSweep{data, runner.NewFunc("hypersweep", func(ctx context.Context, t fitTask) (learn.Score, error) {
		p, err := data.Problem(t.Source)
		if err != nil {
			return learn.Score{}, err
		}
		return p.Fit(ctx, t.Settings, t.Fold, t.Share, t.Source.Seed)
	})}
}

// Name returns hypersweep.
func (w *HyperSweep) Name() string { return "hypersweep" }

// Summary says what the workload does.
func (w *HyperSweep) Summary() string {
	return "search for the best settings of boosted trees by cross-validation"
}

// Examples are command lines.
func (w *HyperSweep) Examples() []string {
	return []string{
		"hypersweep",
		"hypersweep --size 10000 --search halving --trials 81",
		"hypersweep --data churn.csv --target churned --drop customer_id",
		"hypersweep --data houses.csv --target price --task regress --search grid --trials 55 --folds 10",
	}
}

// Bind declares the settings as flags.
func (w *HyperSweep) Bind(fs *flag.FlagSet) {
	fs.StringVar(&w.Data, "data", w.Data, "CSV `file` with a header to learn from (default: generated)")
	fs.StringVar(&w.Target, "target", w.Target, "`column` of the file to predict")
	fs.Var(&pathList{paths: &w.Drop}, "drop", "`column` of the file to leave out; may be given again")
	fs.Var(&pathList{paths: &w.Categories}, "categories", "`column` of the file whose texts are categories; may be given again")
	fs.StringVar(&w.Task, "task", w.Task, "classify, regress, or auto: classify for texts and up to 20 different whole numbers")
	fs.StringVar(&w.Search, "search", w.Search, "grid, random, or halving: the better third goes on with three times the rows")
	fs.IntVar(&w.Trials, "trials", w.Trials, "how many settings to try at most, the default one among them")
	fs.IntVar(&w.Folds, "folds", w.Folds, "parts of the rows, each held out in turn")
	fs.Uint64Var(&w.Seed, "seed", w.Seed, "seed of folds, random settings and generated data")
	fs.Var((*sizeValue)(&w.Rows), "size", "generated `rows`, without --data")
}

// Size is the number of generated rows, 0 when there is a file.
func (w *HyperSweep) Size() int64 {
	if w.Data != "" {
		return 0
	}
	return w.Rows
}

// SetSize sets the number of generated rows.
func (w *HyperSweep) SetSize(rows int64) { w.Rows = rows }

// Prepare checks the settings, reads the data and plans the search.
func (w *HyperSweep) Prepare(_ context.Context, _ Env) (Job, error) {
	settings := *w // the job's own: w may be changed for the next one
	settings.Drop, settings.Categories = slices.Clone(w.Drop), slices.Clone(w.Categories)
	w = &settings
	if err := w.validate(); err != nil {
		return nil, err
	}
	source, err := w.source()
	if err != nil {
		return nil, err
	}
	source, problem, err := hyperSweepFunc.data.Open(source)
	if err != nil {
		return nil, dataError(err)
	}
	j := &searchJob{source: source, table: problem.Table, fn: hyperSweepFunc.fit}
	switch w.Search {
	case "grid":
		j.settings = learn.Grid(w.Trials)
	default:
		j.settings = learn.Random(w.Trials, w.Seed)
	}
	j.rungs = []learn.Rung{{Settings: len(j.settings), Share: 1}}
	if w.Search == "halving" {
		j.rungs = learn.Rungs(len(j.settings))
	}
	return j, nil
}

func (w *HyperSweep) validate() error {
	switch {
	case !slices.Contains([]string{"auto", "classify", "regress"}, w.Task):
		return settingError("task", "%q is none of auto, classify, regress", w.Task)
	case !slices.Contains([]string{"grid", "random", "halving"}, w.Search):
		return settingError("search", "%q is none of grid, random, halving", w.Search)
	case w.Trials < 2 || w.Trials > maxTrials:
		return settingError("trials", "%d: give from 2, the default setting and another, to %d", w.Trials, maxTrials)
	case w.Folds < 2 || w.Folds > learn.MaxFolds:
		return settingError("folds", "%d: give from 2 to %d", w.Folds, learn.MaxFolds)
	case int64(w.Trials)*int64(w.Folds) > maxFits:
		return settingError("trials", "%d settings x %d folds are more than %d trainings", w.Trials, w.Folds, maxFits)
	case w.Data == "" && w.Target != "":
		return settingError("target", "%q: name the file that has this column with --data", w.Target)
	case w.Data == "" && len(w.Categories) > 0:
		return settingError("categories", "%s: name the file that has this column with --data", strings.Join(w.Categories, ", "))
	case w.Data == "" && len(w.Drop) > 0:
		return settingError("drop", "%s: name the file that has this column with --data", strings.Join(w.Drop, ", "))
	case w.Data == "" && w.Rows > maxRows:
		return settingError("size", "%d rows are more than %d", w.Rows, int64(maxRows))
	case w.Data == "":
		return atLeast("size", w.Rows, 2*int64(w.Folds))
	}
	return nil
}

// source says where the data come from. Workers get an absolute path.
func (w *HyperSweep) source() (learn.Source, error) {
	s := learn.Source{Name: w.Data, Goal: w.Target, Task: w.Task, Drop: w.Drop, Categories: w.Categories, Folds: w.Folds, Seed: w.Seed}
	if w.Task == "auto" {
		s.Task = ""
	}
	if w.Data == "" {
		s.Rows = int(w.Rows)
		return s, nil
	}
	path, err := filepath.Abs(w.Data)
	if err != nil {
		return s, fmt.Errorf("find %s: %w", w.Data, err)
	}
	s.Path = path
	return s, nil
}

// dataError makes an error in the data one of the flag that can mend it.
func dataError(err error) error {
	if in, ok := err.(*learn.InputError); ok {
		return settingError(in.About, "%w", in.Err)
	}
	return err
}
