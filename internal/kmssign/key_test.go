package kmssign

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"shop/internal/deadline"
	"shop/internal/rootkeys"
	"shop/internal/token"
	"shop/test/testenv"

	"shop/internal/observe/observetest"
)

const keyID = "arn:aws:kms:eu-west-1:000000000000:key/b1a2"

// service speaks the JSON protocol of KMS over HTTP, with a real key.
type service struct {
	private *rsa.PrivateKey

	mu       sync.Mutex
	requests []request
	failures int    // how many requests to refuse before the first is answered
	public   []byte // PublicKey's answer, unless nil
}

// request is what was asked for: the operation and its fields.
type request struct {
	operation string
	fields    map[string]any
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
	var in struct{ Message []byte }
	fields := map[string]any{}
	body, _ := io.ReadAll(r.Body)
	if json.Unmarshal(body, &in) != nil || json.Unmarshal(body, &fields) != nil {
		reply(w, http.StatusBadRequest, map[string]any{"__type": "SerializationException"})
		return
	}
	s.requests = append(s.requests, request{operation, fields})
	s.answer(w, operation, in.Message)
}

func (s *service) answer(w http.ResponseWriter, operation string, digest []byte) {
	if s.failures > 0 {
		s.failures--
		reply(w, http.StatusBadRequest,
			map[string]any{"__type": "AccessDeniedException", "message": "no kms:" + operation})
		return
	}
	switch operation {
	case "GetPublicKey":
		reply(w, http.StatusOK, map[string]any{
			"KeyId": keyID, "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY", "PublicKey": s.publicKey(),
		})
	case "Sign":
		signature, err := rsa.SignPKCS1v15(nil, s.private, crypto.SHA256, digest)
		if err != nil {
			reply(w, http.StatusBadRequest, map[string]any{"__type": "ValidationException", "message": err.Error()})
			return
		}
		reply(w, http.StatusOK,
			map[string]any{"KeyId": keyID, "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256", "Signature": signature})
	default:
		reply(w, http.StatusBadRequest, map[string]any{"__type": "UnknownOperationException"})
	}
}

func (s *service) publicKey() []byte {
	if s.public != nil {
		return s.public
	}
	return pkix(&s.private.PublicKey)
}

func pkix(key any) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	return der
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (s *service) operations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, r := range s.requests {
		names = append(names, r.operation)
	}
	return names
}

var privateKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newKey(t *testing.T) (Signer, *service) {
	t.Helper()
	s := &service{private: privateKey()}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return NewSigner(newClient(server.URL, anybody), keyID), s
}

// anybody may call a fake service.
var anybody = credentials.NewStaticCredentialsProvider("test", "test", "")

func newClient(url string, by aws.CredentialsProvider) *kms.Client {
	return kms.New(kms.Options{
		BaseEndpoint: aws.String(url),
		Region:       "eu-west-1",
		Credentials:  by,
	})
}

func TestSignAsksForExactlyThisSignature(t *testing.T) {
	key, s := newKey(t)
	digest := sha256.Sum256([]byte("header.claims"))
	signature, err := key.Sign(t.Context(), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	if err := rsa.VerifyPKCS1v15(&s.private.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
		t.Errorf("the signature does not verify: %v", err)
	}
	asked := s.requests[0]
	want := map[string]any{
		"KeyId": keyID, "MessageType": "DIGEST", "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256",
		"Message": base64(t, digest[:]),
	}
	if len(s.requests) != 1 || asked.operation != "Sign" || !maps.Equal(asked.fields, want) {
		t.Errorf("got requests %v, want one Sign of %v", s.requests, want)
	}
}

// base64 returns bytes as JSON writes them.
func base64(t *testing.T, b []byte) string {
	t.Helper()
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(string(text), `"`)
}

func TestPublicKeyIsReadOnce(t *testing.T) {
	key, s := newKey(t)
	for range 3 {
		got, err := key.PublicKey(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !got.Equal(&s.private.PublicKey) {
			t.Error("got another key")
		}
	}
	if len(s.requests) != 1 || s.requests[0].operation != "GetPublicKey" ||
		!maps.Equal(s.requests[0].fields, map[string]any{"KeyId": keyID}) {
		t.Errorf("got requests %v, want one GetPublicKey of the key", s.requests)
	}
}

func TestPublicKeyIsReadOnceByManyAtOnce(t *testing.T) {
	key, s := newKey(t)
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			if _, err := key.PublicKey(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got, want := s.operations(), []string{"GetPublicKey"}; !slices.Equal(got, want) {
		t.Errorf("got requests %v, want %v", got, want)
	}
}

func TestPublicKeyForgetsAFailure(t *testing.T) {
	key, s := newKey(t)
	s.failures = 1
	if _, err := key.PublicKey(t.Context()); !isDenied(err) {
		t.Fatalf("got %v, want KMS's refusal", err)
	}
	if _, err := key.PublicKey(t.Context()); err != nil {
		t.Errorf("got %v at the second try, want the key", err)
	}
}

// at is a KMS that a test answers for.
type at func(*http.Request) (*http.Response, error)

func (f at) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// keyOver calls KMS as a function does, whose attempts end after deadline.Call.
func keyOver(kmsAnswers at) Signer {
	return NewSigner(kms.New(kms.Options{
		Region:      "eu-west-1",
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:  &http.Client{Transport: kmsAnswers, Timeout: deadline.Call},
	}), keyID)
}

func fails(status int, code string) at {
	return func(*http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		reply(w, status, map[string]any{"__type": code, "message": "injected"})
		return w.Result(), nil
	}
}

func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func breaks(*http.Request) (*http.Response, error) {
	return nil, errors.New("connection reset by peer")
}

// uses are the two uses of the key.
var uses = map[string]func(context.Context, Signer) error{
	"sign": func(ctx context.Context, k Signer) error {
		_, err := k.Sign(ctx, make([]byte, sha256.Size))
		return err
	},
	"read": func(ctx context.Context, k Signer) error {
		_, err := k.PublicKey(ctx)
		return err
	},
}

// TestFailuresTellWhetherARepeatMayHelp: so a token that cannot be signed or checked for now is answered 503, and one
// that cannot be ever, 500. A service that hangs is given up before the function's time is.
func TestFailuresTellWhetherARepeatMayHelp(t *testing.T) {
	for name, c := range map[string]struct {
		kms  at
		want bool
	}{
		"throttled":      {fails(http.StatusBadRequest, "ThrottlingException"), true},
		"limit exceeded": {fails(http.StatusBadRequest, "LimitExceededException"), true},
		"internal":       {fails(http.StatusInternalServerError, "KMSInternalException"), true},
		"unavailable":    {fails(http.StatusServiceUnavailable, "ServiceUnavailable"), true},
		"slow inside":    {fails(http.StatusServiceUnavailable, "DependencyTimeoutException"), true},
		"broken":         {breaks, true},
		"hung":           {hangs, true},
		"denied":         {fails(http.StatusBadRequest, "AccessDeniedException"), false},
		"disabled":       {fails(http.StatusBadRequest, "DisabledException"), false},
		"no such key":    {fails(http.StatusBadRequest, "NotFoundException"), false},
	} {
		for use, call := range uses {
			t.Run(use+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					start := time.Now()
					ctx, cancel := context.WithTimeout(context.Background(), 9*time.Second)
					defer cancel()
					err := call(ctx, keyOver(c.kms))
					var failure interface{ Temporary() bool }
					if !errors.As(err, &failure) || failure.Temporary() != c.want {
						t.Errorf("got %v, want one that says %v", err, c.want)
					}
					if took := time.Since(start); took > 9*time.Second {
						t.Errorf("took %s", took)
					}
				})
			})
		}
	}
}

// TestTokenWhileKMSFails: the failure reaches who checks or issues a token as what it is, and no later token is held
// back by it.
func TestTokenWhileKMSFails(t *testing.T) { synctest.Test(t, whileKMSFails) }

func whileKMSFails(t *testing.T) {
	s := &service{private: privateKey()}
	throttled, down := fails(http.StatusBadRequest, "ThrottlingException"), true
	key := keyOver(func(r *http.Request) (*http.Response, error) {
		if down {
			return throttled(r)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Result(), nil
	})
	issuer := token.Issuer{URL: "https://issuer.example", Audience: "shop", Signer: key, Now: time.Now}
	_, read := key.PublicKey(t.Context())
	_, _, issued := issuer.Issue(t.Context(), token.Subject{
		UserID: "usr_1", Email: "ada@example.com", Scopes: []string{token.ScopeCustomer}, SessionID: "ses_1",
	})
	for doing, err := range map[string]error{"reading the key": read, "issuing": issued} {
		var failure interface{ Temporary() bool }
		if !errors.As(err, &failure) || !failure.Temporary() || errors.Is(err, token.ErrInvalid) {
			t.Errorf("%s: got %v, want one that says that a repeat may help", doing, err)
		}
	}
	down = false
	issueAndVerify(t, key)
}

func TestPublicKeyRefusesWhatIsNoRSAKey(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, public := range map[string][]byte{
		"elliptic curve": pkix(&curve.PublicKey),
		"garbage":        []byte("garbage"),
		"nothing":        {},
	} {
		t.Run(name, func(t *testing.T) {
			key, s := newKey(t)
			s.public = public
			if got, err := key.PublicKey(t.Context()); err == nil || got != nil {
				t.Errorf("got key %v and no error, want an error", got)
			}
		})
	}
}

func TestSignPassesOnARefusal(t *testing.T) {
	key, s := newKey(t)
	s.failures = 1
	digest := sha256.Sum256(nil)
	measured := observetest.Measured(t, func() {
		if signature, err := key.Sign(t.Context(), digest[:]); !isDenied(err) || signature != nil {
			t.Errorf("got signature %x and error %v, want KMS's refusal", signature, err)
		}
	})
	if measured["TokensNotSigned"] != 1 {
		t.Errorf("measured %v, want a token that was not signed", measured)
	}
}

// TestTokensNotSigned: a token is counted once, also in a process that never read the key.
func TestTokensNotSigned(t *testing.T) {
	disabled := fails(http.StatusBadRequest, "DisabledException")
	for name, reads := range map[string]bool{"cold": false, "warm": true} {
		key, s := newKey(t)
		if reads {
			if _, err := key.PublicKey(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		key.Client = keyOver(disabled).Client
		issuer := token.Issuer{URL: "https://issuer.example", Audience: "shop", Signer: key, Now: time.Now}
		measured := observetest.Measured(t, func() {
			_, _, err := issuer.Issue(t.Context(), token.Subject{
				UserID: "usr_1", Email: "ada@example.com", Scopes: []string{token.ScopeCustomer}, SessionID: "ses_1",
			})
			if !isOutOfUse(err) {
				t.Errorf("%s: got %v, want KMS's refusal", name, err)
			}
		})
		if measured["TokensNotSigned"] != 1 {
			t.Errorf("%s: measured %v, want one token that was not signed", name, measured)
		}
		if reads != slices.Contains(s.operations(), "GetPublicKey") {
			t.Errorf("%s: got requests %v", name, s.operations())
		}
	}
}

// TestReadingKeysSignsNoTokens: who publishes keys counts no tokens.
func TestReadingKeysSignsNoTokens(t *testing.T) {
	ring, _ := newRing(t, map[string]string{"b": "AccessDeniedException"})
	measured := observetest.Measured(t, func() {
		if _, err := ring.PublicKeys(silent(t)); !isDenied(err) {
			t.Errorf("got %v, want KMS's refusal", err)
		}
	})
	if len(measured) != 0 {
		t.Errorf("measured %v, want nothing", measured)
	}
}

func TestSignStopsWithItsContext(t *testing.T) {
	key, s := newKey(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := key.Sign(ctx, make([]byte, 32)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if _, err := key.PublicKey(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if got := s.operations(); len(got) != 0 {
		t.Errorf("got requests %v, want none", got)
	}
}

func isDenied(err error) bool {
	var api interface{ ErrorCode() string }
	return errors.As(err, &api) && api.ErrorCode() == "AccessDeniedException"
}

func TestTokenSignedByKMS(t *testing.T) {
	key, s := newKey(t)
	issueAndVerify(t, key)
	if got, want := s.operations(), []string{"GetPublicKey", "Sign"}; !slices.Equal(got, want) {
		t.Errorf("got requests %v, want %v", got, want)
	}
}

// TestTokenSignedByTheEmulator does the same with the service that a local store uses.
func TestTokenSignedByTheEmulator(t *testing.T) {
	client := newClient(testenv.Env(t, "SHOP_AWS_URL"), rootkeys.Of(testenv.Env(t, "SHOP_DATA")))
	made, err := client.CreateKey(t.Context(),
		&kms.CreateKeyInput{KeySpec: types.KeySpecRsa2048, KeyUsage: types.KeyUsageTypeSignVerify})
	if err != nil {
		t.Fatal(err)
	}
	id := made.KeyMetadata.KeyId
	t.Cleanup(func() {
		// The test's own context has ended by now.
		_, err := client.ScheduleKeyDeletion(context.Background(),
			&kms.ScheduleKeyDeletionInput{KeyId: id, PendingWindowInDays: aws.Int32(7)})
		if err != nil {
			t.Error(err)
		}
	})
	issueAndVerify(t, NewSigner(client, *id))
}

// published is token.Keys of the one key.
type published struct{ key Signer }

func (p published) PublicKey(ctx context.Context, id string) (*rsa.PublicKey, error) {
	public, err := p.key.PublicKey(ctx)
	if err == nil && token.Thumbprint(public) != id {
		return nil, token.ErrUnknownKey
	}
	return public, err
}

func issueAndVerify(t *testing.T, key Signer) {
	t.Helper()
	issuer := token.Issuer{URL: "https://issuer.example", Audience: "shop", Signer: key, Now: time.Now}
	subject := token.Subject{
		UserID: "usr_1", Email: "ada@example.com", Scopes: []string{token.ScopeCustomer}, SessionID: "ses_1",
	}
	raw, _, err := issuer.Issue(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	verifier := token.Verifier{Issuer: issuer.URL, Audience: issuer.Audience, Keys: published{key}, Now: time.Now}
	claims, err := verifier.Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if claims.UserID != subject.UserID || !claims.HasScope(token.ScopeCustomer) {
		t.Errorf("got %+v, want %+v", claims.Subject, subject)
	}
}
