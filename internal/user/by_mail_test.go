package user

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"shop/internal/password"
)

// fakeOutbox is the outbox and the announcer of mails to users. It notes what is done.
type fakeOutbox struct {
	requests fakeRecords
	done     []string
	fails    map[string]error // by the name of the call
}

func (p *fakeOutbox) note(call, of string) error {
	p.done = append(p.done, call+" "+of)
	return p.fails[call]
}

func (p *fakeOutbox) AddResetMail(_ context.Context, email string, now time.Time) (string, error) {
	return "reset of " + email, p.note("add", fmt.Sprint(email, " at ", now.Sub(signedUpAt)))
}

func (p *fakeOutbox) Add(_ context.Context, u User, name string) (string, error) {
	p.requests.keep(IdempotencyRecord{Name: name, Subject: "mail to " + u.Email, At: u.CreatedAt})
	return "mail to " + u.Email, p.note("apply", fmt.Sprintf("%+v", u))
}

func (p *fakeOutbox) FindRecord(ctx context.Context, name string) (IdempotencyRecord, error) {
	return p.requests.FindRecord(ctx, name)
}

func (p *fakeOutbox) MailPending(_ context.Context, mailID string) error {
	return p.note("announce", mailID)
}

func (p *fakeOutbox) missed(_ context.Context, mailID string, err error) {
	_ = p.note("missed", fmt.Sprint(mailID, ": ", err))
}

func requests(p *fakeOutbox) *RequestReset {
	return &RequestReset{Outbox: p, Announce: p.MailPending, Missed: p.missed, Now: func() time.Time {
		return signedUpAt
	}}
}

func TestRequestReset(t *testing.T) {
	p := &fakeOutbox{}
	if err := requests(p).Do(context.Background(), " Ada@Example.com "); err != nil {
		t.Fatal(err)
	}
	if want := []string{"add ada@example.com at 0s", "announce reset of ada@example.com"}; !slices.Equal(p.done, want) {
		t.Errorf("did %q, want %q", p.done, want)
	}
}

// TestRequestResetFails: an event that was not sent is noted and no more; a mail that is not pending is an error.
func TestRequestResetFails(t *testing.T) {
	p := &fakeOutbox{fails: map[string]error{"announce": errDown}}
	if err := requests(p).Do(context.Background(), "ada@example.com"); err != nil ||
		p.done[2] != "missed reset of ada@example.com: the store is down" {
		t.Errorf("did %q with error %v, want it noted", p.done, err)
	}
	p = &fakeOutbox{fails: map[string]error{"add": errDown}}
	if err := requests(p).Do(context.Background(), "ada@example.com"); !errors.Is(err, errDown) || len(p.done) != 1 {
		t.Errorf("did %q with error %v, want %v", p.done, err, errDown)
	}
	p = &fakeOutbox{}
	if fields := fieldsOf(t, requests(p).Do(context.Background(), "ada")); len(fields) != 1 || fields[0] != "email" ||
		len(p.done) != 0 {
		t.Errorf("did %q with problems with %v, want nothing and one with the address", p.done, fields)
	}
}

func byMail(p *fakeOutbox) *SignUpByMail {
	return &SignUpByMail{
		Users: p, Passwords: plainPasswords{}, Announce: p.MailPending, Missed: p.missed,
		NewID: func() string { return "usr_1" }, Now: func() time.Time { return signedUpAt },
	}
}

func TestSignUpByMail(t *testing.T) {
	p := &fakeOutbox{}
	if err := byMail(p).Do(
		context.Background(), Registration{Email: " Ada@Example.com", Password: "long enough", Name: "Ada"},
	); err != nil {
		t.Fatal(err)
	}
	u := User{
		ID: "usr_1", Email: "ada@example.com", Name: "Ada", PasswordHash: password.Stored("(long enough)"),
		Role: RoleCustomer, CreatedAt: signedUpAt, Unverified: true, ExpiresAt: signedUpAt.Add(7 * 24 * time.Hour),
	}
	if want := []string{fmt.Sprintf("apply %+v", u), "announce mail to ada@example.com"}; !slices.Equal(p.done, want) {
		t.Errorf("did %q, want %q", p.done, want)
	}
}

func TestSignUpByMailFails(t *testing.T) {
	right := Registration{Email: "ada@example.com", Password: "long enough", Name: "Ada"}
	p := &fakeOutbox{fails: map[string]error{"announce": errDown}}
	if err := byMail(p).Do(context.Background(), right); err != nil ||
		p.done[2] != "missed mail to ada@example.com: the store is down" {
		t.Errorf("did %q with error %v, want it noted", p.done, err)
	}
	p = &fakeOutbox{fails: map[string]error{"apply": errDown}}
	if err := byMail(p).Do(context.Background(), right); !errors.Is(err, errDown) || len(p.done) != 1 {
		t.Errorf("did %q with error %v, want %v", p.done, err, errDown)
	}
	p = &fakeOutbox{}
	if fields := fieldsOf(
		t, byMail(p).Do(context.Background(), Registration{Email: "ada", Password: "short", Name: ""}),
	); len(fields) != 3 || len(p.done) != 0 {
		t.Errorf("did %q with problems with %v, want nothing and three", p.done, fields)
	}
}

// TestLogInUnverified: the right password of an account that is not verified is answered like a wrong one, and begins
// nothing.
func TestLogInUnverified(t *testing.T) {
	l, e := logIn()
	e.user.Unverified = true
	_, wrongly := l.Do(context.Background(), wrong(home))
	if _, err := l.Do(context.Background(), right(home)); !errors.Is(err, ErrInvalidCredentials) ||
		err.Error() != wrongly.Error() || len(e.begun) != 0 {
		t.Errorf("got error %v and began %v, want what a wrong password gets: %v", err, e.begun, wrongly)
	}
	e.user.Unverified = false
	if _, err := l.Do(context.Background(), right(home)); err != nil {
		t.Errorf("once verified: got error %v", err)
	}
}

// TestSignUpByMailAgain: a repeat by its key stores no other mail; the event of the one that is pending is sent once
// more.
func TestSignUpByMailAgain(t *testing.T) {
	p := &fakeOutbox{}
	s := &SignUpByMail{
		Users: p, Passwords: plainPasswords{}, Announce: p.MailPending, Missed: p.missed,
		NewID: func() string { return "usr_1" }, Now: func() time.Time { return signedUpAt },
	}
	for range 2 {
		if err := s.Do(
			context.Background(),
			Registration{Email: "ada@example.com", Password: "long enough", Name: "Ada", Key: "k"},
		); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.done) != 3 || p.done[1] != "announce mail to ada@example.com" || p.done[2] != p.done[1] {
		t.Errorf("did %q, want one mail pending and announced twice", p.done)
	}
	p.requests.unread = errDown
	if err := s.Do(
		context.Background(), Registration{Email: "ada@example.com", Password: "long enough", Name: "Ada", Key: "k"},
	); !errors.Is(err, errDown) {
		t.Errorf("got error %v, want %v", err, errDown)
	}
}
