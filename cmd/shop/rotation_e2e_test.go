package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"shop/cmd/shop/internal/apiclient"
	"shop/cmd/shop/internal/rotation"
	"shop/test/testenv"
)

// hoursLater is the clock of a command that need not wait: what it asks for is past. Nothing else about the command is
// different.
func hoursLater() time.Time { return time.Now().Add(3 * time.Hour) }

// drill is clients at work while the key is exchanged: each asks for its orders with every token that there is, and
// logs in again and again.
type drill struct {
	url      string
	customer []byte // what it logs in with
	machine  []byte // what a machine exchanges for a token

	mu     sync.Mutex
	tokens map[string]string // the newest by kid; each is valid for longer than the drill lasts
	counts map[string]int    // of requests answered 200, by the token's kid
	wrong  []string          // whatever else was answered
}

// TestStoreRotation is the rotation drill: the key that signs is exchanged for the other and back while clients are at
// work with tokens of both. Nobody with a valid token is refused, and nothing else fails. It runs beside no other test
// of this package, and leaves the store as it was.
func TestStoreRotation(t *testing.T) {
	session := deployed(t)
	keys, err := findKeys(t.Context(), &target{stack: "shop", local: true})
	if err != nil {
		t.Fatal(err)
	}
	before := stateOf(t, keys)
	if before.Next().Action != rotation.Switch {
		t.Fatalf("the next step is to %s: was a drill interrupted?", before.Next().Action)
	}
	signs := keys.params[signedBy]
	d := newDrill(t, session)
	d.logsInWith(t, before.Signing.TokenID)
	stop := d.begin(t, 3)
	d.awaitMore(t, 10)

	var out, errs bytes.Buffer
	command := &rotateCommand{
		streams: streams{out: &out, err: &errs}, target: &target{stack: "shop", local: true}, now: hoursLater,
	}
	if err := command.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	result{exitDone, out.String(), errs.String()}.want(t, exitDone, "done: sign with the standby key",
		"signs "+before.Standby.TokenID)
	d.logsInWith(t, before.Standby.TokenID)
	d.awaitMore(t, 10)

	if err := keys.update(t.Context(), signedBy, signs); err != nil {
		t.Fatal(err)
	}
	d.logsInWith(t, before.Signing.TokenID)
	d.awaitMore(t, 10)
	stop()
	for _, wrong := range d.wrong {
		t.Error(wrong)
	}
	t.Logf("answered by the token's key: %v", d.counts)
	if after := stateOf(t, keys); after.Signing.ID != before.Signing.ID || after.Standby.ID != before.Standby.ID {
		t.Errorf("the keys are now %+v, want them as they were: %+v", after, before)
	}
}

func stateOf(t *testing.T, keys *signingKeys) rotation.State {
	t.Helper()
	s, err := keys.state(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newDrill signs a customer up for it.
func newDrill(t *testing.T, admin *apiclient.Session) *drill {
	t.Helper()
	id := strings.ToLower(unique())
	if _, _, err := (&apiclient.Shop{
		Session: admin, Password: customerPassword,
	}).Customer(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	who, err := json.Marshal(map[string]string{
		"email": "success+" + id + "@simulator.amazonses.com", "password": customerPassword,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &drill{
		url: testenv.Env(t, "SHOP_URL"), customer: who, machine: newMachine(t),
		tokens: map[string]string{}, counts: map[string]int{},
	}
}

// newMachine makes an API key for the length of the test, and returns what is exchanged for a token.
func newMachine(t *testing.T) []byte {
	t.Helper()
	created := shop(t, "api-key", "create", "drill", "history", "--local")
	key := regexp.MustCompile(`shopkey_[a-z2-7]{26}\.[\w-]{43}`).FindString(created.out)
	if key == "" {
		t.Fatalf("no key was made: %+v", created)
	}
	id, _, _ := strings.Cut(key, ".")
	t.Cleanup(func() { // the test's context has ended
		var out, errs bytes.Buffer
		code := run(context.Background(), []string{"api-key", "revoke", id, "--local"}, streams{out: &out, err: &errs})
		result{code, out.String(), errs.String()}.want(t, exitDone, id+" is revoked")
	})
	body, err := json.Marshal(map[string]string{"api_key": key})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// begin starts so many clients, and returns how to end them.
func (d *drill) begin(t *testing.T, clients int) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for range clients {
		wait.Go(func() {
			for ctx.Err() == nil {
				for kid, token := range d.known() {
					d.ask(kid, token)
				}
				d.logIn()
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); wait.Wait() })
	t.Cleanup(stop)
	return stop
}

func (d *drill) known() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	known := map[string]string{}
	for kid, token := range d.tokens {
		known[kid] = token
	}
	return known
}

// tokens are what a session is made of.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// logIn logs in and refreshes the session at once. It returns the kids of the two new access tokens.
func (d *drill) logIn() [2]string {
	var first, next tokens
	if !d.send(http.MethodPost, "/sessions", "", d.customer, http.StatusCreated, &first) {
		return [2]string{}
	}
	body, _ := json.Marshal(map[string]string{"refresh_token": first.Refresh}) // a text
	if !d.send(http.MethodPost, "/sessions/refresh", "", body, http.StatusOK, &next) {
		return [2]string{}
	}
	kids := [2]string{kidOf(first.Access), kidOf(next.Access)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tokens[kids[0]], d.tokens[kids[1]] = first.Access, next.Access
	return kids
}

func (d *drill) ask(kid, token string) {
	if d.send(http.MethodGet, "/orders", token, nil, http.StatusOK, &struct{}{}) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.counts[kid]++
	}
}

// send notes an answer that is not the wanted one.
func (d *drill) send(method, path, token string, body []byte, want int, into any) bool {
	status, answer, err := d.exchange(method, path, token, body)
	if err == nil && status == want {
		err = json.Unmarshal(answer, into)
	}
	if err == nil && status == want {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wrong = append(d.wrong,
		fmt.Sprintf("%s %s with a token of %q: %d %s %v", method, path, kidOf(token), status, answer, err))
	return false
}

func (d *drill) exchange(method, path, token string, body []byte) (int, []byte, error) {
	request, err := http.NewRequest(method, d.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// logsInWith fails unless a log-in, a refresh and an exchange of an API key now give tokens of this kid.
func (d *drill) logsInWith(t *testing.T, kid string) {
	t.Helper()
	if got := d.logIn(); got != [2]string{kid, kid} {
		t.Fatalf("new tokens are of the keys %q, want %q; refused: %v", got, kid, d.wrong)
	}
	var machine tokens
	d.send(http.MethodPost, "/machine-sessions", "", d.machine, http.StatusCreated, &machine)
	if got := kidOf(machine.Access); got != kid {
		t.Fatalf("a machine's token is of the key %q, want %q; refused: %v", got, kid, d.wrong)
	}
}

// awaitMore waits until the clients were answered so often more with a token of each kid, or something went wrong.
func (d *drill) awaitMore(t *testing.T, more int) {
	t.Helper()
	d.mu.Lock()
	goal := map[string]int{}
	for kid := range d.tokens {
		goal[kid] = d.counts[kid] + more
	}
	d.mu.Unlock()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if d.reached(goal) {
			return
		}
	}
	t.Fatalf("answered %v in two minutes, want %v; refused: %v", d.counts, goal, d.wrong)
}

func (d *drill) reached(goal map[string]int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for kid, want := range goal {
		if d.counts[kid] < want && len(d.wrong) == 0 {
			return false
		}
	}
	return true
}

// kidOf reads the header of a token; "" if it has none.
func kidOf(token string) string {
	head, _, _ := strings.Cut(token, ".")
	text, _ := base64.RawURLEncoding.DecodeString(head)
	var header struct {
		KeyID string `json:"kid"`
	}
	_ = json.Unmarshal(text, &header) // no token, no kid
	return header.KeyID
}
