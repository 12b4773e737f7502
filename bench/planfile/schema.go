package planfile

import "corecast/internal/yamlfile"

// SchemaVersion is the version of plans.
const SchemaVersion = 1

// Schema returns the JSON Schema of plans.
func Schema() ([]byte, error) {
	return yamlfile.Schema[File]("plan", SchemaVersion, "A plan of corecast bench")
}
