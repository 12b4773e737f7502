package codeengine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/IBM/code-engine-go-sdk/codeenginev2"
	"github.com/IBM/go-sdk-core/v5/core"
)

// client is the service.
type client struct {
	ce      *codeenginev2.CodeEngineV2
	project string // name or id, as the user says
}

// newClient makes the client; it asks nothing of the service.
func newClient(s Settings) (*client, error) {
	auth, err := core.NewIamAuthenticatorBuilder().SetApiKey(s.APIKey).SetURL(strings.TrimSuffix(s.AuthURL, "/")).Build()
	if err != nil {
		return nil, fmt.Errorf("code engine: %w", err)
	}
	ce, err := codeenginev2.NewCodeEngineV2(&codeenginev2.CodeEngineV2Options{URL: s.URL, Authenticator: auth})
	if err != nil {
		return nil, fmt.Errorf("code engine: %w", err)
	}
	ce.EnableRetries(6, 10*time.Second)
	return &client{ce: ce, project: s.Project}, nil
}

// An id is a UUID.
var projectID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// findProject returns the project's id.
func (c *client) findProject(ctx context.Context) (string, error) {
	if projectID.MatchString(c.project) {
		p, resp, err := c.ce.GetProjectWithContext(ctx, c.ce.NewGetProjectOptions(c.project))
		if err != nil {
			return "", explain("look for project "+c.project, resp, err)
		}
		return deref(p.ID), nil
	}
	pager, err := c.ce.NewProjectsPager(&codeenginev2.ListProjectsOptions{})
	if err != nil {
		return "", err
	}
	var names []string
	for pager.HasNext() {
		page, err := pager.GetNextWithContext(ctx)
		if err != nil {
			return "", explain("list projects", nil, err)
		}
		for _, p := range page {
			if deref(p.Name) == c.project {
				if s := deref(p.Status); s != "active" {
					return "", &refusal{fmt.Errorf("project %q is %s, and must be active", c.project, s)}
				}
				return deref(p.ID), nil
			}
			names = append(names, deref(p.Name))
		}
	}
	if len(names) == 0 {
		return "", &refusal{fmt.Errorf("there is no project %q, nor any other in this region: check the region, or make it with ibmcloud ce project create", c.project)}
	}
	return "", &refusal{fmt.Errorf("there is no project %q in this region: there are %s", c.project, strings.Join(names, ", "))}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// refusal is an error that no other try mends.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

// explain says what was being done, and what to do about what the user has to
// mend.
func explain(doing string, resp *core.DetailedResponse, err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	status := 0
	if resp != nil {
		status = resp.StatusCode
	}
	var auth *core.AuthenticationError
	if errors.As(err, &auth) {
		if auth.Response != nil {
			status = auth.Response.StatusCode
		}
		if status >= 400 && status < 500 && status != http.StatusTooManyRequests {
			return &refusal{fmt.Errorf("%s: the IAM key is refused: check CODE_ENGINE_APIKEY (%s)", doing, text)}
		}
	}
	switch {
	case strings.Contains(text, "API key could not be found"): // the pagers of the SDK hide the rest
		return &refusal{fmt.Errorf("%s: the IAM key is refused: check CODE_ENGINE_APIKEY (%s)", doing, text)}
	case status == http.StatusUnauthorized:
		return &refusal{fmt.Errorf("%s: the token is refused: check CODE_ENGINE_APIKEY, and this machine's clock (%s)", doing, text)}
	case status == http.StatusForbidden:
		return &refusal{fmt.Errorf("%s: the key has no right to it: it needs the role Writer in the project (%s)", doing, text)}
	case status == http.StatusNotFound:
		return &refusal{fmt.Errorf("%s: there is no such thing (%s)", doing, text)}
	case status == http.StatusBadRequest || status == http.StatusConflict:
		return &refusal{fmt.Errorf("%s: %s", doing, text)}
	case strings.Contains(text, "no such host"):
		return &refusal{fmt.Errorf("%s: the service is not found: check the region (%s)", doing, text)}
	}
	return fmt.Errorf("%s: %s", doing, text)
}

func isNotFound(resp *core.DetailedResponse) bool {
	return resp != nil && resp.StatusCode == http.StatusNotFound
}
