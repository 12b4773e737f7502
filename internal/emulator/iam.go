package emulator

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// tokens is IAM's token endpoint, and knows which tokens hold.
type tokens struct {
	apiKey string
	life   time.Duration
	clock  func() time.Time
	key    []byte // that tokens are signed with
}

func newTokens(apiKey string, life time.Duration, clock func() time.Time) *tokens {
	return &tokens{apiKey: apiKey, life: life, clock: clock, key: []byte(random(32))}
}

// Grants of tokens.
const (
	grantAPIKey  = "urn:ibm:params:oauth:grant-type:apikey"
	grantRefresh = "refresh_token"
)

// ServeHTTP gives a token for the key, or for a token to refresh.
func (t *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		t.refuse(w, r, http.StatusMethodNotAllowed, "BXNIM0105E", "Method not allowed: POST a form.")
		return
	}
	if err := r.ParseForm(); err != nil {
		t.refuse(w, r, http.StatusBadRequest, "BXNIM0109E", "The form cannot be read.")
		return
	}
	switch r.PostForm.Get("grant_type") {
	case grantAPIKey:
		if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("apikey")), []byte(t.apiKey)) != 1 {
			t.refuse(w, r, http.StatusBadRequest, "BXNIM0415E", "Provided API key could not be found.")
			return
		}
	case grantRefresh:
		if t.check(r.PostForm.Get("refresh_token"), "refresh") != nil {
			t.refuse(w, r, http.StatusBadRequest, "BXNIM0408E", "Provided refresh_token is invalid.")
			return
		}
	default:
		t.refuse(w, r, http.StatusBadRequest, "BXNIM0106E", fmt.Sprintf("Property grant_type has a wrong value: %q.", r.PostForm.Get("grant_type")))
		return
	}
	now := t.clock()
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": t.make(now, "access", t.life), "refresh_token": t.make(now, "refresh", 30*24*time.Hour),
		"ims_user_id": 1, "token_type": "Bearer", "expires_in": int(t.life.Seconds()), "expiration": now.Add(t.life).Unix(), "scope": "ibm openid",
	})
}

func (t *tokens) refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	writeJSON(w, status, map[string]any{
		"errorCode": code, "errorMessage": message,
		"context": map[string]string{"requestId": random(8), "requestType": "incoming.Identity_Token", "url": r.URL.Path},
	})
}

// make makes a token for a use.
func (t *tokens) make(now time.Time, use string, life time.Duration) string {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iat": now.Unix(), "exp": now.Add(life).Unix(), "iam_id": "IBMid-emulated", "id": "IBMid-emulated", "sub": "emulated", "use": use,
		"iss": "https://iam.cloud.ibm.com/identity", "account": map[string]any{"valid": true, "bss": "emulated"},
	})
	signed, err := token.SignedString(t.key)
	if err != nil {
		panic(err) // the key is one for the method, and the claims are JSON
	}
	return signed
}

// check says why a token does not hold for a use.
func (t *tokens) check(token, use string) error {
	parsed, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return t.key, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(t.clock))
	if err != nil {
		return err
	}
	if claims, ok := parsed.Claims.(jwt.MapClaims); !ok || claims["use"] != use {
		return errors.New("it is not of this use")
	}
	return nil
}

// bearer returns the token of a request; empty for none.
func bearer(r *http.Request) string {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value) // an error is the client's connection
}
