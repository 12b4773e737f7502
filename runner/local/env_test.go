package local

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWorkerEnv(t *testing.T) {
	environ := []string{
		"PATH=/bin", "HOME=/home/a", "LC_ALL=C", "LC_TIME=de_DE", "TZ=UTC", "GODEBUG=x=1", "TMPDIR=/t",
		"AWS_SECRET_ACCESS_KEY=s1", "AWS_PROFILE=p", "CODE_ENGINE_APIKEY=s2", "GITHUB_TOKEN=s3", "DB_PASSWORD=s4",
		"HTTPS_PROXY=http://user:s5@proxy", "CORECAST_RUNS=r", "CORECAST_REMOTE=s6", "LCD=x", "PATHS=x", "SSH_AUTH_SOCK=/s", "EMPTY=",
	}
	usual := environ[:7]
	for _, test := range []struct {
		name  string
		asked []string
		want  []string // behind the usual ones
	}{
		{"nothing", nil, nil},
		{"names", []string{"AWS_PROFILE", "EMPTY", "ABSENT"}, []string{"AWS_PROFILE=p", "EMPTY="}},
		// A name is a whole name.
		{"part of a name", []string{"AWS_", "AWS", "", "aws_profile"}, nil},
		{"a value", []string{"A=b=c", "AWS_PROFILE=q"}, []string{"A=b=c", "AWS_PROFILE=q"}},
		// Values are not passed on by their names.
		{"a value and its name", []string{"AWS_PROFILE", "AWS_PROFILE=q"}, []string{"AWS_PROFILE=p", "AWS_PROFILE=q"}},
		{"all", []string{"*"}, []string{
			"AWS_SECRET_ACCESS_KEY=s1", "AWS_PROFILE=p", "GITHUB_TOKEN=s3", "DB_PASSWORD=s4", "HTTPS_PROXY=http://user:s5@proxy",
			"LCD=x", "PATHS=x", "SSH_AUTH_SOCK=/s", "EMPTY=",
		}},
		{"own", []string{"CODE_ENGINE_APIKEY"}, []string{"CODE_ENGINE_APIKEY=s2"}},
	} {
		want := append(append([]string(nil), usual...), test.want...)
		if diff := cmp.Diff(want, workerEnv(environ, test.asked)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestValueOf(t *testing.T) {
	env := []string{"A=1", "B=2", "A=3=4", "AB=5", "C"}
	for name, want := range map[string]string{"A": "3=4", "B": "2", "AB": "5", "C": "", "D": ""} {
		if got := valueOf(env, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
