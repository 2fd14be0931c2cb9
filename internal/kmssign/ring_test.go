package kmssign

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"shop/internal/observe"
)

// states answers GetPublicKey by the key's id: with a public key, or with a refusal of this type.
type states struct {
	refusals map[string]string
	public   *rsa.PublicKey
	asked    []string
}

func (s *states) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ KeyId string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	s.asked = append(s.asked, in.KeyId)
	if refusal := s.refusals[in.KeyId]; refusal != "" {
		reply(w, http.StatusBadRequest, map[string]any{"__type": refusal, "message": in.KeyId})
		return
	}
	reply(w, http.StatusOK, map[string]any{"KeyId": in.KeyId, "PublicKey": pkix(s.public)})
}

func newRing(t *testing.T, refusals map[string]string) (Ring, *states) {
	t.Helper()
	s := &states{refusals: refusals, public: &privateKey().PublicKey}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return NewRing(newClient(server.URL, anybody), []string{"a", "b"}), s
}

func silent(t *testing.T) context.Context {
	return observe.WithLogger(t.Context(), observe.New(io.Discard))
}

func TestRingReadsEachKeyOnce(t *testing.T) {
	ring, s := newRing(t, nil)
	for range 3 {
		got, err := ring.PublicKeys(silent(t))
		if err != nil || len(got) != 2 || !got[0].Equal(s.public) || !got[1].Equal(s.public) {
			t.Errorf("got %v and %v, want two keys", got, err)
		}
	}
	if want := []string{"a", "b"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked for %v, want %v", s.asked, want)
	}
}

func TestRingKeepsItsOrder(t *testing.T) {
	ring, s := newRing(t, nil)
	if _, err := ring[:1].PublicKeys(silent(t)); err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s.public = &other.PublicKey
	got, err := ring.PublicKeys(silent(t))
	if err != nil || len(got) != 2 || !got[0].Equal(&privateKey().PublicKey) || !got[1].Equal(&other.PublicKey) {
		t.Errorf("got %v and %v, want the keys in the order of the ids", got, err)
	}
}

func TestRingLeavesOutAKeyThatIsOutOfUse(t *testing.T) {
	for _, refusal := range []string{"DisabledException", "KMSInvalidStateException"} {
		ring, _ := newRing(t, map[string]string{"b": refusal})
		if got, err := ring.PublicKeys(silent(t)); err != nil || len(got) != 1 {
			t.Errorf("%s: got %v and %v, want the other key", refusal, got, err)
		}
		ring, _ = newRing(t, map[string]string{"a": refusal, "b": refusal})
		if got, err := ring.PublicKeys(silent(t)); !errors.Is(err, errNoKey) || got != nil {
			t.Errorf("%s of both: got %v and %v, want %v", refusal, got, err, errNoKey)
		}
	}
}

func TestRingAnswersWithAllKeysOrNone(t *testing.T) {
	ring, s := newRing(t, map[string]string{"b": "AccessDeniedException"})
	if got, err := ring.PublicKeys(silent(t)); !isDenied(err) || got != nil {
		t.Errorf("got %v and %v, want KMS's refusal and no key", got, err)
	}
	s.refusals = nil
	if got, err := ring.PublicKeys(silent(t)); err != nil || len(got) != 2 {
		t.Errorf("got %v and %v at the second try, want both keys", got, err)
	}
}
