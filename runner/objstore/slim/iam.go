package slim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"corecast/runner/objstore"
)

// tokens has a token for an IAM key, anew when a fifth of its time is left.
type tokens struct {
	access objstore.Access
	client *http.Client

	mu      sync.Mutex
	current string
	renewAt time.Time
}

func (t *tokens) token(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Now().Before(t.renewAt) {
		return t.current, nil
	}
	form := url.Values{
		"grant_type": {"urn:ibm:params:oauth:grant-type:apikey"}, "response_type": {"cloud_iam"}, "apikey": {t.access.APIKey},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(t.access.AuthURL, "/")+"/identity/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	resp, err := t.client.Do(r)
	if err != nil {
		return "", fmt.Errorf("get a token: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", fmt.Errorf("get a token: %w", err)
	}
	var got struct {
		AccessToken  string `json:"access_token"`
		ExpiresIn    int    `json:"expires_in"`
		ErrorMessage string `json:"errorMessage"`
	}
	if err := json.Unmarshal(text, &got); err != nil || resp.StatusCode != http.StatusOK || got.AccessToken == "" {
		err = fmt.Errorf("get a token: status %d: %s", resp.StatusCode, got.ErrorMessage)
		if !passing(resp.StatusCode) {
			err = fmt.Errorf("%w: %w", objstore.ErrForbidden, err)
		}
		return "", err
	}
	t.current = got.AccessToken
	t.renewAt = time.Now().Add(time.Duration(got.ExpiresIn) * time.Second * 4 / 5)
	return t.current, nil
}
