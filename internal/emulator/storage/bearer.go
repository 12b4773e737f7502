package storage

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

// Sign signs a request in the place of a client that showed a token instead, as
// IBM Cloud Object Storage allows. The token must have been checked.
func (s *Server) Sign(r *http.Request) error {
	const unsigned = "UNSIGNED-PAYLOAD"
	r.Header.Del("Authorization")
	r.URL.RawPath = httpbinding.EscapePath(r.URL.Path, false) // as S3 has it in signatures
	r.Header.Set("X-Amz-Content-Sha256", unsigned)
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return signer.SignHTTP(r.Context(), s.owner, r, unsigned, "s3", s.region, time.Now())
}

// owner are the keys of who owns the store.
func owner(o Options) aws.Credentials {
	return aws.Credentials{AccessKeyID: o.AccessKey, SecretAccessKey: o.SecretKey}
}
