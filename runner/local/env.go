package local

import (
	"slices"
	"strings"
)

// everything, in Options.Env, stands for all variables but those that corecast
// itself is set up by.
const everything = "*"

// usual reports whether every worker gets a variable: what programs find their
// files, language and time by, and what Go's runtime and loader read. Nobody
// keeps a secret there. Where proxies are often has one, and is not among them.
func usual(name string) bool {
	switch name {
	case "PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "TMPDIR", "LANG", "LANGUAGE", "TZ", "TZDIR",
		"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
		"GOMAXPROCS", "GOMEMLIMIT", "GOGC", "GODEBUG", "GOTRACEBACK", "GORACE", "GOCOVERDIR":
		return true
	}
	return strings.HasPrefix(name, "LC_")
}

// own reports whether a variable sets up corecast: the keys of its services are
// among them. Workers get one only by its name.
func own(name string) bool {
	return strings.HasPrefix(name, "CORECAST_") || strings.HasPrefix(name, "CODE_ENGINE_")
}

// workerEnv returns what a worker gets of an environment: the usual variables,
// and those that are asked for, as NAME, NAME=value or *.
func workerEnv(environ, asked []string) []string {
	all := slices.Contains(asked, everything)
	var env []string
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		if usual(name) || all && !own(name) || slices.Contains(asked, name) {
			env = append(env, v)
		}
	}
	for _, v := range asked {
		if strings.Contains(v, "=") {
			env = append(env, v)
		}
	}
	return env
}

// valueOf returns what a variable is in an environment, where the last one
// counts.
func valueOf(env []string, name string) string {
	for _, v := range slices.Backward(env) {
		if n, value, _ := strings.Cut(v, "="); n == name {
			return value
		}
	}
	return ""
}
