package workloads

import "fmt"

// SettingError is an error that is the user's to mend: a setting that cannot
// be, or an input that is not there.
type SettingError struct {
	// Setting is the flag's name without dashes.
	Setting string
	Text    string
	Err     error // the cause, nil when Text says all
}

// Error names the flag and what is wrong.
func (e *SettingError) Error() string { return "--" + e.Setting + ": " + e.Text }

// Unwrap returns the cause.
func (e *SettingError) Unwrap() error { return e.Err }

// settingError makes a SettingError; a %w in format sets its cause.
func settingError(setting, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &SettingError{Setting: setting, Text: err.Error(), Err: err}
}
