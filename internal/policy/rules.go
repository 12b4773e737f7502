package policy

// module is the path of this project's module.
const module = "corecast"

// rule says what the packages that match a pattern may import of the project.
// Patterns and imports are paths below the module: exact ones, "a/*" for all
// below a but a itself, "*" for all. The longest pattern that matches a
// package counts, an exact one before others.
type rule struct {
	pkg     string
	imports []string
	// tests is what its test files may import on top.
	tests []string
}

// importRules is the import policy. It goes one way: workloads and runner know
// nothing of measuring, results nothing of running, bench joins them, report
// reads results and figures, and only commands import everything. A package
// without a line may not exist.
var importRules = []rule{
	// What everything may stand on.
	{pkg: "runner/trace"},
	{pkg: "internal/clock"},
	{pkg: "internal/wording"},
	{pkg: "internal/yamlfile"},
	{pkg: "internal/yamlfile/schematest"},
	{pkg: "internal/usage"},
	{pkg: "internal/cgroup", imports: []string{"internal/usage"}, tests: []string{"internal/cgroup/onv2"}},
	{pkg: "internal/cgroup/onv2"},

	// Running.
	{pkg: "runner/exchange", imports: []string{"internal/clock"}},
	{
		pkg:     "runner/work",
		imports: []string{"runner/exchange", "internal/clock", "internal/usage"},
		tests:   []string{"runner", "runner/local"},
	},
	{
		pkg:     "runner",
		imports: []string{"runner/exchange", "runner/work", "runner/trace", "internal/clock"},
		tests:   []string{"runner/local", "runner/runnertest", "bench/metrics", "results"},
	},
	{ // a suite of tests: it looks at what a job leaves with the eyes of all
		pkg:     "runner/runnertest",
		imports: []string{"runner", "runner/exchange", "runner/trace", "results", "bench/metrics"},
	},
	{ // a transport: any launcher may use it, and it knows none
		pkg:     "runner/remote",
		imports: []string{"runner", "internal/clock"},
		tests:   []string{"runner/runnertest", "runner/local", "runner/exchange", "runner/trace"},
	},
	{pkg: "runner/objstore", tests: []string{"runner/objstore/storetest"}},
	{pkg: "runner/objstore/cos", imports: []string{"runner/objstore"}},
	{pkg: "runner/objstore/slim", imports: []string{"runner/objstore"}},
	{pkg: "runner/objstore/storetest", imports: []string{"runner/objstore"}, tests: []string{"runner/objstore/cos", "runner/objstore/slim"}},
	{ // an exchange for launchers whose workers accept no connections
		pkg:     "runner/storeexchange",
		imports: []string{"runner", "runner/exchange", "runner/work", "runner/objstore", "runner/objstore/slim", "internal/clock"},
		tests:   []string{"runner/runnertest", "runner/trace", "runner/objstore/cos", "runner/objstore/storetest"},
	},
	{
		pkg: "runner/codeengine",
		imports: []string{
			"runner", "runner/exchange", "runner/storeexchange", "runner/objstore", "runner/objstore/cos", "internal/clock",
		},
		tests: []string{"runner/runnertest", "runner/trace", "internal/emulator", "internal/emulator/*"},
	},
	{ // a launcher: never another launcher
		pkg:     "runner/*",
		imports: []string{"runner", "runner/exchange", "runner/trace", "internal/clock", "internal/cgroup"},
		tests:   []string{"runner/runnertest", "internal/cgroup/onv2"},
	},

	// What runs.
	{pkg: "internal/inputs"},
	{pkg: "internal/imaging", imports: []string{"internal/vp8"}},
	{pkg: "internal/vp8"},
	{pkg: "internal/learn", imports: []string{"internal/boost"}},
	{pkg: "internal/boost"},
	{pkg: "internal/logscan", imports: []string{"internal/inputs"}},
	{
		pkg: "workloads",
		imports: []string{
			"workloads/*", "runner", "runner/trace",
			"internal/inputs", "internal/imaging", "internal/logscan", "internal/learn", "internal/boost",
			"internal/clock", "internal/wording",
		},
		tests: []string{"runner/local"},
	},
	{pkg: "workloads/synthetic", imports: []string{"runner/work", "internal/clock"}},
	{pkg: "workloads/*", imports: []string{"runner", "runner/trace", "internal/clock"}},
	{pkg: "internal/workerentry", imports: []string{"runner/work", "workloads/synthetic"}},
	{pkg: "internal/workerentry/all", imports: []string{"runner/work", "workloads"}},
	{pkg: "internal/workerentry/stored", imports: []string{"runner/storeexchange", "workloads"}},

	// The record, and what is computed from it.
	{pkg: "results", imports: []string{"runner/trace"}},
	{pkg: "results/lithops", imports: []string{"results", "runner/trace"}, tests: []string{"bench/metrics"}},
	{pkg: "results/history"},
	{pkg: "results/history/db", imports: []string{"results/history"}},
	{pkg: "internal/machine", imports: []string{"internal/wording", "results", "runner/trace", "internal/cgroup"}},
	{pkg: "bench/cost", imports: []string{"results", "internal/yamlfile"}, tests: []string{"internal/yamlfile/schematest"}},
	{pkg: "bench/metrics", imports: []string{"internal/wording", "results", "runner/trace", "bench/cost"}},
	{pkg: "bench/change", imports: []string{"internal/wording", "results"}},
	{pkg: "bench/track", imports: []string{"bench/change", "bench/metrics", "internal/wording", "results", "results/history"}},
	{pkg: "bench/change/rates", imports: []string{"bench/change", "bench/metrics"}},
	{pkg: "bench/scaling", imports: []string{"results", "bench/metrics"}},
	{
		pkg:     "bench/capacity",
		imports: []string{"results", "bench/cost", "bench/metrics", "bench/scaling", "bench/sim"},
	},
	{
		pkg: "report",
		imports: []string{
			"internal/wording", "results", "runner/trace", "bench/metrics", "bench/scaling", "bench/sim", "bench/capacity", "bench/change", "bench/track",
		},
	},

	{ // the simulator, by the runner's rule for chunks
		pkg:     "bench/sim",
		imports: []string{"runner", "results", "runner/trace", "bench/metrics", "bench/cost"},
		tests:   []string{"results/lithops"},
	},

	// Measuring.
	{
		pkg: "bench",
		imports: []string{
			"workloads", "runner", "runner/*", "results", "bench/metrics", "bench/cost",
			"internal/wording", "internal/machine", "internal/clock", "internal/cgroup",
		},
	},
	{pkg: "bench/scenariofile", imports: []string{"bench/sim", "bench/cost", "results", "workloads", "internal/yamlfile"}, tests: []string{"internal/yamlfile/schematest"}},
	{pkg: "bench/planfile", imports: []string{"bench", "bench/cost", "results", "workloads", "internal/yamlfile"}, tests: []string{"internal/yamlfile/schematest"}},
	{
		pkg: "bench/peers",
		imports: []string{
			"runner", "runner/exchange", "runner/local", "runner/trace", "results", "bench/metrics", "bench/sim", "internal/machine", "internal/clock",
		},
	},
	{pkg: "bench/peers/bare"},

	// The emulator of a container service.
	{
		pkg: "internal/emulator",
		imports: []string{
			"internal/emulator/image", "internal/emulator/instance", "internal/emulator/storage", "bench/sim",
		},
	},
	{pkg: "internal/emulator/image"},
	{pkg: "internal/emulator/instance", imports: []string{"internal/cgroup", "bench/sim"}, tests: []string{"internal/cgroup/onv2"}},
	{pkg: "internal/emulator/storage"},

	// What people start, and what they copy.
	{pkg: "cmd/*", imports: []string{"*"}},
	{pkg: "examples/*", imports: []string{"runner", "runner/*", "workloads", "results", "bench", "bench/*", "report"}},

	// Checks of the source: no part of the program.
	{pkg: "internal/policy"},
	{pkg: "internal/policy/*"},
}

// moduleRule says which packages may import a module's packages, by patterns
// as in rule.
type moduleRule struct {
	module string
	in     []string
	// tests are packages whose test files may, on top.
	tests []string
}

// moduleRules is where other people's modules may be used. What is not listed
// may not be used anywhere; docs/dependencies.md says what each is for.
var moduleRules = []moduleRule{
	{module: "github.com/spf13/cobra", in: []string{"cmd/*"}},
	{module: "github.com/spf13/pflag", in: []string{"cmd/*"}},
	{module: "github.com/vbauerster/mpb/v8", in: []string{"cmd/*"}},
	{module: "golang.org/x/term", in: []string{"cmd/*"}},

	{module: "gonum.org/v1/plot", in: []string{"report"}},
	{module: "golang.org/x/image", in: []string{"report", "internal/imaging"}, tests: []string{"internal/vp8"}},
	{module: "github.com/google/jsonschema-go", in: []string{"report", "internal/yamlfile", "internal/yamlfile/*"}, tests: []string{"cmd/*", "bench/*"}},
	{module: "github.com/jedib0t/go-pretty/v6", in: []string{"report", "bench/peers"}},

	{module: "gonum.org/v1/gonum", in: []string{"bench/scaling", "bench/capacity"}},
	{module: "golang.org/x/perf", in: []string{"bench/metrics", "results/history"}, tests: []string{"report"}},
	{module: "github.com/montanaflynn/stats", in: []string{"bench/metrics"}},

	{module: "github.com/fxamacker/cbor/v2", in: []string{"runner"}, tests: []string{"workloads"}},
	{module: "github.com/cespare/xxhash/v2", in: []string{"runner"}},
	{module: "github.com/klauspost/compress", in: []string{"internal/logscan"}},
	{module: "github.com/goccy/go-yaml", in: []string{"internal/yamlfile", "internal/yamlfile/*"}, tests: []string{"bench/*"}},
	{module: "golang.org/x/sys", in: []string{"internal/clock", "internal/cgroup", "internal/emulator/instance", "internal/imaging", "runner/local", "runner/remote", "workloads"}},

	{module: "modernc.org/sqlite", in: []string{"results/history/db"}},
	{module: "github.com/jackc/pgx/v5", in: []string{"results/history/db"}},

	{module: "github.com/alitto/pond/v2", in: []string{"bench/peers"}},
	{module: "github.com/panjf2000/ants/v2", in: []string{"bench/peers"}},
	{module: "github.com/sourcegraph/conc", in: []string{"bench/peers"}},
	{module: "golang.org/x/sync", in: []string{"bench/peers"}},

	{module: "github.com/versity/versitygw", in: []string{"internal/emulator/storage", "runner/objstore/storetest"}},
	{module: "github.com/aws/aws-sdk-go-v2/service/s3", in: []string{"internal/emulator/storage"}},
	{module: "github.com/aws/aws-sdk-go-v2", in: []string{"internal/emulator/storage"}},
	{module: "github.com/aws/smithy-go", in: []string{"internal/emulator/storage"}},
	{module: "github.com/golang-jwt/jwt/v5", in: []string{"internal/emulator"}},
	{module: "github.com/google/go-containerregistry", in: []string{"internal/emulator/image", "cmd/*"}},

	{module: "github.com/IBM/code-engine-go-sdk", in: []string{"runner/codeengine"}, tests: []string{"internal/emulator"}},
	{module: "github.com/IBM/go-sdk-core/v5", in: []string{"runner/codeengine"}, tests: []string{"internal/emulator"}},
	{module: "github.com/IBM/ibm-cos-sdk-go", in: []string{"runner/objstore/cos"}},
	{module: "github.com/johannesboyne/gofakes3", in: []string{"runner/objstore/storetest"}},

	{module: "github.com/google/go-cmp", in: []string{"runner/runnertest", "runner/objstore/storetest"}, tests: []string{"*"}},
	{module: "golang.org/x/net", tests: []string{"report"}},
	{module: "go.uber.org/goleak", in: []string{"runner/runnertest"}, tests: []string{"*"}},
	{module: "github.com/rogpeppe/go-internal", tests: []string{"cmd/*"}},
}

// workerRoots are the packages that a worker process runs; with all that they
// import they are its path from start to ready, which is what is measured.
var workerRoots = []string{"runner", "workloads", "internal/workerentry"}

// workerMustNotReach is what would make a worker start late: an exact package,
// or "a/*" for all below a.
var workerMustNotReach = []string{
	"net", "net/http", "os/user", "crypto/tls",
	"github.com/spf13/cobra", "github.com/spf13/pflag",
	"gonum.org/*", "golang.org/x/perf/*",
	"github.com/IBM/*", "k8s.io/*",
	"modernc.org/*", "github.com/jackc/*",
}

// initAllowed are the files that may have an init function.
var initAllowed = map[string]string{
	"internal/workerentry/entry.go":        "the command's worker must start before other packages initialise",
	"internal/workerentry/all/entry.go":    "and have all functions before what only a driver needs does",
	"internal/workerentry/stored/entry.go": "so must a worker of an object store",
}

// stateAllowed are the package-level variables that may change, and why.
var stateAllowed = map[string]string{
	"golang.org/x/perf/benchmath.DefaultThresholds": "benchmath takes a pointer to it, and only reads",
}
