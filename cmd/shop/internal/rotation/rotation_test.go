package rotation

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shop/internal/token"
)

var start = time.Date(2026, time.March, 14, 15, 0, 0, 0, time.UTC)

// after is a time of the tests: so much after their start.
func after(d time.Duration) time.Time { return start.Add(d) }

func key(id string, createdAt time.Time) Key {
	return Key{ID: id, TokenID: "kid-" + id, CreatedAt: createdAt, Enabled: true, Published: true}
}

// state has a key that signs since the start, and a standby key that was made and published so much later.
func state(standbyMade, published time.Duration) State {
	standby := key("standby", after(standbyMade))
	return State{
		Signing: key("signing", start), Standby: &standby, PublishedSince: after(published), SignedSince: start,
	}
}

func TestNextAndWhen(t *testing.T) {
	none := state(0, 0)
	none.Standby = nil
	disabled := state(time.Minute, time.Minute)
	disabled.Standby.Enabled = false
	second := state(-createdTogether, 0)
	second.Standby.Order = 1
	succeeded := state(-createdTogether-1, 0)
	succeeded.Standby.Order = 1
	for name, c := range map[string]struct {
		state State
		want  Step
	}{
		"no standby key": {none, Step{Action: Add}},
		"a younger one":  {state(time.Hour, 0), Step{Switch, after(time.Hour + 135*time.Minute)}},
		"a younger one, published later": {
			state(time.Minute, time.Hour), Step{Switch, after(time.Hour + 135*time.Minute)},
		},
		"an older one":                    {state(-time.Hour, time.Hour), Step{Replace, after(20 * time.Minute)}},
		"the first of two made together":  {state(0, time.Hour), Step{Replace, after(20 * time.Minute)}},
		"the second of two made together": {second, Step{Switch, after(135 * time.Minute)}},
		"the second, made before":         {succeeded, Step{Replace, after(20 * time.Minute)}},
		"a younger one that cannot sign":  {disabled, Step{Replace, after(20 * time.Minute)}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.state.Next(); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestAllowHoldsAStepToItsTime(t *testing.T) {
	for _, s := range []State{state(time.Hour, 0), state(-time.Hour, 0)} {
		at := s.Next().NotBefore
		if err := s.Allow(at); err != nil {
			t.Errorf("%s: got %v, want it allowed", s.Next().Action, err)
		}
		var early *TooEarlyError
		if err := s.Allow(at.Add(-time.Minute)); !errors.As(err, &early) || early.Step != s.Next() {
			t.Errorf("%s: got %v, want it too early", s.Next().Action, err)
		}
	}
	want := "too early to sign with the standby key: not before 2026-03-14T18:15:00Z, in 1m0s"
	if err := state(time.Hour, 0).Allow(after(time.Hour + 134*time.Minute)); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestAllowAsksWhatTheKeySetHas: time alone makes no key known.
func TestAllowAsksWhatTheKeySetHas(t *testing.T) {
	later := after(240 * time.Hour)
	for name, c := range map[string]struct {
		made   time.Duration // the standby key
		change func(*State)
		want   error
	}{
		"to a key that is not published": {time.Hour, func(s *State) {
			s.Standby.Published = false
		}, ErrNotPublished},
		"from a key that is not published": {time.Hour, func(s *State) { s.Signing.Published = false }, nil},
		"from a key that is disabled":      {time.Hour, func(s *State) { s.Signing.Enabled = false }, nil},
		"replaced, the signer not published": {-time.Hour, func(s *State) {
			s.Signing.Published = false
		}, ErrNotPublished},
		"replaced, the signer disabled":  {-time.Hour, func(s *State) { s.Signing.Enabled = false }, ErrDisabled},
		"replaced, itself not published": {-time.Hour, func(s *State) { s.Standby.Published = false }, nil},
		"added, though nothing can sign": {0, func(s *State) {
			s.Standby, s.Signing.Enabled, s.Signing.Published = nil, false, false
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := state(c.made, 0)
			c.change(&s)
			if err := s.Allow(later); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// gateway keeps the keys that it read for two hours, as API Gateway may, and knows no other.
type gateway struct {
	keys   map[string]bool
	readAt time.Time
}

func (g *gateway) knows(s State, id string, now time.Time) bool {
	if now.Sub(g.readAt) >= 2*time.Hour {
		g.keys, g.readAt = map[string]bool{s.Signing.ID: true}, now
		if s.Standby != nil {
			g.keys[s.Standby.ID] = true
		}
	}
	return g.keys[id]
}

// TestNoTokenIsLost: whenever steps are tried, every token is known at the gateway until it expires, and the rotation
// goes on.
func TestNoTokenIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now, s, made, steps := start, state(time.Minute, 0), 0, 0
		g := &gateway{}
		signed := map[string]time.Time{} // by key, when it last signed
		for range 300 {
			now = now.Add(time.Duration(rapid.IntRange(1, 1800).Draw(t, "seconds")) * time.Second)
			signed[s.Signing.ID] = now
			if s.Allow(now) == nil {
				steps++
				s = take(s, now, fmt.Sprint("key ", made))
				made++
			}
			for id, at := range signed {
				if now.Sub(at) < token.Lifetime && !g.knows(s, id, now) {
					t.Fatalf("at %v the gateway does not know %s, which signed at %v", now, id, at)
				}
			}
		}
		if now.Sub(start) > 3*(Known+Expired) && steps < 4 {
			t.Fatalf("%d steps in %v", steps, now.Sub(start))
		}
	})
}

// take does what the next step says.
func take(s State, now time.Time, id string) State {
	fresh := key(id, now)
	switch s.Next().Action {
	case Switch:
		old := s.Signing
		s.Signing, s.Standby, s.SignedSince = *s.Standby, &old, now
	case Replace, Add:
		s.Standby, s.PublishedSince = &fresh, now
	}
	return s
}
