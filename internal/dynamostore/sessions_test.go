package dynamostore

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/user"
	"shop/test/awsfault"
)

func (s *shop) sessions() *Sessions {
	return &Sessions{Client: s.client, AuthState: s.tables.Name("AuthState")}
}

// begin stores a session, by a log-in that nothing else is said of.
func (s *shop) begin() {
	s.t.Helper()
	s.must(s.sessions().Start(s.t.Context(), annsSession, attempt(annsSession.Email, "192.0.2.7", opened)))
}

// TestBeginReplacesASession: the session that came along ends in the write that begins the next, and no other one; one
// that is gone already stops nothing.
func TestBeginReplacesASession(t *testing.T) {
	s := open(t)
	s.begin()
	other, next := annsSession, annsSession
	other.ID, next.ID, next.Replaces = "ses_2", "ses_3", "ses_1"
	for _, begun := range []user.OpenSession{other, next, next} {
		s.must(s.sessions().Start(t.Context(), begun, attempt(begun.Email, "192.0.2.7", opened)))
	}
	s.wantNoSession("ses_1")
	next.Replaces = ""
	s.wantSession(other)
	s.wantSession(next)
}

func hashOf(secret string) user.SecretHash { return sha256.Sum256([]byte(secret)) }

var annsSession = user.OpenSession{
	ID: "ses_1", UserID: "usr_1", Email: "ann@example.com", SecretHash: hashOf("first"),
	Generation: 4, BegunAt: opened.Add(7 * time.Millisecond), ExpiresAt: opened.Add(30 * 24 * time.Hour),
}

// renewed is the session with another secret, by a use an hour after the last one.
func renewed(s user.OpenSession, secret string) user.OpenSession {
	at := s.LastRefresh.At.Add(time.Hour)
	if s.LastRefresh.At.IsZero() {
		at = opened
	}
	s.LastRefresh = user.LastRefresh{SecretHash: s.SecretHash, Salt: user.Salt(hashOf("salt of " + secret)), At: at}
	s.SecretHash, s.ExpiresAt = hashOf(secret), s.ExpiresAt.Add(time.Hour)
	return s
}

// wantRenewed renews a session by a secret, and fails the test unless the session is as wanted then.
func (s *shop) wantRenewed(used user.SecretHash, next, want user.OpenSession) {
	s.t.Helper()
	if got, err := s.sessions().Renew(s.t.Context(), used, next); err != nil || got != want {
		s.t.Errorf("got %+v and error %v, want %+v", got, err, want)
	}
	s.wantSession(want)
}

func (s *shop) wantSession(want user.OpenSession) {
	s.t.Helper()
	got, err := s.sessions().Find(s.t.Context(), want.ID)
	s.must(err)
	if got != want {
		s.t.Errorf("got %+v, want %+v", got, want)
	}
}

func (s *shop) wantNoSession(id string) {
	s.t.Helper()
	if got, err := s.sessions().Find(s.t.Context(), id); !errors.Is(err, user.ErrSessionOver) {
		s.t.Errorf("got %+v and error %v, want ErrSessionOver", got, err)
	}
}

func TestSessions(t *testing.T) {
	s := open(t)
	s.wantNoSession(annsSession.ID)
	s.begin()
	s.wantSession(annsSession)
	second := renewed(annsSession, "second")
	s.wantRenewed(annsSession.SecretHash, second, second)
	s.wantRenewed(annsSession.SecretHash, renewed(annsSession, "third"), second) // by a used secret
	third := renewed(second, "third")
	s.wantRenewed(second.SecretHash, third, third)
	for range 2 {
		s.must(s.sessions().End(t.Context(), annsSession.ID))
	}
	s.wantNoSession(annsSession.ID)
	if _, err := s.sessions().Renew(
		t.Context(), third.SecretHash, renewed(third, "fourth"),
	); !errors.Is(err, user.ErrSessionOver) {
		t.Errorf("once ended: got %v, want ErrSessionOver", err)
	}
	s.wantNoSession(annsSession.ID) // a renewal begins none
}

// The SDK repeats the write, whose condition then fails on our own renewal.
func TestRenewalWhoseAnswerWasLostSucceeds(t *testing.T) {
	s := open(t)
	s.begin()
	s.faults.On("UpdateItem", awsfault.Lost)
	second := renewed(annsSession, "second")
	s.wantRenewed(annsSession.SecretHash, second, second)
	if got := s.faults.Calls("UpdateItem"); got != 2 {
		t.Errorf("calls: got %d, want ours and its repeat", got)
	}
}

// Between the write whose answer was lost and its repeat, another use of the secret has ended the session: the repeat
// must not take that for its success.
func TestRenewalWhoseAnswerWasLostAndWhoseSessionWasEnded(t *testing.T) {
	s := open(t)
	s.begin()
	other := &Sessions{Client: s.tables.Client(nil), AuthState: s.tables.Name("AuthState")}
	s.faults.On("UpdateItem", awsfault.Lost, func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		s.must(other.End(t.Context(), annsSession.ID))
		return next.RoundTrip(r)
	})
	if _, err := s.sessions().Renew(
		t.Context(), annsSession.SecretHash, renewed(annsSession, "second"),
	); !errors.Is(err, user.ErrSessionOver) {
		t.Errorf("got %v, want ErrSessionOver", err)
	}
	s.wantNoSession(annsSession.ID)
}

// TestOneOfManyRenewalsSucceeds, and the others are told of it.
func TestOneOfManyRenewalsSucceeds(t *testing.T) {
	s := open(t)
	s.begin()
	const uses = 20
	var group sync.WaitGroup
	told := make([]user.OpenSession, uses)
	for i := range uses {
		group.Go(func() {
			var err error
			if told[i], err = s.sessions().Renew(
				t.Context(), annsSession.SecretHash, renewed(annsSession, number3(i)),
			); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, got := range told {
		s.wantSession(got)
	}
}

// TestManyUsesOfOneToken: all are given one successor, which goes on.
func TestManyUsesOfOneToken(t *testing.T) {
	s := open(t)
	a := s.account("usr_1", "pw")
	first, err := a.logIn(nil, "pw")
	s.must(err)
	r := user.Refresh{Sessions: s.sessions(), Users: s.accounts(), Tokens: plain{}, Grace: time.Minute, Now: time.Now}
	var group sync.WaitGroup
	successors := make([]string, 8)
	for i := range successors {
		group.Go(func() {
			got, err := r.Do(t.Context(), first.RefreshToken)
			if successors[i] = got.RefreshToken; err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if slices.Sort(successors); len(slices.Compact(successors)) != 1 {
		t.Errorf("one token has the successors %q", successors)
	}
	_, err = r.Do(t.Context(), successors[0])
	s.must(err)
}

// What is stored of a token is its hash, and the time by which TTL may clean up is that of the end.
func TestSessionItem(t *testing.T) {
	s := open(t)
	s.begin()
	out, err := s.client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String(s.tables.Name("AuthState")), Key: sessionKey(annsSession.ID),
		ConsistentRead: aws.Bool(true),
	})
	s.must(err)
	r := reader{item: out.Item}
	if got, want := r.number("expires_at"), annsSession.ExpiresAt.Unix(); got != want {
		t.Errorf("expires_at: got %d, want the Unix second %d", got, want)
	}
	if got, want := string(r.blob("secret_hash")), string(annsSession.SecretHash[:]); got != want || r.err != nil {
		t.Errorf("secret_hash: got %x and error %v, want %x", got, r.err, want)
	}
}
