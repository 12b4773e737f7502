package scenariofile

import "corecast/internal/yamlfile"

// File is a scenario as it is written; the schema that corecast schema scenario
// publishes is made from it. Times are durations such as 250ms, 8s or 2h, or
// numbers of seconds; sizes are such as 2MB; shares such as 1% or 0.01; rates
// are numbers a second.
type File struct {
	Name         string          `yaml:"name" json:"name,omitempty" jsonschema:"what it is, for people"`
	Cores        int             `yaml:"cores" json:"cores,omitempty" jsonschema:"number of vCPU over all workers (--cores has precedence)"`
	Tasks        Tasks           `yaml:"tasks" json:"tasks" jsonschema:"what is to be done"`
	Workers      Workers         `yaml:"workers" json:"workers,omitempty" jsonschema:"what each worker is"`
	Provisioning Provisioning    `yaml:"provisioning" json:"provisioning,omitempty" jsonschema:"how workers come to be (default: at once)"`
	Slowdown     Slowdown        `yaml:"slowdown" json:"slowdown,omitempty" jsonschema:"what task times are multiplied by while n workers are at work: 1 + contention (n-1) + coherency n (n-1), times (n/base)^exponent"`
	Driver       Driver          `yaml:"driver" json:"driver,omitempty" jsonschema:"what the program that fans out costs; it does one thing at a time"`
	Store        Store           `yaml:"store" json:"store,omitempty" jsonschema:"what inputs and results travel through"`
	Chunks       Chunks          `yaml:"chunks" json:"chunks,omitempty" jsonschema:"how many tasks go out together (default: the runner's rule)"`
	Faults       Faults          `yaml:"faults" json:"faults,omitempty" jsonschema:"what goes wrong"`
	Copies       Copies          `yaml:"copies" json:"copies,omitempty" jsonschema:"further attempts at tasks that take long, on idle workers"`
	Billing      Billing         `yaml:"billing" json:"billing,omitempty" jsonschema:"what is paid for"`
	Seed         *uint64         `yaml:"seed" json:"seed,omitempty" jsonschema:"seed of all random numbers (default 1; --seed has precedence)"`
	Replications int             `yaml:"replications" json:"replications,omitempty" jsonschema:"how often it is simulated (default 200; --reps has precedence)"`
	Confidence   yamlfile.Scalar `yaml:"confidence" json:"confidence,omitempty" jsonschema:"share of replications in an interval, such as 90% (--confidence has precedence)"`
}

// Tasks are what is to be done.
type Tasks struct {
	Count      int        `yaml:"count" json:"count,omitempty" jsonschema:"number of tasks (--tasks has precedence; default: as many as listed)"`
	Time       Dist       `yaml:"time" json:"time" jsonschema:"time of a task on a worker of time factor 1"`
	Stragglers Stragglers `yaml:"stragglers" json:"stragglers,omitempty" jsonschema:"tasks that take longer"`
	Input      Dist       `yaml:"input" json:"input,omitempty" jsonschema:"size of a task's input"`
	Output     Dist       `yaml:"output" json:"output,omitempty" jsonschema:"size of a task's result"`
}

// Stragglers are tasks that take longer than others.
type Stragglers struct {
	Share  yamlfile.Scalar `yaml:"share" json:"share,omitempty" jsonschema:"how many of the tasks, such as 1%"`
	Factor Dist            `yaml:"factor" json:"factor,omitempty" jsonschema:"what their time is multiplied by"`
}

// Workers are what each worker is.
type Workers struct {
	VCPU             float64         `yaml:"vcpu" json:"vcpu,omitempty" jsonschema:"vCPU of each (default 1)"`
	Memory           yamlfile.Scalar `yaml:"memory" json:"memory,omitempty" jsonschema:"memory of each, such as 4GB"`
	TimeFactor       Dist            `yaml:"time_factor" json:"time_factor,omitempty" jsonschema:"what the time of all tasks of a worker is multiplied by"`
	StartCorrelation float64         `yaml:"start_correlation" json:"start_correlation,omitempty" jsonschema:"rank correlation (-1 to 1) of a worker's start delay and its time factor"`
	Tasks            int             `yaml:"tasks" json:"tasks,omitempty" jsonschema:"tasks after which a worker ends and a new one starts (default: never)"`
}

// Provisioning is how workers come to be.
type Provisioning struct {
	Profile     string                   `yaml:"profile" json:"profile,omitempty" jsonschema:"named provisioning to begin with, such as codeengine-2021"`
	RequestRate float64                  `yaml:"request_rate" json:"request_rate,omitempty" jsonschema:"workers that the driver requests a second (default: all at once)"`
	Rate        float64                  `yaml:"rate" json:"rate,omitempty" jsonschema:"workers that the platform starts a second"`
	Burst       int                      `yaml:"burst" json:"burst,omitempty" jsonschema:"workers that start at once before the rate applies"`
	Waves       *Waves                   `yaml:"waves" json:"waves,omitempty" jsonschema:"workers start in waves"`
	Quota       yamlfile.ScalarOr[Quota] `yaml:"quota" json:"quota,omitempty" jsonschema:"most workers at a time, or their vCPU and memory; others wait"`
	Delay       Dist                     `yaml:"delay" json:"delay,omitempty" jsonschema:"from the start of a worker until it is ready"`
	DelayGrowth float64                  `yaml:"delay_growth" json:"delay_growth,omitempty" jsonschema:"delays are (1 + delay_growth x workers) times as long"`
	Latency     yamlfile.Scalar          `yaml:"latency" json:"latency,omitempty" jsonschema:"is added to each delay and does not grow"`
	Failure     yamlfile.Scalar          `yaml:"failure" json:"failure,omitempty" jsonschema:"share of starts that come to nothing and are asked for again"`
}

// Waves are workers that start together.
type Waves struct {
	Size  int             `yaml:"size" json:"size"`
	Every yamlfile.Scalar `yaml:"every" json:"every"`
}

// Quota bounds the workers that there are at a time.
type Quota struct {
	Workers *int            `yaml:"workers" json:"workers,omitempty"`
	VCPU    *float64        `yaml:"vcpu" json:"vcpu,omitempty"`
	Memory  yamlfile.Scalar `yaml:"memory" json:"memory,omitempty"`
}

// Slowdown is how task times grow with the workers that are at work.
type Slowdown struct {
	Contention float64 `yaml:"contention" json:"contention,omitempty"`
	Coherency  float64 `yaml:"coherency" json:"coherency,omitempty"`
	Exponent   float64 `yaml:"exponent" json:"exponent,omitempty"`
	Base       float64 `yaml:"base" json:"base,omitempty"`
}

// Driver is what the program that fans out costs.
type Driver struct {
	Dispatch     yamlfile.Scalar `yaml:"dispatch" json:"dispatch,omitempty" jsonschema:"time to hand out a chunk"`
	DispatchTask yamlfile.Scalar `yaml:"dispatch_task" json:"dispatch_task,omitempty" jsonschema:"time for each task of it"`
	Receive      yamlfile.Scalar `yaml:"receive" json:"receive,omitempty" jsonschema:"time to take in a chunk's results"`
	Latency      Dist            `yaml:"latency" json:"latency,omitempty" jsonschema:"one way between driver and worker"`
	Poll         yamlfile.Scalar `yaml:"poll" json:"poll,omitempty" jsonschema:"how often the driver looks for results (default: it is told)"`
}

// Store is what inputs and results travel through.
type Store struct {
	Bandwidth   yamlfile.Scalar `yaml:"bandwidth" json:"bandwidth,omitempty" jsonschema:"bytes a second that all transfers share, such as 5GB"`
	PerTransfer yamlfile.Scalar `yaml:"per_transfer" json:"per_transfer,omitempty" jsonschema:"bytes a second of one transfer at most"`
	Latency     Dist            `yaml:"latency" json:"latency,omitempty" jsonschema:"from a request to its first byte"`
	RequestRate float64         `yaml:"request_rate" json:"request_rate,omitempty" jsonschema:"requests that are served a second; others queue"`
}

// Chunks is how many tasks go out together.
type Chunks struct {
	Size  int   `yaml:"size" json:"size,omitempty" jsonschema:"tasks in each (default: the runner's rule)"`
	Ahead *bool `yaml:"ahead" json:"ahead,omitempty" jsonschema:"whether short chunks are sent ahead (default true)"`
}

// Faults are what goes wrong.
type Faults struct {
	TaskFailure   yamlfile.Scalar `yaml:"task_failure" json:"task_failure,omitempty" jsonschema:"share of attempts that fail"`
	FailedRetries int             `yaml:"failed_retries" json:"failed_retries,omitempty" jsonschema:"further attempts of a task that failed"`
	WorkerLife    yamlfile.Scalar `yaml:"worker_life" json:"worker_life,omitempty" jsonschema:"mean time after which a worker is lost"`
	Detect        yamlfile.Scalar `yaml:"detect" json:"detect,omitempty" jsonschema:"how long a loss goes unnoticed"`
	LostRetries   *int            `yaml:"lost_retries" json:"lost_retries,omitempty" jsonschema:"further attempts of a task whose worker was lost (default 3)"`
}

// Copies are further attempts at tasks that take long.
type Copies struct {
	Factor   float64         `yaml:"factor" json:"factor,omitempty" jsonschema:"how many times the median task time a task must have run for"`
	Quantile yamlfile.Scalar `yaml:"quantile" json:"quantile,omitempty" jsonschema:"share of tasks that must be done before (default 90%)"`
}

// Billing is what is paid for.
type Billing struct {
	Price       string          `yaml:"price" json:"price,omitempty" jsonschema:"price list, such as codeengine (corecast list prices), or a file with one of your own"`
	ReleaseIdle bool            `yaml:"release_idle" json:"release_idle,omitempty" jsonschema:"workers end when nothing is left for them"`
	StartUp     yamlfile.Scalar `yaml:"start_up" json:"start_up,omitempty" jsonschema:"time before it is ready that a worker is billed for"`
}

// Dist is a distribution. A scalar is a value that is always the same.
type Dist = yamlfile.ScalarOr[Spread]

// Spread is a distribution with its parameters.
type Spread struct {
	Plain `yaml:",inline"`
	Of    []Share `yaml:"of" json:"of,omitempty" jsonschema:"parts of a mixture"`
}

// Share is a part of a mixture.
type Share struct {
	Weight float64 `yaml:"weight" json:"weight" jsonschema:"its share, in any unit"`
	Plain  `yaml:",inline"`
}

// Plain is a distribution that is not made of others. Which parameters there
// must be depends on Kind.
type Plain struct {
	Kind   string             `yaml:"dist" json:"dist" jsonschema:"constant (value), uniform (min, max), exponential (mean), normal (mean, sd; not below 0), lognormal (median, sigma), weibull (scale, shape), pareto (min, alpha), empirical (values or file), listed (values or file, in order), mixture (of)"`
	Value  yamlfile.Scalar    `yaml:"value" json:"value,omitempty"`
	Min    yamlfile.Scalar    `yaml:"min" json:"min,omitempty"`
	Max    yamlfile.Scalar    `yaml:"max" json:"max,omitempty"`
	Mean   yamlfile.Scalar    `yaml:"mean" json:"mean,omitempty"`
	SD     yamlfile.Scalar    `yaml:"sd" json:"sd,omitempty"`
	Median yamlfile.Scalar    `yaml:"median" json:"median,omitempty"`
	Sigma  yamlfile.Scalar    `yaml:"sigma" json:"sigma,omitempty" jsonschema:"standard deviation of the logarithm"`
	Scale  yamlfile.Scalar    `yaml:"scale" json:"scale,omitempty"`
	Shape  yamlfile.Scalar    `yaml:"shape" json:"shape,omitempty"`
	Alpha  yamlfile.Scalar    `yaml:"alpha" json:"alpha,omitempty"`
	Values yamlfile.OneOrMore `yaml:"values" json:"values,omitempty" jsonschema:"what is drawn from, each value as likely as the others"`
	File   string             `yaml:"file" json:"file,omitempty" jsonschema:"file of such values, a number of seconds (bytes, factors) a line"`
	Offset yamlfile.Scalar    `yaml:"offset" json:"offset,omitempty" jsonschema:"is added to what is drawn"`
}
