package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// visitor signs up, logs in, logs out and tries to go on with the session, while faults are injected.
type visitor struct {
	person
	signUps  []reply // to the sign-up with its Idempotency-Key, in their order
	logIns   []reply
	logOuts  []reply // of the session, in their order; none where nobody logged in
	goesOn   []reply // to refreshes of the session after that
	accounts map[string]bool
}

// visit repeats each request, as a client does, until it has a definite answer.
func (r *round) visit(ctx context.Context) {
	g := &visitor{person: person{"success+visitor-" + r.id + "@simulator.amazonses.com", "a password of chaos"},
		accounts: map[string]bool{}}
	r.visitor = g
	g.signUps = r.sendUntilDefinite(ctx, request{
		Method: http.MethodPost, Path: "/users", Key: "visitor " + r.id,
		Body: map[string]string{"email": g.Email, "password": g.Password, "name": "Ada Lovelace"},
	})
	for _, a := range g.signUps {
		var made struct {
			UserID string `json:"user_id"`
		}
		if a.status == http.StatusCreated && json.Unmarshal(a.body, &made) == nil {
			g.accounts[made.UserID] = true
		}
	}
	g.logIns = r.sendUntilDefinite(ctx, request{Method: http.MethodPost, Path: "/sessions", Body: g.person})
	var session struct {
		RefreshToken string `json:"refresh_token"`
	}
	if json.Unmarshal(last(g.logIns).body, &session) != nil || session.RefreshToken == "" {
		return
	}
	body := map[string]string{"refresh_token": session.RefreshToken}
	g.logOuts = r.sendUntilDefinite(ctx, request{Method: http.MethodPost, Path: "/sessions/revoke", Body: body})
	g.goesOn = r.sendUntilDefinite(ctx, request{Method: http.MethodPost, Path: "/sessions/refresh", Body: body})
}

// retryPause lies between two attempts of a client.
const retryPause = 50 * time.Millisecond

// sendUntilDefinite sends a request until it has a definite answer, at most repeatTries times, and returns all answers.
// An attempt while the emulator is away does not count.
func (r *round) sendUntilDefinite(ctx context.Context, q request) []reply {
	var all []reply
	for tries := 0; tries < repeatTries && ctx.Err() == nil; {
		restarts := r.awaitRestart()
		a := r.env.client.send(ctx, q)
		all = append(all, a)
		if a.definite() {
			break
		}
		if r.awaitRestart() == restarts {
			tries++
		}
		time.Sleep(retryPause)
	}
	return all
}

// awaitRestart waits until the emulator is there, and returns how often it was away.
func (r *round) awaitRestart() int {
	r.away.RLock()
	defer r.away.RUnlock()
	return r.restarted
}

// checkVisitor: a sign-up that is repeated with its key is answered as the first was, and a session that was logged out
// is over.
func (h *history) checkVisitor(v *verdict) {
	g := h.round.visitor
	if g == nil {
		return
	}
	for _, a := range h.visits() {
		v.want(allowedReply(a), invAnswer, "a visitor's request: %s", a)
	}
	wantSettled(v, g.signUps, http.StatusCreated, "signing up with a key")
	v.want(len(g.accounts) <= 1, invRepeat, "one sign-up opened %d accounts", len(g.accounts))
	wantSettled(v, g.logIns, http.StatusCreated, "logging in after the sign-up")
	if len(g.logOuts) == 0 {
		return
	}
	wantSettled(v, g.logOuts, http.StatusNoContent, "logging out")
	out, on := last(g.logOuts), last(g.goesOn)
	v.want(on.definite(), invSettled, "going on after the log-out, %d times: %s", len(g.goesOn), on)
	v.want(out.status != http.StatusNoContent || on.status == http.StatusUnauthorized || !on.definite(), invEnded,
		"%s goes on after the log-out: %s", g.Email, on)
}

// visits are all answers that the visitor got and that are kept.
func (h *history) visits() []reply {
	g := h.round.visitor
	if g == nil {
		return nil
	}
	return slices.Concat(g.signUps, g.logIns, g.logOuts, g.goesOn)
}
