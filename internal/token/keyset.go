package token

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
)

// The paths of the issuer's two documents, below its URL.
const (
	DiscoveryPath = "/.well-known/openid-configuration"
	JWKSPath      = "/.well-known/jwks.json"
)

// Thumbprint returns the key's JWK thumbprint: the base64url SHA-256 of its required members (RFC 7638, section 3).
// It is the key's id in tokens and key sets.
func Thumbprint(key *rsa.PublicKey) string {
	n, e := members(key)
	sum := sha256.Sum256([]byte(`{"e":"` + e + `","kty":"RSA","n":"` + n + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// members returns the modulus and the exponent as RFC 7518, section 6.3.1 writes them.
func members(key *rsa.PublicKey) (n, e string) {
	encode := base64.RawURLEncoding.EncodeToString
	return encode(key.N.Bytes()), encode(big.NewInt(int64(key.E)).Bytes())
}

// JWK is a public RSA key as RFC 7517 writes it.
type JWK struct {
	KeyType   string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	N         string `json:"n"`
	E         string `json:"e"`
}

// KeySet is a JWK set (RFC 7517, section 5).
type KeySet struct {
	Keys []JWK `json:"keys"`
}

// JWKS returns the set of the keys. Without a key its list is empty, not nil.
func JWKS(keys []*rsa.PublicKey) KeySet {
	set := KeySet{Keys: make([]JWK, 0, len(keys))}
	for _, key := range keys {
		n, e := members(key)
		set.Keys = append(set.Keys, JWK{KeyType: "RSA", Use: "sig", Algorithm: algorithm, KeyID: Thumbprint(key), N: n, E: e})
	}
	return set
}

// Configuration is a discovery document. It holds what OpenID Connect Discovery 1.0, section 3 requires, as far as it is true
// here: there is neither an authorization nor a token endpoint, because log-in is a route of the store and not an OAuth flow.
type Configuration struct {
	Issuer         string   `json:"issuer"`
	JWKSURI        string   `json:"jwks_uri"`
	ResponseTypes  []string `json:"response_types_supported"`
	SubjectTypes   []string `json:"subject_types_supported"`
	SigningMethods []string `json:"id_token_signing_alg_values_supported"`
	Scopes         []string `json:"scopes_supported"`
}

// Discovery returns the discovery document of the issuer with this URL, which has no slash at its end.
func Discovery(issuer string) Configuration {
	return Configuration{
		Issuer:         issuer,
		JWKSURI:        issuer + JWKSPath,
		ResponseTypes:  []string{"token"},
		SubjectTypes:   []string{"public"},
		SigningMethods: []string{algorithm},
		Scopes:         []string{ScopeCustomer, ScopeAdmin},
	}
}
