package e2e

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	storeduser "shop/internal/user"
	"shop/test/testenv"
)

func endSessions(from caller, password string) call {
	return call{method: "DELETE", path: "/sessions", from: from, body: map[string]string{"password": password}}
}

type chosenPassword struct {
	Current string `json:"current"`
	New     string `json:"new"`
}

func changePassword(from caller, current, chosen string) call {
	return call{method: "PUT", path: "/users/me/password", from: from, body: chosenPassword{current, chosen}}
}

// keyed is the call with an Idempotency-Key.
func (c call) keyed(key string) call {
	c.key = key
	return c
}

// account is what a user sees of their own.
type account struct {
	UserID    string   `json:"user_id"`
	Email     string   `json:"email"`
	Name      string   `json:"name"`
	Admin     bool     `json:"admin"`
	Scopes    []string `json:"scopes"`
	CreatedAt string   `json:"created_at"`
}

type accountExport struct {
	Account     account          `json:"account"`
	BackInStock []awaitedProduct `json:"back_in_stock"`
	Orders      []order          `json:"orders"`
	NextCursor  *string          `json:"next_cursor"`
}

// awaitedProduct is a product that a customer waits for.
type awaitedProduct struct {
	ProductID   string `json:"product_id"`
	RequestedAt string `json:"requested_at"`
}

func viewAccount(from caller) call { return call{method: "GET", path: "/users/me", from: from} }

func rename(from caller, name string) call {
	return call{method: "PATCH", path: "/users/me", from: from, body: map[string]string{"name": name}}
}

// by is the user with the access token of a session.
func (c caller) by(token string) caller {
	c.token = token
	return c
}

// TestLogOutEverywhere: all sessions end, the one that asks, too, and those of nobody else; later ones go on.
func TestLogOutEverywhere(t *testing.T) {
	t.Parallel()
	c, other, b := newCustomer(t), newCustomer(t), &browser{}
	first, others := newSession(t, c), newSession(t, other)
	b.logIn(t, c)
	send(t, endSessions(c, "wrong "+password)).refused(t, http.StatusUnauthorized, "invalid_credentials")
	first = refreshed(t, first)
	if a := send(t, endSessions(c.by(first.AccessToken), password)).want(t, http.StatusNoContent); len(a.body) > 0 {
		t.Errorf("the answer has a body: %s", clip(a.body))
	}
	first.over(t)
	b.over(t)
	refreshed(t, others)
	refreshed(t, newSession(t, c))
	send(t, endSessions(c, password)).want(t, http.StatusNoContent)
}

// TestChangePassword: the session that asks goes on, all others end, the owner is told, and the new password is the
// only one.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	c, b := newCustomer(t), &browser{}
	asks, other := newSession(t, c), newSession(t, c)
	b.logIn(t, c)
	asks = refreshed(t, asks)
	me := c.by(asks.AccessToken)
	send(t, changePassword(me, "wrong "+password, newPassword)).refused(t, http.StatusUnauthorized,
		"invalid_credentials")
	for _, weak := range []string{"short", "password123", strings.Split(c.Email, "@")[0]} {
		p := send(t, changePassword(me, password, weak)).refused(t, http.StatusBadRequest, "invalid_request")
		if p.Errors[0].Field != "new" {
			t.Errorf("%q: errors = %+v, want one of new", weak, p.Errors)
		}
	}
	key := unique()
	for range 2 { // the answer was lost
		send(t, changePassword(me, password, newPassword).keyed(key)).want(t, http.StatusNoContent)
	}
	other.over(t)
	b.over(t)
	asks = refreshed(t, asks)
	send(t, postSession(logIn{c.Email, password})).refused(t, http.StatusUnauthorized, "invalid_credentials")
	send(t, postSession(logIn{c.Email, newPassword})).want(t, http.StatusCreated)
	id := "password-changed#" + c.UserID + "-1"
	awaitState(t, id, "sent")
	if item := stored(t, "MailsTable", "mail_id", id); attribute(item, "email") != "" {
		t.Errorf("the record has the address still: %+v", item)
	}

	send(t, changePassword(c.by(asks.AccessToken), newPassword, password)).want(t, http.StatusNoContent)
	refreshed(t, asks)
	awaitState(t, "password-changed#"+c.UserID+"-2", "sent")
}

// TestChangePasswordByAnEndedSession: an access token lives on, and sets no password.
func TestChangePasswordByAnEndedSession(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	s := newSession(t, c)
	send(t, logOut(s.RefreshToken)).want(t, http.StatusNoContent)
	send(t, changePassword(c.by(s.AccessToken), password, newPassword)).
		refused(t, http.StatusUnauthorized, "unauthenticated")
	send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
}

// TestChangesOfAPasswordAtOnce: of two sessions that change it at the same time one does, and goes on.
func TestChangesOfAPasswordAtOnce(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	sessions := []session{newSession(t, c), newSession(t, c)}
	passwords := []string{newPassword + " 0", newPassword + " 1"}
	done := make([]bool, len(sessions))
	atOnce(t, len(sessions), len(sessions), func(i int) error {
		a, err := changePassword(c.by(sessions[i].AccessToken), password, passwords[i]).keyed(unique()).
			untilNotBusy(t.Context())
		done[i] = err == nil && a.status == http.StatusNoContent
		return err
	})
	if done[0] == done[1] {
		t.Fatalf("changed = %v, want one", done)
	}
	won := slices.Index(done, true)
	refreshed(t, sessions[won])
	sessions[1-won].over(t)
	send(t, postSession(logIn{c.Email, passwords[won]})).want(t, http.StatusCreated)
	send(t, postSession(logIn{c.Email, passwords[1-won]})).refused(t, http.StatusUnauthorized, "invalid_credentials")
}

// TestOwnPasswordIsGuessedAt: wrong passwords of who has a token are slowed as at log-in, and by the same count.
func TestOwnPasswordIsGuessedAt(t *testing.T) {
	t.Parallel()
	c, addr := newCustomer(t), freshAddr()
	for n := 0; ; n++ {
		guess := endSessions(c, "wrong "+password)
		if n%2 == 1 {
			guess = changePassword(c, "wrong "+password, newPassword)
		}
		a := send(t, guess.callingFrom(addr))
		if a.status == http.StatusTooManyRequests {
			break
		}
		a.refused(t, http.StatusUnauthorized, "invalid_credentials")
		if n == 100 {
			t.Fatal("100 wrong passwords and no 429")
		}
	}
	prolong(t, c.Email, addr, storeduser.PerAddressAndClient)
	send(t, postSession(logIn{c.Email, password}).callingFrom(addr)).refused(t, http.StatusTooManyRequests,
		"too_many_requests")
	send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
}

// TestAccount: users see and rename their own.
func TestAccount(t *testing.T) {
	t.Parallel()
	needStore(t)
	testenv.Env(t, "SHOP_CREDENTIALS")
	c := newCustomer(t)
	want := account{c.UserID, c.Email, c.Name, false, []string{}, c.CreatedAt}
	if got := decodeExact[account](t, send(t, viewAccount(c)).want(t, http.StatusOK)); !reflect.DeepEqual(got, want) {
		t.Errorf("account = %+v, want %+v", got, want)
	}
	want.Name = "Zoë 🦊 שלום"
	for range 2 {
		got := decodeExact[account](t, send(t, rename(c, want.Name)).want(t, http.StatusOK))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("account = %+v, want %+v", got, want)
		}
	}
	b := &browser{}
	if s := b.logIn(t, c); s.User.Name != want.Name {
		t.Errorf("the session's name = %q, want %q", s.User.Name, want.Name)
	}
	for _, name := range []string{"", "\n", strings.Repeat("x", 201)} {
		send(t, rename(c, name)).refused(t, http.StatusBadRequest, "invalid_request")
	}
	if got := decodeExact[account](t, send(t, viewAccount(admin(t))).want(t, http.StatusOK)); !got.Admin {
		t.Errorf("account = %+v, want an admin's", got)
	}
	send(t, deleteAccount(c, password)).want(t, http.StatusNoContent)
	for _, gone := range []call{
		viewAccount(c), rename(c, "Eve"), endSessions(c, password), changePassword(c, password, newPassword),
	} {
		send(t, gone).refused(t, http.StatusUnauthorized, "unauthenticated")
	}
}

// TestExport: the account, and all orders, in bounded pages.
func TestExport(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t, stocked(plenty)).ProductID
	want := map[string]bool{}
	for range 3 {
		want[newOrder(t, c, one(p)).OrderID] = true
	}
	var pages []accountExport
	eventually(t, time.Minute, "the export has all orders", func() bool {
		pages = nil
		ask := call{method: "GET", path: "/users/me/export", from: c}.with("limit", "2")
		for n := 0; ; n++ {
			page := decode[accountExport](t, send(t, ask).want(t, http.StatusOK))
			if pages = append(pages, page); page.NextCursor == nil || n == 5 {
				break
			}
			ask = ask.with("cursor", *page.NextCursor)
		}
		return len(pages) == 2
	})
	for _, page := range pages {
		if page.Account.UserID != c.UserID || page.Account.Email != c.Email || len(page.Orders) > 2 {
			t.Errorf("page = %+v", page)
		}
		for _, o := range page.Orders {
			if !want[o.OrderID] || o.Email != c.Email {
				t.Errorf("order = %+v, which is none of %v", o, want)
			}
			delete(want, o.OrderID)
		}
	}
	if len(want) > 0 {
		t.Errorf("the export lacks %v", want)
	}
}
