package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// visitor is somebody who, in the midst of what goes wrong, signs up, logs in, logs out and tries to go on.
type visitor struct {
	person
	signUps  []reply // to the sign-up with its Idempotency-Key, in their order
	logOuts  []reply // of the session, in their order; none where nobody logged in
	goesOn   []reply // to refreshes of the session after that
	accounts map[string]bool
}

// visit sends each request again, as a client does, as long as it has no definite answer.
func (r *round) visit(ctx context.Context) {
	g := &visitor{person: person{"success+visitor-" + r.id + "@simulator.amazonses.com", "a password of chaos"}, accounts: map[string]bool{}}
	r.visitor = g
	g.signUps = r.sendUntilDefinite(ctx, request{
		method: http.MethodPost, path: "/users", key: "visitor " + r.id,
		body: map[string]string{"email": g.Email, "password": g.Password, "name": "Ada Lovelace"},
	})
	for _, a := range g.signUps {
		var made struct {
			UserID string `json:"user_id"`
		}
		if a.status == http.StatusCreated && json.Unmarshal(a.body, &made) == nil {
			g.accounts[made.UserID] = true
		}
	}
	logIns := r.sendUntilDefinite(ctx, request{method: http.MethodPost, path: "/sessions", body: g.person})
	var session struct {
		RefreshToken string `json:"refresh_token"`
	}
	if json.Unmarshal(logIns[len(logIns)-1].body, &session) != nil || session.RefreshToken == "" {
		return
	}
	body := map[string]string{"refresh_token": session.RefreshToken}
	g.logOuts = r.sendUntilDefinite(ctx, request{method: http.MethodPost, path: "/sessions/revoke", body: body})
	g.goesOn = r.sendUntilDefinite(ctx, request{method: http.MethodPost, path: "/sessions/refresh", body: body})
}

// sendUntilDefinite sends a request until it has a definite answer, and returns all answers.
func (r *round) sendUntilDefinite(ctx context.Context, q request) []reply {
	var all []reply
	for range settleTries {
		all = append(all, r.env.client.send(ctx, q))
		if all[len(all)-1].definite() || ctx.Err() != nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return all
}

// checkVisitor: a sign-up that is repeated with its key is answered as the first was, and a session that was logged out is over.
func (h *history) checkVisitor(v *verdict) {
	g := h.round.visitor
	if g == nil {
		return
	}
	for _, a := range h.visits() {
		v.want(a.definite() || a.status == 0 || unavailable(a), invAnswer, "a visitor's request: %s", a)
	}
	last := g.signUps[len(g.signUps)-1]
	v.want(last.status == http.StatusCreated || !last.definite(), invRepeat, "signing up with a key, %d times: %s", len(g.signUps), last)
	v.want(len(g.accounts) <= 1, invRepeat, "one sign-up opened %d accounts", len(g.accounts))
	if len(g.logOuts) == 0 {
		return
	}
	out := g.logOuts[len(g.logOuts)-1]
	v.want(out.status == http.StatusNoContent || !out.definite(), invRepeat, "logging out, %d times: %s", len(g.logOuts), out)
	on := g.goesOn[len(g.goesOn)-1]
	v.want(out.status != http.StatusNoContent || on.status == http.StatusUnauthorized || !on.definite(), invLogOut, "%s goes on after the log-out: %s", g.Email, on)
}

// visits are all answers that the visitor got and that are kept.
func (h *history) visits() []reply {
	g := h.round.visitor
	if g == nil {
		return nil
	}
	return append(append(append([]reply{}, g.signUps...), g.logOuts...), g.goesOn...)
}
