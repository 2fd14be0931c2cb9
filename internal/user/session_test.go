package user

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shop/internal/token"
)

const day = 24 * time.Hour

var noon = time.Date(2026, 3, 14, 12, 0, 0, 207e6, time.UTC)

// fakeSessions has sessions and accounts. It does what stores promise, notes what changes, and can fail.
type fakeSessions struct {
	accounts
	now      time.Time
	sessions map[string]OpenSession
	done     []string
	fails    map[string]error // by the name of the call
	issued   []token.Subject
	looked   func() // runs once, just before a user is looked up
	meantime func() // runs once, just before the next Renew
}

func (d *fakeSessions) Find(_ context.Context, id string) (OpenSession, error) {
	if err := d.fails["find"]; err != nil {
		return OpenSession{}, err
	}
	s, ok := d.sessions[id]
	if !ok {
		return OpenSession{}, ErrSessionOver
	}
	return s, nil
}

func (d *fakeSessions) Renew(_ context.Context, used SecretHash, next OpenSession) (OpenSession, error) {
	if d.meantime != nil {
		do := d.meantime
		d.meantime = nil
		do()
	}
	if err := d.fails["renew"]; err != nil {
		return OpenSession{}, err
	}
	s, ok := d.sessions[next.ID]
	if !ok {
		return OpenSession{}, ErrSessionOver
	}
	if s.SecretHash != used {
		return s, nil
	}
	d.done = append(d.done, "renew")
	d.sessions[next.ID] = next
	return next, d.fails["answer"]
}

func (d *fakeSessions) End(_ context.Context, id string) error {
	if err := d.fails["end"]; err != nil {
		return err
	}
	d.done = append(d.done, "end")
	delete(d.sessions, id)
	return nil
}

func (d *fakeSessions) ByEmail(ctx context.Context, email string) (User, error) {
	if err := d.fails["look up"]; err != nil {
		return User{}, err
	}
	if d.looked != nil {
		d.looked()
		d.looked = nil
	}
	return d.accounts.ByEmail(ctx, email)
}

func (d *fakeSessions) Issue(_ context.Context, s token.Subject) (string, time.Duration, error) {
	d.issued = append(d.issued, s)
	return "token of " + s.UserID, 15 * time.Minute, d.fails["issue"]
}

var ada = User{ID: "usr_1", Email: "ada@example.com", Role: RoleCustomer}

// newOpenSession has one session, of ada's, begun at noon, and returns the session's token.
func newOpenSession() (*Refresh, *fakeSessions, string) {
	s, token := newSession(ada, noon)
	d := &fakeSessions{
		accounts: accounts{byEmail: map[string]User{ada.Email: ada}}, now: noon, fails: map[string]error{},
		sessions: map[string]OpenSession{s.ID: s},
	}
	return &Refresh{Sessions: d, Users: d, Tokens: d, Grace: grace, Now: func() time.Time { return d.now }}, d,
		token.Encode()
}

const grace = 30 * time.Second

// use refreshes and fails the test unless it works.
func use(t *testing.T, r *Refresh, token string) string {
	t.Helper()
	got, err := r.Do(context.Background(), token)
	if err != nil {
		t.Fatalf("refreshing: %v", err)
	}
	if want := (Session{
		r.Tokens.(*fakeSessions).byEmail[ada.Email], "token of usr_1", 15 * time.Minute, got.RefreshToken,
		got.RefreshExpiresIn,
	}); got != want || got.RefreshToken == token {
		t.Fatalf("got %+v, want %+v with another refresh token", got, want)
	}
	d := r.Tokens.(*fakeSessions)
	issuedIn := d.issued[len(d.issued)-1].SessionID
	if s := d.sessions[issuedIn]; !strings.HasPrefix(token, s.ID+".") ||
		got.RefreshExpiresIn != s.ExpiresAt.Sub(d.now) {
		t.Fatalf("an access token of %s and a refresh token for %v, want those of %+v",
			issuedIn, got.RefreshExpiresIn, s)
	}
	return got.RefreshToken
}

// over fails the test unless the token is refused.
func over(t *testing.T, when string, r *Refresh, token string) {
	t.Helper()
	if got, err := r.Do(context.Background(), token); !errors.Is(err, ErrSessionOver) || got != (Session{}) {
		t.Errorf("%s: got %+v and error %v, want %v", when, got, err, ErrSessionOver)
	}
}

func TestRefreshGivesTheNextToken(t *testing.T) {
	r, d, token := newOpenSession()
	for range 3 {
		token = use(t, r, token)
	}
	if want := []string{"renew", "renew", "renew"}; !slices.Equal(d.done, want) {
		t.Errorf("did %q, want %q", d.done, want)
	}
}

// TestReuseEndsTheFamily: any token of the session but its present one and the one used last, also one that was never
// given out; and the one used last when the grace is over.
func TestReuseEndsTheFamily(t *testing.T) {
	for name, c := range map[string]struct {
		wrong func(first, second string) string
		after time.Duration
	}{
		"replaced":             {func(first, _ string) string { return first }, 0},
		"replaced long ago":    {func(first, _ string) string { return first }, day},
		"used, past the grace": {func(_, second string) string { return second }, grace + time.Millisecond},
		"false": {func(first, _ string) string {
			return newRefreshToken(first[:strings.Index(first, ".")]).Encode()
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r, d, first := newOpenSession()
			second := use(t, r, first)
			third := use(t, r, second)
			d.now = d.now.Add(c.after)
			over(t, "the "+name+" token", r, c.wrong(first, second))
			over(t, "the newest token of the family", r, third)
			if len(d.sessions) != 0 {
				t.Errorf("left: %v", d.sessions)
			}
		})
	}
}

func TestReuseLeavesOtherSessionsOpen(t *testing.T) {
	r, d, first := newOpenSession()
	s, other := newSession(ada, noon)
	d.sessions[s.ID] = s
	use(t, r, use(t, r, first))
	over(t, "a used token", r, first)
	use(t, r, other.Encode())
}

// TestRepeatsWithinTheGrace: the token used last has one successor, however often it is shown, and nothing is written
// for a repeat.
func TestRepeatsWithinTheGrace(t *testing.T) {
	r, d, first := newOpenSession()
	second := use(t, r, first)
	for _, at := range []time.Duration{0, time.Second, grace} {
		d.now = noon.Add(at)
		if again := use(t, r, first); again != second {
			t.Errorf("after %s: got %s, want the same successor, %s", at, again, second)
		}
	}
	if want := []string{"renew"}; !slices.Equal(d.done, want) {
		t.Errorf("did %q, want %q", d.done, want)
	}
	use(t, r, second)
	over(t, "a token whose successor was used", r, first)
}

// TestRepeatsAreHeldToTheSession: a repeat, too, needs a user of the session's generation and a session that has not
// expired.
func TestRepeatsAreHeldToTheSession(t *testing.T) {
	for name, spoil := range map[string]func(d *fakeSessions, s *OpenSession){
		"of another generation": func(d *fakeSessions, s *OpenSession) { s.Generation = 1 },
		"expired":               func(d *fakeSessions, s *OpenSession) { s.ExpiresAt = d.now },
	} {
		r, d, first := newOpenSession()
		use(t, r, first)
		for id, s := range d.sessions {
			spoil(d, &s)
			d.sessions[id] = s
		}
		over(t, name, r, first)
	}
}

// TestStrictReuse: without a grace each second use ends the session, a use at the same time, too.
func TestStrictReuse(t *testing.T) {
	r, _, first := newOpenSession()
	r.Grace = 0
	second := use(t, r, first)
	over(t, "the token used last", r, first)
	over(t, "its successor", r, second)

	r, d, first := newOpenSession()
	r.Grace = 0
	d.meantime = func() { second = use(t, r, first) }
	over(t, "the slower of two uses", r, first)
	over(t, "the token that the faster one got", r, second)
}

// TestTwoUsesAtOnce: the second found the session before the first had renewed it. It is answered with the first one's
// successor.
func TestTwoUsesAtOnce(t *testing.T) {
	r, d, token := newOpenSession()
	var faster string
	d.meantime = func() { faster = use(t, r, token) }
	if slower := use(t, r, token); slower != faster {
		t.Errorf("the slower of two uses got %s, want the successor that the faster one got, %s", slower, faster)
	}
	if want := []string{"renew"}; !slices.Equal(d.done, want) {
		t.Errorf("did %q, want %q", d.done, want)
	}
	use(t, r, faster)
}

// TestSlowUseOfAReplacedToken: while a use is under way another client uses its token and the successor. It ends the
// family.
func TestSlowUseOfAReplacedToken(t *testing.T) {
	r, d, token := newOpenSession()
	var last string
	d.meantime = func() { last = use(t, r, use(t, r, token)) }
	over(t, "a token whose successor was used meanwhile", r, token)
	over(t, "the newest token", r, last)
}

// TestSuccessorsAreSalted: who knows a used secret alone cannot make its successor, and two renewals make two.
func TestSuccessorsAreSalted(t *testing.T) {
	_, first := newSession(ada, noon)
	s, _ := newSession(ada, noon)
	a, b := s.renewed(first, noon), s.renewed(first, noon)
	if a.LastRefresh.Salt == b.LastRefresh.Salt || a.SecretHash == b.SecretHash {
		t.Error("two renewals by one token lead to one successor")
	}
}

// TestSessionEndsMeanwhile: who logs out while a refresh is under way is logged out.
func TestSessionEndsMeanwhile(t *testing.T) {
	r, d, token := newOpenSession()
	d.meantime = func() { d.sessions = map[string]OpenSession{} }
	over(t, "a session ended meanwhile", r, token)
}

// TestExpiry: a token is good for 30 days, to the second, and a session for 90, however often it is used.
func TestExpiry(t *testing.T) {
	whole := noon.Truncate(time.Second)
	for name, c := range map[string]struct {
		uses []time.Time
		over time.Time
	}{
		"unused":           {nil, whole.Add(30 * day)},
		"used after a day": {[]time.Time{noon.Add(day)}, whole.Add(31 * day)},
		"used at the last": {[]time.Time{whole.Add(30*day - time.Millisecond)}, whole.Add(60*day - time.Second)},
		"used all the time": {
			[]time.Time{noon.Add(20 * day), noon.Add(40 * day), noon.Add(60 * day), noon.Add(80 * day)},
			whole.Add(90 * day),
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, wait := range []time.Duration{-time.Millisecond, 0} {
				r, d, token := newOpenSession()
				for _, at := range c.uses {
					d.now = at
					token = use(t, r, token)
				}
				if d.now = c.over.Add(wait); wait < 0 {
					use(t, r, token)
					continue
				}
				over(t, "at its end", r, token)
			}
		})
	}
}

// TestEndOfAllSessions: a session of another generation is over, whatever the clocks say; one of the user's goes on.
func TestEndOfAllSessions(t *testing.T) {
	for generation, stays := range map[int64]bool{0: true, 1: false, -1: false, 2: false} {
		r, d, token := newOpenSession()
		u := ada
		u.Generation = generation
		d.byEmail[u.Email] = u
		if stays {
			use(t, r, token)
			continue
		}
		over(t, fmt.Sprintf("a session of generation 0, with the user at %d", generation), r, token)
	}
}

// TestRefreshOfASessionThatGoesOn: a session that was taken into the user's next generation since it was read, because
// the password was changed in it, goes on; whatever fails on the way ends it not.
func TestRefreshOfASessionThatGoesOn(t *testing.T) {
	for _, down := range []bool{false, true} {
		r, d, token := newOpenSession()
		d.looked = func() {
			u := ada
			u.Generation = 1
			d.byEmail[u.Email] = u
			for id, s := range d.sessions {
				s.Generation = 1
				d.sessions[id] = s
			}
			if down {
				d.fails["find"] = errDown
			}
		}
		if !down {
			use(t, r, use(t, r, token))
			continue
		}
		if _, err := r.Do(t.Context(), token); !errors.Is(err, errDown) || len(d.sessions) != 1 {
			t.Errorf("got error %v and left %v, want %v and the session", err, d.sessions, errDown)
		}
	}
}

// TestRefreshGoesByTheStoredUser: the new token has what is stored now, and another account of the address has no part
// in it.
func TestRefreshGoesByTheStoredUser(t *testing.T) {
	r, d, token := newOpenSession()
	promoted, other := ada, ada
	promoted.Role, other.ID = RoleAdmin, "usr_2"
	d.byEmail[ada.Email] = promoted
	token = use(t, r, token)
	d.byEmail[ada.Email] = ada
	token = use(t, r, token)
	if len(d.issued) != 2 || !d.issued[0].HasScope("admin") || d.issued[1].HasScope("admin") {
		t.Errorf("tokens were issued for %+v, want one for the admin, one for the customer", d.issued)
	}
	d.byEmail[ada.Email] = other
	over(t, "another account of the address", r, token)
	r, d, token = newOpenSession()
	delete(d.byEmail, ada.Email)
	over(t, "an account that is gone", r, token)
}

// TestRefreshRefusesNonsense before it asks anyone.
func TestRefreshRefusesNonsense(t *testing.T) {
	r, d, _ := newOpenSession()
	d.fails["find"] = errDown
	for _, text := range []string{"", ".", "ses_", "guesses#x.y", "token"} {
		over(t, text, r, text)
	}
	delete(d.fails, "find")
	over(t, "a token of no session", r, newRefreshToken(newSessionID()).Encode())
	if len(d.done) != 0 {
		t.Errorf("did %q, want nothing", d.done)
	}
}

// TestRefreshFails: a failing part is no end of a session. The same request succeeds later, also where the renewal was
// carried out and only its answer lost.
func TestRefreshFails(t *testing.T) {
	for _, call := range []string{"find", "look up", "issue", "renew", "answer"} {
		t.Run(call, func(t *testing.T) {
			r, d, token := newOpenSession()
			d.fails[call] = errDown
			if got, err := r.Do(context.Background(), token); got != (Session{}) || !errors.Is(err, errDown) ||
				errors.Is(err, ErrSessionOver) {
				t.Errorf("got %+v and error %v, want %v", got, err, errDown)
			}
			delete(d.fails, call)
			use(t, r, token)
		})
	}
}

// TestReuseIsNotOverlooked: where the family cannot be ended, the answer says so, and the next reuse ends it.
func TestReuseIsNotOverlooked(t *testing.T) {
	r, d, first := newOpenSession()
	use(t, r, use(t, r, first))
	d.fails["end"] = errDown
	if _, err := r.Do(context.Background(), first); !errors.Is(err, errDown) || errors.Is(err, ErrSessionOver) {
		t.Errorf("got error %v, want %v", err, errDown)
	}
}

func TestLogOut(t *testing.T) {
	r, d, first := newOpenSession()
	second := use(t, r, first)
	l := &LogOut{End: d.End}
	for range 2 {
		if err := l.Do(context.Background(), second); err != nil {
			t.Fatal(err)
		}
	}
	over(t, "logged out", r, second)

	_, d, token := newOpenSession()
	l = &LogOut{End: d.End}
	for _, text := range []string{"", "token", newRefreshToken(newSessionID()).Encode()} {
		if err := l.Do(context.Background(), text); err != nil || len(d.sessions) != 1 {
			t.Errorf("%q: got error %v, %d sessions left; want the one", text, err, len(d.sessions))
		}
	}
	d.fails["end"] = errDown
	if err := l.Do(context.Background(), token); !errors.Is(err, errDown) {
		t.Errorf("got error %v, want %v", err, errDown)
	}
}

// TestReuseIsTold: the log is told of a token that was used before, and whose session it was; not of one that expired.
func TestReuseIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(r *Refresh, first string)
		told  bool
	}{
		"used before": {func(r *Refresh, first string) { use(t, r, use(t, r, first)) }, true},
		"expired":     {func(r *Refresh, _ string) { r.Now = func() time.Time { return noon.Add(31 * day) } }, false},
	} {
		r, _, first := newOpenSession()
		c.spoil(r, first)
		_, err := r.Do(context.Background(), first)
		var reused *TokenReusedError
		if errors.As(err, &reused) != c.told || !errors.Is(err, ErrSessionOver) || c.told && reused.UserID != "usr_1" {
			t.Errorf("%s: got error %v, told of a reuse: %v", name, err, reused)
		}
	}
}
