package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

func TestVerifyAcceptsWhatIsForgedToPerfection(t *testing.T) {
	// Each entry differs from a forgery below in the one thing that the forgery gets wrong.
	now := testNow.Unix()
	for name, raw := range map[string]string{
		"as an Issuer writes it":     signed(marshal(goodHeader()), marshal(goodClaims())),
		"typ in capitals":            withHeader("typ", "AT+JWT"),
		"typ with its prefix":        withHeader("typ", "application/at+jwt"),
		"jwk is there but not used":  withHeader("jwk", object{"kty": "RSA"}),
		"unknown header member":      withHeader("zip", "DEF"),
		"unknown claim":              withClaim("name", "Ada"),
		"no nbf":                     withClaim("nbf", nil),
		"no scope":                   withClaim("scope", nil),
		"the last second before exp": withClaim("exp", now+1),
		"the longest life":           withLife(now, now+905),
		"iat and nbf within the leeway": signed(marshal(goodHeader()),
			marshal(with(with(goodClaims(), "nbf", now+5), "iat", now+5))),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := newVerifier().Verify(t.Context(), raw); err != nil {
				t.Errorf("got %v, want it accepted", err)
			}
		})
	}
}

func TestVerifyRefusesForgedHeaders(t *testing.T) {
	kid := Thumbprint(&ourKey().PublicKey)
	claims := marshal(goodClaims())
	for name, c := range map[string]struct {
		raw  string
		want error
	}{
		"alg none, no signature":   {unsigned("none"), errAlgorithm},
		"alg None":                 {unsigned("None"), errAlgorithm},
		"alg NONE":                 {unsigned("NONE"), errAlgorithm},
		"alg nOnE, good signature": {withHeader("alg", "nOnE"), errAlgorithm},
		"alg empty":                {withHeader("alg", ""), errAlgorithm},
		"alg missing":              {withHeader("alg", nil), errAlgorithm},
		"alg null":                 {signed(`{"alg":null,"typ":"at+jwt","kid":"`+kid+`"}`, claims), errAlgorithm},
		"alg in lower case":        {withHeader("alg", "rs256"), errAlgorithm},
		"ALG for alg": {signed(`{"ALG":"RS256","typ":"at+jwt","kid":"`+kid+`"}`,
			claims), errAlgorithm},
		"alg an array": {withHeader("alg", []string{"RS256"}), errHeader},
		"RS512": {signedWith(ourKey(), crypto.SHA512,
			marshal(with(goodHeader(), "alg", "RS512")), claims), errAlgorithm},
		"RS512 signature, alg RS256": {signedWith(ourKey(), crypto.SHA512, marshal(goodHeader()),
			claims), jwt.ErrTokenSignatureInvalid},
		"PS256":                      {sealedPSS(marshal(with(goodHeader(), "alg", "PS256")), claims), errAlgorithm},
		"PS256 signature, alg RS256": {sealedPSS(marshal(goodHeader()), claims), jwt.ErrTokenSignatureInvalid},
		"ES256": {signedES256(marshal(with(goodHeader(), "alg", "ES256")),
			claims), errAlgorithm},
		"other key under our kid": {signedWith(otherKey(), crypto.SHA256, marshal(goodHeader()),
			claims), jwt.ErrTokenSignatureInvalid},
		"other key under its own kid": {signedByOther(nil), ErrUnknownKey},
		"other key, embedded as jwk":  {signedByOther(object{"jwk": otherJWK()}), ErrUnknownKey},
		"other key, embedded, our kid": {
			signedByOther(object{"jwk": otherJWK(), "kid": kid}), jwt.ErrTokenSignatureInvalid,
		},
		"other key, at jku, our kid": {
			signedByOther(object{"jku": "https://evil.example/jwks.json", "kid": kid}), jwt.ErrTokenSignatureInvalid,
		},
		"other key, at x5u, our kid": {
			signedByOther(object{"x5u": "https://evil.example/x5u", "kid": kid}), jwt.ErrTokenSignatureInvalid,
		},
		"kid missing":                   {withHeader("kid", nil), errNoKeyID},
		"kid empty":                     {withHeader("kid", ""), errNoKeyID},
		"kid unknown":                   {withHeader("kid", "../../dev/null"), ErrUnknownKey},
		"kid with another trailing bit": {withHeader("kid", kid[:len(kid)-1]+"B"), ErrUnknownKey},
		"kid an array":                  {withHeader("kid", []string{kid}), errHeader},
		"kid a number":                  {withHeader("kid", 1), errHeader},
		"typ missing":                   {withHeader("typ", nil), errMediaType},
		"typ JWT":                       {withHeader("typ", "JWT"), errMediaType},
		"typ with a blank":              {withHeader("typ", "at+jwt "), errMediaType},
		"typ logout+jwt":                {withHeader("typ", "logout+jwt"), errMediaType},
		"crit with b64": {signed(marshal(with(with(goodHeader(), "crit", []string{"b64"}), "b64", false)),
			claims), errCritical},
		"crit null": {signed(`{"alg":"RS256","typ":"at+jwt","kid":"`+kid+`","crit":null}`,
			claims), errCritical},
		"duplicate alg": {signed(`{"alg":"none","alg":"RS256","typ":"at+jwt","kid":"`+kid+`"}`,
			claims), errHeader},
		"duplicate kid, by an escape": {signed(`{"alg":"RS256","typ":"at+jwt","kid":"x","\u006bid":"`+kid+`"}`,
			claims), errHeader},
		"header an array":           {signed(`["RS256"]`, claims), errHeader},
		"header null":               {signed(`null`, claims), errAlgorithm},
		"header with trailing data": {signed(marshal(goodHeader())+`{}`, claims), errHeader},
		"header not UTF-8": {signed(`{"alg":"RS256","typ":"at+jwt","kid":"`+kid+`","x":"`+"\xff"+`"}`,
			claims), errHeader},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.raw, c.want) })
	}
}

func TestVerifyRefusesThePublicKeyAsASecret(t *testing.T) {
	// The confusion of RFC 8725, section 2.1: what everyone can read, used as the key of an HMAC.
	public := &ourKey().PublicKey
	pkix, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PublicKey(public)
	for name, secret := range map[string][]byte{
		"PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}),
		"PEM, no last newline": []byte(
			strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}))),
		),
		"PEM of PKCS #1":     pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1}),
		"DER":                pkix,
		"DER of PKCS #1":     pkcs1,
		"modulus":            public.N.Bytes(),
		"modulus, base64url": []byte(encode(public.N.Bytes())),
		"kid":                []byte(Thumbprint(public)),
		"nothing":            nil,
	} {
		seal := func(text []byte) []byte {
			mac := hmac.New(sha256.New, secret)
			mac.Write(text)
			return mac.Sum(nil)
		}
		t.Run(name, func(t *testing.T) {
			refused(t, sealed(marshal(with(goodHeader(), "alg", "HS256")), marshal(goodClaims()), seal), errAlgorithm)
			refused(t, sealed(marshal(goodHeader()), marshal(goodClaims()), seal), jwt.ErrTokenSignatureInvalid)
		})
	}
}

func TestVerifyRefusesForgedClaims(t *testing.T) {
	now := testNow.Unix()
	head := marshal(goodHeader())
	for name, c := range map[string]struct {
		raw  string
		want error
	}{
		"iss missing":               {withClaim("iss", nil), jwt.ErrTokenRequiredClaimMissing},
		"iss of another":            {withClaim("iss", "https://evil.example"), jwt.ErrTokenInvalidIssuer},
		"iss with a trailing slash": {withClaim("iss", testIssuer+"/"), jwt.ErrTokenInvalidIssuer},
		"iss in capitals":           {withClaim("iss", strings.ToUpper(testIssuer)), jwt.ErrTokenInvalidIssuer},
		"iss an array":              {withClaim("iss", []string{testIssuer}), errClaims},
		"aud missing":               {withClaim("aud", nil), jwt.ErrTokenRequiredClaimMissing},
		"aud of another":            {withClaim("aud", "bank"), jwt.ErrTokenInvalidAudience},
		"aud empty":                 {withClaim("aud", ""), jwt.ErrTokenRequiredClaimMissing},
		"aud ours among others":     {withClaim("aud", []string{"bank", testAudience}), errClaims},
		"exp missing":               {withClaim("exp", nil), jwt.ErrTokenRequiredClaimMissing},
		"exp null": {
			signed(head, `{"iss":"`+testIssuer+`","aud":"shop","sub":"u","email":"e","iat":1,"exp":null}`),
			jwt.ErrTokenRequiredClaimMissing,
		},
		"exp zero":       {withClaim("exp", 0), jwt.ErrTokenRequiredClaimMissing},
		"exp a string":   {withClaim("exp", fmt.Sprint(now+900)), errClaims},
		"exp a fraction": {withClaim("exp", float64(now+900)+0.5), errClaims},
		"exp with an exponent": {signed(head,
			`{"iss":"`+testIssuer+`","aud":"shop","sub":"u","email":"e","iat":1,"exp":1e11}`), errClaims},
		"exp now":                {withClaim("exp", now), jwt.ErrTokenExpired},
		"exp long past":          {withClaim("exp", now-3600), jwt.ErrTokenExpired},
		"exp negative":           {withClaim("exp", -1), jwt.ErrTokenExpired},
		"exp the smallest int64": {withClaim("exp", int64(math.MinInt64)), errDates},
		"exp the largest int64":  {withClaim("exp", int64(math.MaxInt64)), errDates},
		"exp over int64":         {withClaim("exp", uint64(math.MaxUint64)), errClaims},
		"exp a day after iat":    {withLife(now-5, now+86400), errLongLife},
		"exp a second too late":  {withLife(now, now+906), errLongLife},
		"iat before its time":    {withLife(1, now+900), errLongLife},
		"exp at the end of time": {withLife(now, lastDate), errLongLife},
		"Exp for exp": {signed(head,
			marshal(with(with(goodClaims(), "exp", nil), "Exp", now+900))), jwt.ErrTokenRequiredClaimMissing},
		"nbf in the future":         {withClaim("nbf", now+60), jwt.ErrTokenNotValidYet},
		"nbf just over the leeway":  {withClaim("nbf", now+6), jwt.ErrTokenNotValidYet},
		"nbf a string":              {withClaim("nbf", fmt.Sprint(now)), errClaims},
		"nbf the largest int64":     {withClaim("nbf", int64(math.MaxInt64)), errDates},
		"iat missing":               {withClaim("iat", nil), errNoIAT},
		"iat in the future":         {withClaim("iat", now+60), jwt.ErrTokenUsedBeforeIssued},
		"iat a string":              {withClaim("iat", fmt.Sprint(now)), errClaims},
		"iat the largest int64":     {withClaim("iat", int64(math.MaxInt64)), errDates},
		"iat negative":              {withClaim("iat", -1), errDates},
		"sub missing":               {withClaim("sub", nil), errNoSubject},
		"sub empty":                 {withClaim("sub", ""), errNoSubject},
		"sub a number":              {withClaim("sub", 7), errClaims},
		"sub an array":              {withClaim("sub", []string{"usr_0195"}), errClaims},
		"email missing":             {withClaim("email", nil), errNoSubject},
		"email an object":           {withClaim("email", object{"x": 1}), errClaims},
		"scope an array":            {withClaim("scope", []string{"admin"}), errClaims},
		"duplicate sub":             {signed(head, `{"sub":"usr_1",`+marshal(goodClaims())[1:]), errClaims},
		"duplicate unknown claim":   {signed(head, `{"x":1,"x":1,`+marshal(goodClaims())[1:]), errClaims},
		"claims null":               {signed(head, `null`), jwt.ErrTokenRequiredClaimMissing},
		"claims an array":           {signed(head, `[]`), errClaims},
		"claims a string":           {signed(head, `"{}"`), errClaims},
		"claims empty":              {signed(head, ``), jwt.ErrTokenMalformed},
		"claims with trailing data": {signed(head, marshal(goodClaims())+`{}`), jwt.ErrTokenMalformed},
		"claims not UTF-8":          {signed(head, `{"x":"`+"\xff"+`",`+marshal(goodClaims())[1:]), errClaims},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.raw, c.want) })
	}
}

func TestVerifyRefusesDamagedTokens(t *testing.T) {
	good := issue(t)
	parts := strings.Split(good, ".")
	head, claims, signature := parts[0], parts[1], parts[2]
	for name, c := range map[string]struct {
		raw  string
		want error
	}{
		"empty":                   {"", errHeader},
		"dots only":               {"..", errHeader},
		"one segment":             {head, jwt.ErrTokenMalformed},
		"two segments":            {head + "." + claims, jwt.ErrTokenMalformed},
		"no signature":            {head + "." + claims + ".", jwt.ErrTokenSignatureInvalid},
		"no claims":               {head + ".." + signature, jwt.ErrTokenMalformed},
		"four segments":           {good + "." + signature, jwt.ErrTokenMalformed},
		"a dot at the end":        {good + ".", jwt.ErrTokenMalformed},
		"a dot at the start":      {"." + good, errHeader},
		"five segments, as a JWE": {good + "." + head + "." + claims, jwt.ErrTokenMalformed},
		"truncated by one":        {good[:len(good)-1], jwt.ErrTokenMalformed},
		"signature of half the length": {
			head + "." + claims + "." + encode(decode(t, signature)[:128]), jwt.ErrTokenSignatureInvalid,
		},
		"signature with a leading zero": {
			head + "." + claims + "." + encode(append([]byte{0}, decode(t, signature)...)),
			jwt.ErrTokenSignatureInvalid,
		},
		"padding":       {good + "==", errCharacters},
		"padded header": {head + "=." + claims + "." + signature, errCharacters},
		"standard base64": {
			head + "." + claims + "." + base64.RawStdEncoding.EncodeToString(append(decode(t, signature), 0xfb, 0xff)),
			errCharacters,
		},
		"blank before":             {" " + good, errCharacters},
		"newline after":            {good + "\n", errCharacters},
		"newline in the signature": {good[:len(good)-8] + "\n" + good[len(good)-8:], errCharacters},
		"CR LF in the signature":   {good[:len(good)-8] + "\r\n" + good[len(good)-8:], errCharacters},
		"newline in the header":    {good[:4] + "\n" + good[4:], errCharacters},
		"NUL after":                {good + "\x00", errCharacters},
		"not UTF-8":                {good + "\xff", errCharacters},
		"with its scheme":          {"Bearer " + good, errCharacters},
		"JSON serialization": {
			`{"payload":"` + claims + `","protected":"` + head + `","signature":"` + signature + `"}`, errCharacters,
		},
		"8 KiB and one byte": {withClaim("x", strings.Repeat("x", maxSize)), errTooLong},
		"a mebibyte of dots": {strings.Repeat(".", 1<<20), errTooLong},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.raw, c.want) })
	}
}

func TestVerifyRefusesEveryChangedCharacter(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	v, good := newVerifier(), issue(t)
	for i := range good {
		for _, c := range alphabet {
			if byte(c) == good[i] {
				continue
			}
			changed := good[:i] + string(c) + good[i+1:]
			if _, err := v.Verify(t.Context(), changed); !errors.Is(err, ErrInvalid) {
				t.Fatalf("character %d of %d changed to %q: got error %v, want ErrInvalid", i, len(good), c, err)
			}
		}
	}
}

// refused fails the test unless the token is refused for the cause, in words that give nothing of it away.
func refused(t *testing.T, raw string, cause error) {
	t.Helper()
	claims, err := newVerifier().Verify(t.Context(), raw)
	if !errors.Is(err, ErrInvalid) {
		t.Fatalf("got claims %+v and error %v, want ErrInvalid", claims, err)
	}
	if !errors.Is(err, cause) {
		t.Errorf("got the cause %q, want %q", err, cause)
	}
	if claims.UserID != "" || claims.Scopes != nil {
		t.Errorf("got claims %+v beside the error, want none", claims)
	}
	holdsNothingOf(t, raw, err)
}

func holdsNothingOf(t *testing.T, raw string, err error) {
	t.Helper()
	secrets := append(strings.FieldsFunc(raw, func(r rune) bool { return r == '.' }), "ada@example.com", "usr_0195")
	for _, secret := range secrets {
		if len(secret) > 3 && strings.Contains(err.Error(), secret) {
			t.Errorf("the error %q holds %q of the token", err, secret)
		}
	}
}

func unsigned(alg string) string {
	return encode([]byte(marshal(with(goodHeader(), "alg", alg)))) + "." + encode([]byte(marshal(goodClaims()))) + "."
}

func signedByOther(extra object) string {
	head := with(goodHeader(), "kid", Thumbprint(&otherKey().PublicKey))
	for name, value := range extra {
		head = with(head, name, value)
	}
	return signedWith(otherKey(), crypto.SHA256, marshal(head), marshal(goodClaims()))
}

func otherJWK() object {
	n, e := members(&otherKey().PublicKey)
	return object{"kty": "RSA", "alg": "RS256", "use": "sig", "n": n, "e": e}
}

func signedES256(header, claims string) string {
	return sealed(header, claims, func(text []byte) []byte {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		digest := sha256.Sum256(text)
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			panic(err)
		}
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature
	})
}

func decode(t *testing.T, segment string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
