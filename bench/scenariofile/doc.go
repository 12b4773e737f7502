// Package scenariofile reads what people write for the simulator: scenarios in
// YAML ([Read], with a published schema, [Schema]), and lists of numbers, one a
// line ([ReadNumbers]). Whatever is wrong is told with its line. Package
// bench/sim simulates what comes out; internal/yamlfile does the YAML.
package scenariofile
