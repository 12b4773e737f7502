package workloads

import (
	"fmt"
	"math"

	"corecast/internal/boost"
	"corecast/internal/learn"
)

// HyperSweepAnswer is the answer of hypersweep.
type HyperSweepAnswer struct {
	// Best is the setting with the lowest score, nil when none was scored in
	// all folds. Its score is the lowest of many, and so somewhat better than
	// what it does on new rows.
	Best *ScoredSetting `json:"best"`
	// Default is the setting that was not tuned.
	Default *ScoredSetting `json:"default"`
	// Gain is the default's score less the best one's, fold by fold.
	Gain *learn.Summary `json:"gain,omitempty"`
	// Leaderboard has the best ten settings that were scored on all rows.
	Leaderboard []ScoredSetting `json:"leaderboard"`
	// Evaluated is the number of settings tried, Ranked of those among them
	// that were scored on all rows and in all folds.
	Evaluated int `json:"evaluated"`
	Ranked    int `json:"ranked"`
	// Data, Rows, Features and Target are the table's; Features counts a
	// column of texts once for each level. Classes names the target's classes.
	Data     string   `json:"data"`
	Rows     int      `json:"rows"`
	Features int      `json:"features"`
	Target   string   `json:"target"`
	Classes  []string `json:"classes,omitempty"`
	// Metric is what scores are, lower is better: log_loss in nats, or rmse in
	// units of the target.
	Metric string `json:"metric"`
}

// ScoredSetting is a setting with its score: mean and 95 % interval over folds.
type ScoredSetting struct {
	// Rank counts from 1; Trial is its place in the search, 0 the default's.
	Rank     int            `json:"rank"`
	Trial    int            `json:"trial"`
	Settings boost.Settings `json:"settings"`
	Score    float64        `json:"score"`
	// StandardError is that of Score, Lo and Hi its interval.
	StandardError float64 `json:"standard_error"`
	Lo            float64 `json:"lo"`
	Hi            float64 `json:"hi"`
	// Accuracy is of classes, R2 of numbers.
	Accuracy *learn.Summary `json:"accuracy,omitempty"`
	R2       *learn.Summary `json:"r2,omitempty"`
}

// metric returns the name of what settings are selected by.
func (j *searchJob) metric() string {
	if j.table.Target.Classes == 0 {
		return "rmse"
	}
	return "log_loss"
}

// each returns the selecting score of each fold.
func (j *searchJob) each(scores []learn.Score) []float64 {
	values := make([]float64, len(scores))
	for i, s := range scores {
		values[i] = s.LogLoss()
		if j.table.Target.Classes == 0 {
			values[i] = s.RMSE()
		}
	}
	return values
}

func (j *searchJob) summary(scores []learn.Score) learn.Summary {
	return learn.Summarize(j.each(scores))
}

// answer tells what the last rung says; ranked is sorted.
func (j *searchJob) answer(ranked []candidate) HyperSweepAnswer {
	a := HyperSweepAnswer{
		Leaderboard: []ScoredSetting{}, Evaluated: len(j.settings), Ranked: len(ranked), Data: j.table.Name,
		Rows: j.table.Rows, Features: len(j.table.Features), Target: j.table.Goal, Classes: j.table.Classes, Metric: j.metric(),
	}
	for i, c := range ranked {
		if i >= toldSettings && c.trial != 0 {
			continue
		}
		s := j.scored(c, i+1)
		if i < toldSettings {
			a.Leaderboard = append(a.Leaderboard, s)
		}
		if c.trial == 0 {
			a.Default = &s
			gain := j.gain(c.scores, ranked[0].scores)
			a.Gain = &gain
		}
	}
	if len(ranked) > 0 {
		best := a.Leaderboard[0]
		a.Best = &best
	}
	return a
}

// gain compares two settings fold by fold.
func (j *searchJob) gain(from, to []learn.Score) learn.Summary {
	differences, better := j.each(from), j.each(to)
	for i := range differences {
		differences[i] -= better[i]
	}
	return learn.Summarize(differences)
}

func (j *searchJob) scored(c candidate, rank int) ScoredSetting {
	sum := j.summary(c.scores)
	s := ScoredSetting{
		Rank: rank, Trial: c.trial, Settings: j.settings[c.trial],
		Score: sum.Mean, StandardError: sum.StandardError, Lo: sum.Lo, Hi: sum.Hi,
	}
	values := make([]float64, len(c.scores))
	if j.table.Target.Classes == 0 {
		variance := j.table.Variance()
		for i, score := range c.scores {
			values[i] = score.R2(variance)
		}
		r2 := learn.Summarize(values)
		s.R2 = &r2
		return s
	}
	for i, score := range c.scores {
		values[i] = score.Accuracy()
	}
	accuracy := learn.Summarize(values)
	s.Accuracy = &accuracy
	return s
}

// Check says what cannot be: an order that scores do not have, scores that are
// no numbers, another number of settings than were planned, and, on generated
// data of some size, a best setting that has not learnt to tell the classes
// apart.
func (j *searchJob) Check(answer Answer) error {
	a, ok := answer.(HyperSweepAnswer)
	if !ok {
		return fmt.Errorf("not an answer of hypersweep: %T", answer)
	}
	last := j.rungs[len(j.rungs)-1].Settings
	switch {
	case a.Evaluated != len(j.settings) || a.Ranked != last || len(a.Leaderboard) != min(last, toldSettings):
		return fmt.Errorf("%d settings were evaluated, %d ranked and %d told where %d, %d and %d were planned",
			a.Evaluated, a.Ranked, len(a.Leaderboard), len(j.settings), last, min(last, toldSettings))
	case a.Best == nil || a.Default == nil || a.Gain == nil:
		return fmt.Errorf("the best setting, the default one or their difference is missing")
	case a.Best.Score > a.Default.Score:
		return fmt.Errorf("the best setting scores %v, worse than the default with %v", a.Best.Score, a.Default.Score)
	case math.Abs(a.Default.Score-a.Best.Score-a.Gain.Mean) > 1e-9*math.Max(1, a.Default.Score):
		return fmt.Errorf("a gain of %v from %v to %v", a.Gain.Mean, a.Default.Score, a.Best.Score)
	}
	previous := math.Inf(-1)
	for i, s := range a.Leaderboard {
		if !(s.Score >= previous) || math.IsInf(s.Score, 0) || s.Rank != i+1 {
			return fmt.Errorf("place %d of the leaderboard has rank %d and scores %v after %v", i+1, s.Rank, s.Score, previous)
		}
		previous = s.Score
	}
	return j.checkLearnt(a)
}

// checkLearnt compares the best score on generated data with what a model that
// always says the same would get: ln 2 for two equal classes, the deviation
// for numbers.
func (j *searchJob) checkLearnt(a HyperSweepAnswer) error {
	const few = 500
	if j.source.Path != "" || a.Rows < few {
		return nil
	}
	constant := math.Ln2
	if j.table.Target.Classes == 0 {
		constant = math.Sqrt(j.table.Variance())
	}
	if a.Best.Score > 0.8*constant {
		return fmt.Errorf("the best setting scores %v, hardly better than the %v of a constant", a.Best.Score, constant)
	}
	return nil
}
