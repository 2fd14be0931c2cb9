package user

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shop/internal/password"
	"shop/internal/validation"
)

var (
	signedUpAt = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	errDown    = errors.New("the store is down")
)

// accounts are users by address. An address has one user, whoever comes first.
type accounts struct {
	fakeRecords
	byEmail map[string]User
	fails   error
}

func (a *accounts) Create(_ context.Context, u User, record IdempotencyRecord) error {
	if a.fails != nil {
		return a.fails
	}
	if _, taken := a.byEmail[u.Email]; taken {
		return ErrEmailTaken
	}
	a.byEmail[u.Email] = u
	a.keep(record)
	return nil
}

// fakeRecords is what was done by requests with a key, by their names.
type fakeRecords struct {
	done   map[string]IdempotencyRecord
	asked  int
	unread error // what looking there answers
}

func (k *fakeRecords) keep(d IdempotencyRecord) {
	if k.done == nil {
		k.done = map[string]IdempotencyRecord{}
	}
	if d.HasKey() {
		k.done[d.Name] = d
	}
}

func (k *fakeRecords) FindRecord(_ context.Context, name string) (IdempotencyRecord, error) {
	k.asked++
	return k.done[name], k.unread
}

// TestSignUpAgain: a repeat by its key, the address and the name is answered as the first request, for ten minutes,
// whatever its password; nothing else is, and without a key nothing is looked for.
func TestSignUpAgain(t *testing.T) {
	s, users := signUp()
	first := Registration{Email: "ada@example.com", Password: "long enough", Name: "Ada", Key: "k"}
	want, created, err := s.Do(context.Background(), first)
	if err != nil || !created {
		t.Fatalf("created: %t, error %v", created, err)
	}
	for name, c := range map[string]struct {
		change func(r *Registration)
		after  time.Duration
		taken  bool
	}{
		"the same":         {func(*Registration) {}, 10*time.Minute - time.Second, false},
		"another password": {func(r *Registration) { r.Password = "another one" }, 0, false},
		"another spelling": {func(r *Registration) { r.Email = " Ada@Example.com" }, 0, false},
		"too late":         {func(*Registration) {}, 10 * time.Minute, true},
		"another key":      {func(r *Registration) { r.Key = "l" }, 0, true},
		"another name":     {func(r *Registration) { r.Name = "Eve" }, 0, true},
		"no key":           {func(r *Registration) { r.Key = "" }, 0, true},
	} {
		s.Now = func() time.Time { return signedUpAt.Add(c.after) }
		r := first
		c.change(&r)
		users.asked = 0
		got, created, err := s.Do(context.Background(), r)
		if errors.Is(err, ErrEmailTaken) != c.taken || created ||
			!c.taken && (got.ID != want.ID || got.Email != want.Email || !got.CreatedAt.Equal(want.CreatedAt)) {
			t.Errorf("%s: got %+v, created: %t, error %v, want %+v, or taken: %v", name, got, created, err, want,
				c.taken)
		}
		if r.Key == "" && users.asked != 0 {
			t.Errorf("%s: looked for an earlier request", name)
		}
	}
	users.unread = errDown
	if _, _, err := s.Do(context.Background(), first); !errors.Is(err, errDown) {
		t.Errorf("not readable: got error %v, want %v", err, errDown)
	}
}

func (a *accounts) ByEmail(_ context.Context, email string) (User, error) {
	if a.fails != nil {
		return User{}, a.fails
	}
	u, ok := a.byEmail[email]
	if !ok {
		return User{}, ErrNotFound
	}
	return u, nil
}

// plainPasswords takes passwords of eight bytes or more that do not hold the address. Its hash of a password is the
// password in brackets.
type plainPasswords struct{ fails error }

func (plainPasswords) Validate(password, email string) error {
	if len(password) < 8 {
		return errors.New("must have at least 8 characters")
	}
	if email != "" && strings.Contains(password, email) {
		return errors.New("must not contain the e-mail address")
	}
	return nil
}

func (p plainPasswords) Hash(text string) (password.Hash, error) { return hashOf(text), p.fails }

func hashOf(text string) password.Hash { return password.Stored("(" + text + ")") }

func signUp() (*SignUp, *accounts) {
	users := &accounts{byEmail: map[string]User{}}
	ids := 0
	newID := func() string { ids++; return fmt.Sprint("usr_", ids) }
	return &SignUp{Users: users, Passwords: plainPasswords{}, NewID: newID, Now: func() time.Time {
		return signedUpAt
	}}, users
}

func TestSignUpStoresACustomer(t *testing.T) {
	s, users := signUp()
	got, _, err := s.Do(context.Background(),
		Registration{Email: " Ada@Example.com", Password: " long  enough ", Name: " Ada L. "})
	want := User{
		ID: "usr_1", Email: "ada@example.com", Name: " Ada L. ", PasswordHash: hashOf(" long  enough "),
		Role: RoleCustomer, CreatedAt: signedUpAt,
	}
	if err != nil || got != want {
		t.Errorf("got %+v and error %v, want %+v", got, err, want)
	}
	if stored := users.byEmail["ada@example.com"]; stored != want || len(users.byEmail) != 1 {
		t.Errorf("stored %+v, want %+v alone", users.byEmail, want)
	}
}

func TestSignUpRefuses(t *testing.T) {
	right := Registration{Email: "ada@example.com", Password: "long enough", Name: "Ada"}
	for name, c := range map[string]struct {
		email, password, name string
		fields                []string
	}{
		"address":                   {"ada", right.Password, right.Name, []string{"email"}},
		"password":                  {right.Email, "short", right.Name, []string{"password"}},
		"password with the address": {" ADA@example.com", "x ada@example.com", right.Name, []string{"password"}},
		"no name":                   {right.Email, right.Password, "", []string{"name"}},
		"blank name":                {right.Email, right.Password, "  ", []string{"name"}},
		"name of two lines":         {right.Email, right.Password, "Ada\nBcc: eve@example.com", []string{"name"}},
		"name of 201":               {right.Email, right.Password, strings.Repeat("ä", 201), []string{"name"}},
		"all":                       {"ada", "short", "", []string{"email", "password", "name"}},
		"nothing given":             {"", "", "", []string{"email", "password", "name"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, users := signUp()
			got, _, err := s.Do(context.Background(), Registration{Email: c.email, Password: c.password, Name: c.name})
			if fields := fieldsOf(t, err); !slices.Equal(fields, c.fields) {
				t.Errorf("got problems with %v, want %v", fields, c.fields)
			}
			if got != (User{}) || len(users.byEmail) != 0 {
				t.Errorf("got %+v and stored %v, want nothing", got, users.byEmail)
			}
		})
	}
}

func TestSignUpTakesANameOf200(t *testing.T) {
	s, _ := signUp()
	want := strings.Repeat("ä", 200)
	got, _, err := s.Do(context.Background(),
		Registration{Email: "ada@example.com", Password: "long enough", Name: want})
	if err != nil || got.Name != want {
		t.Errorf("got %+v and error %v, want the name %s", got, err, want)
	}
}

// TestSignUpEmailTaken: the address counts, however it is written, and the first account stays as it is.
func TestSignUpEmailTaken(t *testing.T) {
	s, users := signUp()
	first, _, err := s.Do(context.Background(),
		Registration{Email: "ada@example.com", Password: "long enough", Name: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := s.Do(context.Background(),
		Registration{Email: "ADA@EXAMPLE.COM ", Password: "another one", Name: "Eve"})
	if !errors.Is(err, ErrEmailTaken) || got != (User{}) {
		t.Errorf("got %+v and error %v, want %v", got, err, ErrEmailTaken)
	}
	if stored := users.byEmail["ada@example.com"]; stored != first {
		t.Errorf("stored %+v, want %+v", stored, first)
	}
	if _, _, err := s.Do(
		context.Background(), Registration{Email: "a.da@example.com", Password: "long enough", Name: "Ada"},
	); err != nil {
		t.Errorf("dots count: got error %v, want none", err)
	}
}

func TestSignUpFails(t *testing.T) {
	for name, spoil := range map[string]func(*SignUp, *accounts){
		"hashing": func(s *SignUp, _ *accounts) { s.Passwords = plainPasswords{fails: errDown} },
		"storing": func(_ *SignUp, users *accounts) { users.fails = errDown },
	} {
		t.Run(name, func(t *testing.T) {
			s, users := signUp()
			spoil(s, users)
			got, _, err := s.Do(context.Background(),
				Registration{Email: "ada@example.com", Password: "long enough", Name: "Ada"})
			if !errors.Is(err, errDown) || got != (User{}) || len(users.byEmail) != 0 {
				t.Errorf("got %+v, stored %v and error %v, want %v alone", got, users.byEmail, err, errDown)
			}
		})
	}
}

func fieldsOf(t *testing.T, err error) []string {
	t.Helper()
	var problems validation.Errors
	if !errors.As(err, &problems) {
		t.Fatalf("got error %v, want validation.Errors", err)
	}
	var fields []string
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	return fields
}

// slowHash makes hashing last for as long as it says.
type slowHash struct {
	plainPasswords
	lasts  time.Duration
	hashed *int
}

func (s slowHash) Hash(chosen string) (password.Hash, error) {
	*s.hashed++
	time.Sleep(s.lasts)
	return s.plainPasswords.Hash(chosen)
}

// TestSignUpOutOfTime: a hash cannot be stopped. It is not begun when the time is up, and when it ends too late nobody
// is signed up.
func TestSignUpOutOfTime(t *testing.T) {
	for when, left := range map[string]time.Duration{"before": 0, "after": 50 * time.Millisecond} {
		t.Run(when, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, users := signUp()
				hashed := 0
				s.Passwords = slowHash{lasts: 100 * time.Millisecond, hashed: &hashed}
				ctx, cancel := context.WithTimeout(t.Context(), left)
				defer cancel()
				got, _, err := s.Do(ctx, Registration{Email: "ada@example.com", Password: "long enough", Name: "Ada"})
				if !errors.Is(err, context.DeadlineExceeded) || got != (User{}) || len(users.byEmail) != 0 {
					t.Errorf("got %+v, stored %v and error %v, want %v alone",
						got, users.byEmail, err, context.DeadlineExceeded)
				}
				if (hashed == 1) != (left > 0) {
					t.Errorf("hashed %d times", hashed)
				}
			})
		})
	}
}
