package dynamostore

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/password"
	"shop/internal/user"
	"shop/test/awsfault"
)

func (s *shop) sessions() *Sessions {
	return &Sessions{Client: s.client, Table: s.tables.Name("Sessions")}
}

// begin stores a session, by a log-in that nothing else is said of.
func (s *shop) begin() {
	s.t.Helper()
	s.must(s.guesses().Begin(s.t.Context(), annsSession, attempt(annsSession.Email, "192.0.2.7", opened)))
}

func hashOf(secret string) user.SecretHash { return sha256.Sum256([]byte(secret)) }

var annsSession = user.OpenSession{
	ID: "ses_1", UserID: "usr_1", Email: "ann@example.com", SecretHash: hashOf("first"), AttemptID: "attempt 1",
	Generation: 4, BegunAt: opened.Add(7 * time.Millisecond), ExpiresAt: opened.Add(30 * 24 * time.Hour),
}

// renewed is the session with another secret.
func renewed(s user.OpenSession, secret string) user.OpenSession {
	s.SecretHash, s.AttemptID, s.ExpiresAt = hashOf(secret), "attempt for "+secret, s.ExpiresAt.Add(time.Hour)
	return s
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
	s.must(s.sessions().Renew(t.Context(), annsSession.SecretHash, second))
	s.wantSession(second)
	if err := s.sessions().Renew(t.Context(), annsSession.SecretHash, renewed(annsSession, "third")); !errors.Is(err, user.ErrSessionOver) {
		t.Errorf("by a used secret: got %v, want ErrSessionOver", err)
	}
	s.wantSession(second)
	for range 2 {
		s.must(s.sessions().End(t.Context(), annsSession.ID))
	}
	s.wantNoSession(annsSession.ID)
	if err := s.sessions().Renew(t.Context(), second.SecretHash, renewed(second, "third")); !errors.Is(err, user.ErrSessionOver) {
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
	s.must(s.sessions().Renew(t.Context(), annsSession.SecretHash, second))
	s.wantSession(second)
	if got := s.faults.Calls("UpdateItem"); got != 2 {
		t.Errorf("calls: got %d, want ours and its repeat", got)
	}
}

// Between the write whose answer was lost and its repeat, another use of the secret has ended the session: the repeat must not
// take that for its success.
func TestRenewalWhoseAnswerWasLostAndWhoseSessionWasEnded(t *testing.T) {
	s := open(t)
	s.begin()
	other := &Sessions{Client: s.tables.Client(nil), Table: s.tables.Name("Sessions")}
	s.faults.On("UpdateItem", awsfault.Lost, func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		s.must(other.End(t.Context(), annsSession.ID))
		return next.RoundTrip(r)
	})
	if err := s.sessions().Renew(t.Context(), annsSession.SecretHash, renewed(annsSession, "second")); !errors.Is(err, user.ErrSessionOver) {
		t.Errorf("got %v, want ErrSessionOver", err)
	}
	s.wantNoSession(annsSession.ID)
}

func TestOneOfManyRenewalsSucceeds(t *testing.T) {
	s := open(t)
	s.begin()
	const uses = 20
	var group sync.WaitGroup
	errs := make([]error, uses)
	for i := range uses {
		group.Go(func() {
			errs[i] = s.sessions().Renew(t.Context(), annsSession.SecretHash, renewed(annsSession, number3(i)))
		})
	}
	group.Wait()
	succeeded := 0
	for i, err := range errs {
		if err == nil {
			s.wantSession(renewed(annsSession, number3(i)))
			succeeded++
		} else if !errors.Is(err, user.ErrSessionOver) {
			t.Errorf("got %v, want ErrSessionOver", err)
		}
	}
	if succeeded != 1 {
		t.Errorf("%d of %d renewals by one secret succeeded, want 1", succeeded, uses)
	}
}

// What is stored of a token is its hash, and the time by which TTL may clean up is that of the end.
func TestSessionItem(t *testing.T) {
	s := open(t)
	s.begin()
	out, err := s.client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String(s.tables.Name("Sessions")), Key: sessionKey(annsSession.ID), ConsistentRead: aws.Bool(true),
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

func TestEndSessions(t *testing.T) {
	s := open(t)
	ann := user.User{ID: "usr_1", Email: "ann@example.com", Name: "Ann", PasswordHash: password.Stored("h"), Role: user.RoleCustomer, CreatedAt: opened}
	s.must(s.users().Create(t.Context(), ann))
	for range 2 {
		s.must(s.users().EndSessions(t.Context(), ann.Email))
		if ann.Generation++; s.user(ann.Email) != ann {
			t.Errorf("got %+v, want %+v", s.user(ann.Email), ann)
		}
	}
	s.faults.On("UpdateItem", awsfault.Lost)
	s.must(s.users().EndSessions(t.Context(), ann.Email))
	if got := s.user(ann.Email).Generation; got <= ann.Generation {
		t.Errorf("after a lost answer: got generation %d, want one after %d", got, ann.Generation)
	}
	if err := s.users().EndSessions(t.Context(), "x@example.com"); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("an unknown address: got %v, want ErrNotFound", err)
	}
	if got := s.user("x@example.com"); got != (user.User{}) {
		t.Errorf("an unknown address was stored: %+v", got)
	}
}
