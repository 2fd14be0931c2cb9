package user

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestDevices(t *testing.T) {
	one, other := NewDevice(), NewDevice()
	if one == other || !IsDevice(one) || len(one) != 43 {
		t.Errorf("got %q and %q", one, other)
	}
	for _, none := range []string{"", "guess", one + "A", one + "=", one[1:], strings.Repeat("?", 43), " " + one} {
		if IsDevice(none) {
			t.Errorf("%q is taken for a token", none)
		}
	}
	if hashDevice("") != "" || hashDevice(one) == hashDevice(other) || strings.Contains(hashDevice(one), one) {
		t.Error("a token is not kept as its hash alone")
	}
}

// in is the credentials as given in a browser.
func in(device string, c Credentials) Credentials {
	c.Device = device
	return c
}

// TestNobodyLocksAKnownBrowserOut: whatever guesses come from its own client and from all others, and from the client
// at all addresses, a browser that logged in to the address before does so again, at once; a browser that did not has
// to wait.
func TestNobodyLocksAKnownBrowserOut(t *testing.T) {
	l, e := logIn()
	const known, other = "known", "other"
	if got := wait(t, l, in(known, right(home))); got != 0 {
		t.Fatalf("the first log-in has to wait %s", got)
	}
	for n := range 400 {
		wait(t, l, wrong(home))
		wait(t, l, Credentials{Address: fmt.Sprint(n, "@example.com"), Password: "stolen", ClientKey: home})
		wait(t, l, wrong(fmt.Sprint("198.51.100.", n)))
	}
	for name, c := range map[string]Credentials{"none": right(home), "another": in(other, right(home))} {
		if wait(t, l, c) == 0 {
			t.Errorf("with the browser: %s, there is no wait", name)
		}
	}
	before := len(e.begun)
	for range 3 {
		if got := wait(t, l, in(known, right(home))); got != 0 {
			t.Errorf("the known browser has to wait %s", got)
		}
	}
	if got := wait(t, l, in(known, right("203.0.113.99"))); got != 0 || len(e.begun) != before+4 {
		t.Errorf("the known browser elsewhere has to wait %s, with %d sessions", got, len(e.begun)-before)
	}
}

// TestAKnownBrowserIsNoLicence: it has twenty free guesses a day of the address that it is known for, then waits as
// anyone; its guesses make nobody else wait, and at another address it is like any other.
func TestAKnownBrowserIsNoLicence(t *testing.T) {
	l, e := logIn()
	const known = "known"
	wait(t, l, in(known, right(home)))
	for n, got := range waits(t, l, freePerDevice+2, in(known, wrong(home))) {
		if want := time.Duration(max(0, n-freePerDevice+1)) * firstDelay; (got > 0) != (want > 0) {
			t.Errorf("guess %d waits %s", n+1, got)
		}
	}
	if wait(t, l, in(known, right(home))) == 0 {
		t.Error("the right password does not wait")
	}
	if got := wait(t, l, right(home)); got != 0 {
		t.Errorf("without the browser the owner waits %s", got)
	}
	e.now = e.now.Add(firstDelay)
	if got := wait(t, l, in(known, right(home))); got != 0 {
		t.Errorf("after the wait: still %s", got)
	}
	eve := Credentials{Address: "eve@example.com", Password: "wrong one", ClientKey: home}
	for range 100 {
		if wait(t, l, in(known, eve)) > 0 {
			return
		}
	}
	t.Error("at an address that it is not known for there is no wait")
}
