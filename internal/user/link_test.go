package user

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"shop/internal/password"
)

func TestNewLink(t *testing.T) {
	now := signedUpAt.Add(700 * time.Millisecond)
	u := User{ID: "usr_1", Email: "ada@example.com", Generation: 3}
	token, l := NewLink(u, SetPassword, now)
	want := Link{
		Hash: l.Hash, Purpose: SetPassword, UserID: "usr_1", Email: "ada@example.com", Generation: 3,
		ExpiresAt: signedUpAt.Add(30 * time.Minute),
	}
	if l != want {
		t.Errorf("got %+v, want %+v", l, want)
	}
	if secret, err := base64.RawURLEncoding.Strict().DecodeString(token); err != nil || len(secret) != 32 {
		t.Errorf("the token %q has %d bytes and error %v, want 32", token, len(secret), err)
	}
	if hash, err := LinkHash(token); err != nil || hash != l.Hash || hash == token {
		t.Errorf("the token's hash is %q and error %v, want that of the link, %q", hash, err, l.Hash)
	}
	if again, other := NewLink(u, SetPassword, now); again == token || other.Hash == l.Hash {
		t.Error("two links have one token")
	}
}

// TestLinkHash holds the hash to the SHA-256 that other tools make of the token.
func TestLinkHash(t *testing.T) {
	const token, want = "GGzEEDpu1kcL7Ah7uQMjbXUBFhb8Q3JUvZ-9_8zfWxY", "bNDRdGWNvSLkCO0_8dzAycDc49hGrgHPYrRsIYBA0gU"
	if got, err := LinkHash(token); err != nil || got != want {
		t.Errorf("got %q and error %v, want %q", got, err, want)
	}
	for _, bad := range []string{
		"", token[1:], token + "A", token + "=", "+" + token[1:], " " + token[1:], token[:42] + "Z", "ä" + token[2:],
	} {
		if got, err := LinkHash(bad); !errors.Is(err, ErrInvalidLink) || got != "" {
			t.Errorf("%q: got %q and error %v, want %v", bad, got, err, ErrInvalidLink)
		}
	}
}

// FuzzLinkHash: a token has one spelling, and what is no token has no hash.
func FuzzLinkHash(f *testing.F) {
	for _, text := range []string{
		"", "GGzEEDpu1kcL7Ah7uQMjbXUBFhb8Q3JUvZ-9_8zfWxY", "GGzEEDpu1kcL7Ah7uQMjbXUBFhb8Q3JUvZ-9_8zfWxZ", "\xff",
		"link#",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hash, err := LinkHash(text)
		secret, decoding := base64.RawURLEncoding.DecodeString(text)
		isToken := decoding == nil && len(secret) == 32 && base64.RawURLEncoding.EncodeToString(secret) == text
		if isToken != (err == nil) || isToken != (len(hash) == 43) {
			t.Errorf("%q: got %q and error %v", text, hash, err)
		}
	})
}

// fakeLinks are links as a store keeps them, of one user, and what is done with them.
type fakeLinks struct {
	fakeRecords
	links    map[string]Link
	verified []Link
	set      []string // users whose passwords were set
	hash     password.Hash
	by       Attempt // what SetPassword was told of the reset
	used     error   // what Verify and SetPassword answer
	fails    error   // what looking a link up answers
	looked   int
}

func (m *fakeLinks) Link(_ context.Context, hash string) (Link, error) {
	m.looked++
	l, ok := m.links[hash]
	if m.fails != nil {
		return Link{}, m.fails
	}
	if !ok {
		return Link{}, ErrInvalidLink
	}
	return l, nil
}

func (m *fakeLinks) Verify(_ context.Context, l Link, _ time.Time, record IdempotencyRecord) error {
	if m.used == nil {
		m.keep(record)
		m.verified = append(m.verified, l)
	}
	return m.used
}

func (m *fakeLinks) SetPassword(
	_ context.Context, l Link, hash password.Hash, a Attempt, record IdempotencyRecord,
) error {
	m.by = a
	if m.used == nil {
		m.keep(record)
		m.set, m.hash = append(m.set, l.UserID), hash
	}
	return m.used
}

// mail returns links of which one was mailed, and its token.
func mail(p Purpose) (*fakeLinks, string) {
	token, l := NewLink(User{ID: "usr_1", Email: "ada@example.com"}, p, signedUpAt)
	return &fakeLinks{links: map[string]Link{l.Hash: l}}, token
}

// follows are the ways in which a token may be no good, and each fault; but for the password, both purposes are alike.
var follows = map[string]struct {
	spoil  func(m *fakeLinks, now *time.Time, token *string)
	err    error // nil: the token is told of as of a field
	looked int
}{
	"not a token":   {func(_ *fakeLinks, _ *time.Time, token *string) { *token = "abc" }, nil, 0},
	"unknown":       {func(m *fakeLinks, _ *time.Time, _ *string) { clear(m.links) }, nil, 1},
	"expired":       {func(_ *fakeLinks, now *time.Time, _ *string) { *now = now.Add(30 * time.Minute) }, nil, 1},
	"used just now": {func(m *fakeLinks, _ *time.Time, _ *string) { m.used = ErrInvalidLink }, nil, 1},
	"not readable":  {func(m *fakeLinks, _ *time.Time, _ *string) { m.fails = errDown }, errDown, 1},
	"not writable":  {func(m *fakeLinks, _ *time.Time, _ *string) { m.used = errDown }, errDown, 1},
}

func wantFollowed(t *testing.T, err, want error) {
	t.Helper()
	if want != nil {
		if !errors.Is(err, want) {
			t.Errorf("got error %v, want %v", err, want)
		}
		return
	}
	if fields := fieldsOf(t, err); len(fields) != 1 || fields[0] != "token" {
		t.Errorf("got problems with %v, want one with the token", fields)
	}
}

func TestVerifyEmail(t *testing.T) {
	m, token := mail(VerifyAddress)
	v := &VerifyEmail{Links: m, Now: func() time.Time { return signedUpAt.Add(30*time.Minute - time.Millisecond) }}
	if verified, err := v.Do(context.Background(), token, "k"); err != nil || !verified || len(m.verified) != 1 ||
		m.verified[0].UserID != "usr_1" {
		t.Errorf("verified %+v: %t, error %v, want usr_1", m.verified, verified, err)
	}
	clear(m.links)
	if verified, err := v.Do(context.Background(), token, "k"); err != nil || verified {
		t.Errorf("again: verified is %t, error %v, want what the first request did", verified, err)
	}
}

func TestVerifyEmailRefuses(t *testing.T) {
	for name, c := range follows {
		t.Run(name, func(t *testing.T) {
			m, token := mail(VerifyAddress)
			now := signedUpAt
			c.spoil(m, &now, &token)
			wantFollowed(t, verify(m, now, token, ""), c.err)
			if len(m.verified) != 0 || m.looked != c.looked {
				t.Errorf("verified %v after %d looks, want nobody after %d", m.verified, m.looked, c.looked)
			}
		})
	}
	m, token := mail(SetPassword)
	wantFollowed(t, verify(m, signedUpAt, token, ""), nil)
}

func verify(m *fakeLinks, now time.Time, token, key string) error {
	_, err := (&VerifyEmail{Links: m, Now: func() time.Time { return now }}).Do(context.Background(), token, key)
	return err
}

func resetOf(m *fakeLinks, now time.Time, passwords Passwords) *ResetPassword {
	return &ResetPassword{Links: m, Passwords: passwords, Now: func() time.Time { return now }}
}

func TestResetPassword(t *testing.T) {
	m, token := mail(SetPassword)
	id, err := resetOf(m, signedUpAt, plainPasswords{}).Do(context.Background(), token, "long enough", "", home)
	if err != nil || id != "usr_1" || len(m.set) != 1 || m.set[0] != "usr_1" || m.hash != hashOf("long enough") {
		t.Errorf("set %q of %s with error %v, want the password of usr_1", m.set, id, err)
	}
	if want := (Attempt{Email: "ada@example.com", ClientKey: home, At: signedUpAt}); m.by != want {
		t.Errorf("told of the reset %+v, want %+v", m.by, want)
	}
}

// TestResetPasswordRefuses: without a good token no password is looked at, or hashed.
func TestResetPasswordRefuses(t *testing.T) {
	for name, c := range follows {
		t.Run(name, func(t *testing.T) {
			m, token := mail(SetPassword)
			now := signedUpAt
			c.spoil(m, &now, &token)
			chosen := "short"
			if m.used != nil {
				chosen = "long enough"
			}
			_, err := resetOf(m, now, plainPasswords{}).Do(context.Background(), token, chosen, "", home)
			wantFollowed(t, err, c.err)
			if len(m.set) != 0 || m.looked != c.looked {
				t.Errorf("set %q after %d looks, want nothing after %d", m.set, m.looked, c.looked)
			}
		})
	}
	m, token := mail(VerifyAddress)
	_, err := resetOf(m, signedUpAt, plainPasswords{}).Do(context.Background(), token, "long enough", "", home)
	wantFollowed(t, err, nil)
}

// TestResetPasswordKeepsTheLink: a password that may not be chosen, or cannot be hashed, uses no link up.
func TestResetPasswordKeepsTheLink(t *testing.T) {
	m, token := mail(SetPassword)
	for _, chosen := range []string{"", "short", "with ada@example.com in it"} {
		_, err := resetOf(m, signedUpAt, plainPasswords{}).Do(context.Background(), token, chosen, "", home)
		if fields := fieldsOf(t, err); len(fields) != 1 || fields[0] != "password" {
			t.Errorf("%q: got problems with %v, want one with the password", chosen, fields)
		}
	}
	if _, err := resetOf(m, signedUpAt, plainPasswords{fails: errDown}).Do(
		context.Background(), token, "long enough", "", home,
	); !errors.Is(err, errDown) {
		t.Errorf("got error %v, want %v", err, errDown)
	}
	if len(m.set) != 0 || m.looked != 4 {
		t.Errorf("set %q after %d looks, want nothing after 4", m.set, m.looked)
	}
}

// TestLinksAgain: a repeat by its key and token is answered as the first request, for ten minutes, also with another
// password; nothing else is.
func TestLinksAgain(t *testing.T) {
	for purpose, do := range map[Purpose]func(m *fakeLinks, now time.Time, token, key string) error{
		VerifyAddress: verify,
		SetPassword: func(m *fakeLinks, now time.Time, token, key string) error {
			id, err := resetOf(m, now, plainPasswords{}).Do(context.Background(), token, "long enough "+key, key, home)
			if err == nil && id != "usr_1" {
				t.Errorf("set the password of %q, want usr_1", id)
			}
			return err
		},
	} {
		m, token := mail(purpose)
		other, _ := NewLink(User{ID: "usr_2"}, purpose, signedUpAt)
		if err := do(m, signedUpAt, token, "k"); err != nil {
			t.Fatal(err)
		}
		clear(m.links)
		for name, c := range map[string]struct {
			token, key string
			after      time.Duration
			ok         bool
		}{
			"the same":      {token, "k", 10*time.Minute - time.Second, true},
			"too late":      {token, "k", 10 * time.Minute, false},
			"another key":   {token, "l", 0, false},
			"another token": {other, "k", 0, false},
			"no key":        {token, "", 0, false},
		} {
			err := do(m, signedUpAt.Add(c.after), c.token, c.key)
			if c.ok != (err == nil) {
				t.Errorf("%s, %s: got error %v, want success: %v", purpose, name, err, c.ok)
			}
			if !c.ok {
				wantFollowed(t, err, nil)
			}
		}
		m.unread = errDown
		if err := do(m, signedUpAt, token, "k"); !errors.Is(err, errDown) {
			t.Errorf("%s, not readable: got error %v, want %v", purpose, err, errDown)
		}
		if len(m.set)+len(m.verified) != 1 {
			t.Errorf("%s: done %d times, want once", purpose, len(m.set)+len(m.verified))
		}
	}
}
