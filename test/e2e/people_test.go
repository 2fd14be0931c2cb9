package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	strict "github.com/go-json-experiment/json"

	"shop/test/testenv"
)

// caller is who makes a request. The zero caller is anyone.
type caller struct {
	user
	token string
}

var anyone caller

const password = "correct horse battery staple"

// unique returns a word that no other test and no earlier run uses.
func unique() string { return strings.ToLower(rand.Text()[:16]) }

func freshEmail() string { return "e2e-" + unique() + "@example.com" }

func needStore(t *testing.T) {
	t.Helper()
	testenv.Env(t, "SHOP_URL")
}

// newCustomer signs a customer up and logs them in.
func newCustomer(t *testing.T) caller {
	t.Helper()
	needStore(t)
	c, err := registered(t.Context(), freshEmail())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newCustomers is newCustomer n times, a few at once.
func newCustomers(t *testing.T, n int) []caller {
	t.Helper()
	needStore(t)
	customers := make([]caller, n)
	atOnce(t, n, 4, func(i int) error {
		var err error
		customers[i], err = registered(t.Context(), freshEmail())
		return err
	})
	return customers
}

func registered(ctx context.Context, email string) (caller, error) {
	a, err := call{method: "POST", path: "/users", body: signUp{email, password, "Ada Lovelace"}}.exchange(ctx)
	if err != nil {
		return caller{}, err
	}
	if a.status != http.StatusCreated {
		return caller{}, fmt.Errorf("signing up %s: %d %s", email, a.status, clip(a.body))
	}
	var u user
	if err := strict.Unmarshal(a.body, &u); err != nil {
		return caller{}, fmt.Errorf("reading the user: %w", err)
	}
	token, err := loggedIn(ctx, email, password)
	return caller{u, token}, err
}

func loggedIn(ctx context.Context, email, password string) (string, error) {
	a, err := call{method: "POST", path: "/sessions", body: logIn{email, password}}.exchange(ctx)
	if err != nil {
		return "", err
	}
	if a.status != http.StatusCreated {
		return "", fmt.Errorf("logging %s in: %d %s", email, a.status, clip(a.body))
	}
	var s session
	err = strict.Unmarshal(a.body, &s)
	return s.AccessToken, err
}

// demoCredentials is what `make demo-credentials` prints.
type demoCredentials struct {
	Customer, Admin struct{ Email, Password string }
}

// admin is the demo admin, logged in for all tests, and again before the token expires, which a run on a slow machine
// outlasts.
func admin(t *testing.T) caller {
	t.Helper()
	needStore(t)
	testenv.Env(t, "SHOP_CREDENTIALS")
	theAdmin.Lock()
	defer theAdmin.Unlock()
	if time.Since(theAdmin.since) > 5*time.Minute {
		theAdmin.since = time.Now()
		theAdmin.caller, theAdmin.err = demoAdmin()
	}
	if theAdmin.err != nil {
		t.Fatal(theAdmin.err)
	}
	return theAdmin.caller
}

var theAdmin struct {
	sync.Mutex
	caller
	err   error
	since time.Time
}

// demoAdmin does not take a test's context: its token serves later tests too.
func demoAdmin() (caller, error) {
	var known demoCredentials
	if err := json.Unmarshal([]byte(os.Getenv("SHOP_CREDENTIALS")), &known); err != nil {
		return caller{}, fmt.Errorf("reading SHOP_CREDENTIALS: %w", err)
	}
	token, err := loggedIn(context.Background(), known.Admin.Email, known.Admin.Password)
	if err != nil {
		return caller{}, err
	}
	id, err := subjectOf(token)
	return caller{user{UserID: id, Email: known.Admin.Email}, token}, err
}

// newAdmin makes a customer an admin and logs them in anew.
func newAdmin(t *testing.T) caller {
	t.Helper()
	c := newCustomer(t)
	operator(t, "grant", c.Email, "admin", "--yes")
	token, err := loggedIn(t.Context(), c.Email, password)
	if err != nil {
		t.Fatal(err)
	}
	c.token = token
	return c
}
