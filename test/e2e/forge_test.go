package e2e

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/golang-jwt/jwt/v5"

	"shop/test/testenv"
)

// jwk is an RSA public key as the issuer publishes it (RFC 7517).
type jwk struct {
	KeyType   string `json:"kty"`
	KeyID     string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	N         string `json:"n"`
	E         string `json:"e"`
}

func (k jwk) publicKey() (*rsa.PublicKey, error) {
	n, err := base64.RawURLEncoding.DecodeString(k.N)
	if err != nil {
		return nil, fmt.Errorf("reading n: %w", err)
	}
	e, err := base64.RawURLEncoding.DecodeString(k.E)
	if err != nil {
		return nil, fmt.Errorf("reading e: %w", err)
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
}

func publishedKeys(t *testing.T) []jwk {
	t.Helper()
	needStore(t)
	a := send(t, call{method: "GET", base: testenv.Env(t, "SHOP_ISSUER_URL"), path: "/.well-known/jwks.json"})
	return decode[struct {
		Keys []jwk `json:"keys"`
	}](t, a.want(t, http.StatusOK)).Keys
}

func claimsOf(token string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	_, _, err := jwt.NewParser().ParseUnverified(token, claims)
	return claims, err
}

func subjectOf(token string) (string, error) {
	claims, err := claimsOf(token)
	if err != nil {
		return "", err
	}
	return claims.GetSubject()
}

// draftToken is a token to be: change it, then sign it one way or another.
type draftToken struct {
	header map[string]any
	claims jwt.MapClaims
	key    string // the kid of the store's key that genuine signs with, whatever the header says
}

// copyOf takes a genuine token apart.
func copyOf(t *testing.T, token string) draftToken {
	t.Helper()
	claims := jwt.MapClaims{}
	parsed, _, err := jwt.NewParser().ParseUnverified(token, claims)
	if err != nil {
		t.Fatal(err)
	}
	kid, _ := parsed.Header["kid"].(string)
	return draftToken{maps.Clone(parsed.Header), claims, kid}
}

func (d draftToken) claim(name string, value any) draftToken {
	d.claims = maps.Clone(d.claims)
	if d.claims[name] = value; value == nil {
		delete(d.claims, name)
	}
	return d
}

func (d draftToken) head(name string, value any) draftToken {
	d.header = maps.Clone(d.header)
	if d.header[name] = value; value == nil {
		delete(d.header, name)
	}
	return d
}

func (d draftToken) signingString(t *testing.T) string {
	t.Helper()
	return segment(t, d.header) + "." + segment(t, d.claims)
}

func segment(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// genuine signs with the store's own key, which only the store should be able
// to: it shows what the checks of the claims are worth by themselves.
func (d draftToken) genuine(t *testing.T) string {
	t.Helper()
	unsigned := d.signingString(t)
	out, err := kmsClient(t).Sign(t.Context(), &kms.SignInput{
		KeyId: aws.String(storeKeys(t)[d.key]), Message: []byte(unsigned),
		MessageType: types.MessageTypeRaw, SigningAlgorithm: types.SigningAlgorithmSpecRsassaPkcs1V15Sha256,
	})
	if err != nil {
		t.Fatal(err)
	}
	return unsigned + "." + base64.RawURLEncoding.EncodeToString(out.Signature)
}

// withOtherKey is signed with the store's other key.
func (d draftToken) withOtherKey(t *testing.T) draftToken {
	t.Helper()
	for kid := range storeKeys(t) {
		if kid != d.key {
			d.key = kid
			return d
		}
	}
	t.Fatal("the store has one key only")
	return d
}

func kmsClient(t *testing.T) *kms.Client {
	t.Helper()
	return kms.New(kms.Options{Region: awsRegion, Credentials: awsCredentials, BaseEndpoint: aws.String(needAWS(t))})
}

// storeKeys are the ARNs of the store's two keys by what tokens call them.
// Which of the two signs may change at any time, for the keys are rotated.
func storeKeys(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, output := range []string{"SigningKeyArn", "StandbyKeyArn"} {
		arn := lookUp(t, stackOutputs, output)
		out, err := kmsClient(t).GetPublicKey(t.Context(), &kms.GetPublicKeyInput{KeyId: &arn})
		if err != nil {
			t.Fatal(err)
		}
		public, err := x509.ParsePKIXPublicKey(out.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		key, encode := public.(*rsa.PublicKey), base64.RawURLEncoding.EncodeToString
		found[thumbprint(jwk{N: encode(key.N.Bytes()), E: encode(big.NewInt(int64(key.E)).Bytes())})] = arn
	}
	return found
}
