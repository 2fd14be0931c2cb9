package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/password"
	"shop/internal/token"
	"shop/internal/user"
)

// plain are passwords that are their own hashes, and tokens that say whose they are.
type plain struct{}

func (plain) Check(hash password.Hash, tried string) (bool, error) { return hash.PHC() == tried, nil }
func (plain) CheckDummy(string)                                    {}
func (plain) Issue(_ context.Context, s token.Subject) (string, time.Duration, error) {
	return s.UserID, time.Minute, nil
}

// account is a customer of the shop, who logs in and whose password is set anew.
type account struct {
	*shop
	email string
}

// account signs up, with the password.
func (s *shop) account(id, chosen string) account {
	s.t.Helper()
	u := user.User{
		ID: id, Email: id + "@example.com", Name: "N", PasswordHash: password.Stored(chosen), Role: user.RoleCustomer,
		CreatedAt: opened,
	}
	s.must(s.signUp().Create(s.t.Context(), u, user.IdempotencyRecord{}))
	return account{s, u.Email}
}

// door is the log-in function over the transport; nil goes straight.
func (s *shop) door(over http.RoundTripper) user.LogIn {
	guesses, sessions := s.guesses(), s.sessions()
	guesses.Client = s.tables.Client(over)
	sessions.Client = guesses.Client
	return user.LogIn{
		Guesses: guesses, Passwords: plain{}, Tokens: plain{}, Sessions: sessions, Now: time.Now,
		Rehash: func(context.Context, user.User, string) {},
	}
}

// logIn logs in over the transport.
func (a account) logIn(over http.RoundTripper, tried string) (user.Session, error) {
	l := a.door(over)
	return l.Do(a.t.Context(), user.Credentials{Address: a.email, Password: tried, ClientKey: "192.0.2.7"})
}

// reset sets a password by a link.
func (a account) reset(chosen string) error {
	ctx := a.t.Context()
	u, err := a.accounts().ByEmail(ctx, a.email)
	if err != nil {
		return err
	}
	_, link := user.NewLink(u, user.SetPassword, time.Now())
	if err := a.mailedLinks().Save(ctx, link); err != nil {
		return err
	}
	return a.resets().SetPassword(ctx, link, password.Stored(chosen), attempt(a.email, "192.0.2.7", time.Now()),
		user.IdempotencyRecord{})
}

// refresh goes on with a session.
func (a account) refresh(s user.Session) error {
	r := user.Refresh{Sessions: a.sessions(), Users: a.accounts(), Tokens: plain{}, Now: time.Now}
	_, err := r.Do(a.t.Context(), s.RefreshToken)
	return err
}

// interruption does something once, just before the nth call of the transport.
type interruption struct {
	nth  int32
	do   func()
	seen atomic.Int32
}

func (b *interruption) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.seen.Add(1) == b.nth {
		b.do()
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestResetBetweenTheStepsOfALogIn: a log-in reads the user, counts the guess and stores the session. Wherever a reset
// falls, and whatever else ends all sessions, the old password gives no session that goes on.
func TestResetBetweenTheStepsOfALogIn(t *testing.T) {
	s := open(t)
	for name, end := range map[string]func(a account) error{
		"reset": func(a account) error { return a.reset("new") },
		"end":   func(a account) error { return a.endSessions(a.email) },
	} {
		for step := range 4 {
			a := s.account(fmt.Sprintf("usr_%s%d", name, step), "old")
			call := &interruption{nth: int32(step + 1), do: func() { s.must(end(a)) }}
			got, err := a.logIn(call, "old")
			switch {
			case step == 3: // after the log-in
				s.must(err)
				s.must(end(a))
			case step == 0 && name == "reset":
				if !errors.Is(err, user.ErrInvalidCredentials) {
					t.Errorf("a log-in after the reset: got %v, want ErrInvalidCredentials", err)
				}
				continue
			case step == 0:
				s.must(a.refresh(got)) // it read the user after the end
				continue
			}
			if err := errors.Join(err, a.refresh(got)); !errors.Is(err, user.ErrSessionOver) {
				t.Errorf("%s before call %d of a log-in: refreshing gave %v, want ErrSessionOver", name, step+1, err)
			}
		}
	}
}

// TestNoSessionOutlivesAReset: a thousand resets, each at once with a log-in by the password that it replaces, at
// delays that vary. No session of a password that was replaced goes on.
func TestNoSessionOutlivesAReset(t *testing.T) {
	s := open(t)
	const lanes, resets = 10, 100
	var all sync.WaitGroup
	for lane := range lanes {
		a := s.account(fmt.Sprint("usr_", lane), "password 0")
		links := a.mailed(resets)
		all.Go(func() {
			for i, link := range links {
				a.race(link, fmt.Sprint("password ", i), fmt.Sprint("password ", i+1))
			}
		})
	}
	all.Wait()
	if begun := s.scan(); len(begun) < lanes || s.survivors(begun) != 0 {
		t.Errorf("%d of %d sessions that a replaced password began survived its reset", s.survivors(begun), len(begun))
	} else {
		t.Logf("%d resets, %d sessions begun by passwords that they replaced", lanes*resets, len(begun))
	}
}

// mailed are links that set passwords, each good in the generation that the one before leads to.
func (a account) mailed(n int) []user.Link {
	u := a.user(a.email)
	links := make([]user.Link, n)
	for i := range links {
		u.Generation = int64(i)
		_, links[i] = user.NewLink(u, user.SetPassword, time.Now())
		a.must(a.mailedLinks().Save(a.t.Context(), links[i]))
	}
	return links
}

// uncounted are guesses that are free.
type uncounted struct{ *Guesses }

func (uncounted) Count(context.Context, user.Attempt, user.Limits) error { return nil }

// race has a reset meet a log-in by the password that it replaces.
func (a account) race(link user.Link, old, chosen string) {
	var both sync.WaitGroup
	both.Go(func() {
		reset := attempt(a.email, "192.0.2.7", time.Now())
		hesitate()
		if err := a.resets().SetPassword(
			a.t.Context(), link, password.Stored(chosen), reset, user.IdempotencyRecord{},
		); err != nil {
			a.t.Error(err)
		}
	})
	both.Go(func() {
		hesitate()
		l := a.door(nil)
		l.Guesses = uncounted{a.guesses()}
		if _, err := l.Do(
			a.t.Context(), user.Credentials{Address: a.email, Password: old, ClientKey: "192.0.2.7"},
		); err != nil && !errors.Is(err, user.ErrInvalidCredentials) {
			a.t.Error(err)
		}
	})
	both.Wait()
}

// hesitate waits for up to some milliseconds, or not at all.
func hesitate() {
	if rand.N(2) == 0 {
		time.Sleep(rand.N(8 * time.Millisecond))
	}
}

// scan reads all sessions.
func (s *shop) scan() []user.OpenSession {
	s.t.Helper()
	pages := dynamodb.NewScanPaginator(s.client,
		&dynamodb.ScanInput{TableName: aws.String(s.tables.Name("AuthState")), ConsistentRead: aws.Bool(true)})
	var found []user.OpenSession
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.t.Context())
		s.must(err)
		for _, item := range page.Items {
			if r := (reader{item: item}); strings.HasPrefix(r.text("session_id"), "ses_") {
				session, err := readSession(item)
				s.must(err)
				found = append(found, session)
			}
		}
	}
	return found
}

// survivors counts the sessions that are of their user's generation, by which a refresh goes (see
// TestResetBetweenTheStepsOfALogIn).
func (s *shop) survivors(sessions []user.OpenSession) int {
	generations := map[string]int64{}
	n := 0
	for _, session := range sessions {
		if _, known := generations[session.Email]; !known {
			generations[session.Email] = s.user(session.Email).Generation
		}
		if session.Generation == generations[session.Email] {
			n++
		}
	}
	return n
}
