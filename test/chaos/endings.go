package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/clock"
	"shop/internal/dynamostore"
	"shop/internal/user"
)

// What ends a session, beside log-out and expiry.
const (
	byReset  = "reset"
	byGrant  = "grant of a role"
	byRevoke = "revocation of a role"
	byReuse  = "reuse of a refresh token"
)

// ending is a session that something ended while faults were injected. The replies of each request are those of its
// first attempt and of its repeats, in their order.
type ending struct {
	by     string
	before refreshed // the session is open
	end    []reply   // the request that ends it; none for a role, which the operator changes in the store
	ended  bool      // the end was confirmed
	after  []reply   // refreshes of the ended session
	logIns []reply   // the next session of the same account
	next   refreshed // the next session is open
	admin  []reply   // an admin's route, with the next session's access token; of roles alone
}

// memberSteps are the steps that need an account of their own.
var memberSteps = []string{endByReset, endByRole, endByReuse, verify}

// addMembers opens the accounts of the plan's steps. No faults are injected yet.
func (r *round) addMembers(ctx context.Context) error {
	r.members, r.links = map[string]*customer{}, map[string]string{}
	for i, kind := range memberSteps {
		if !slices.ContainsFunc(r.plan.Steps, func(s step) bool { return s.Kind == kind }) {
			continue
		}
		who := person{fmt.Sprintf("success+member-%s-%d@simulator.amazonses.com", r.id, i), "a password of chaos"}
		c, err := r.env.client.signUp(ctx, who)
		if err != nil {
			return err
		}
		r.members[kind] = c
	}
	return r.addLinks(ctx)
}

// addLinks makes the links that a mail would bring: notify and its mails are no part of these steps.
func (r *round) addLinks(ctx context.Context) error {
	for kind, purpose := range map[string]user.Purpose{endByReset: user.SetPassword, verify: user.VerifyAddress} {
		c := r.members[kind]
		if c == nil {
			continue
		}
		if purpose == user.VerifyAddress {
			if err := r.env.unverify(ctx, c.Email); err != nil {
				return fmt.Errorf("making %s unverified: %w", c.Email, err)
			}
		}
		u, err := r.env.users(r.env.dynamo).ByEmail(ctx, c.Email)
		if err != nil {
			return err
		}
		token, link := user.NewLink(u, purpose, time.Now())
		links := &dynamostore.MailedLinks{Client: r.env.dynamo, AuthState: r.env.outputs["AuthStateTable"]}
		if err := links.Save(ctx, link); err != nil {
			return err
		}
		r.links[kind] = token
	}
	return nil
}

// unverify makes an account one whose address is still to be verified.
func (e *env) unverify(ctx context.Context, email string) error {
	_, err := e.dynamo.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:        aws.String(e.outputs["UsersTable"]),
		Key:              map[string]types.AttributeValue{"email": &types.AttributeValueMemberS{Value: email}},
		UpdateExpression: aws.String("SET unverified = :true"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":true": &types.AttributeValueMemberBOOL{Value: true},
		},
	})
	return err
}

func (e *env) users(client *dynamodb.Client) *dynamostore.OperatorAccounts {
	return &dynamostore.OperatorAccounts{Client: client, Users: e.outputs["UsersTable"]}
}

// endByReset sets a new password by a link.
func (r *round) endByReset(ctx context.Context) {
	c := r.members[endByReset]
	g := ending{by: byReset, before: r.renewSession(ctx, c)}
	next := "another password of chaos"
	g.end = r.sendUntilDefinite(ctx, request{
		Method: http.MethodPut, Path: "/password-resets", Key: "reset " + r.id,
		Body: map[string]string{"token": r.links[endByReset], "password": next},
	})
	g.ended = last(g.end).status == http.StatusNoContent
	c.Password = next
	r.goOn(ctx, c, &g)
	r.addEnding(g)
}

// endByRole makes a customer an admin and takes the role back, as `shop grant` and `shop revoke` do.
func (r *round) endByRole(ctx context.Context) {
	c := r.members[endByRole]
	grant := ending{by: byGrant, before: r.renewSession(ctx, c)}
	grant.ended = r.setRole(ctx, c, user.RoleAdmin)
	r.goOn(ctx, c, &grant)
	grant.admin = r.askAsAdmin(ctx, c)
	r.addEnding(grant)

	revoke := ending{by: byRevoke, before: r.renewSession(ctx, c)}
	revoke.ended = r.setRole(ctx, c, user.RoleCustomer)
	revoke.admin = r.askAsAdmin(ctx, c) // with the access token of the session that is over
	r.goOn(ctx, c, &revoke)
	r.addEnding(revoke)
}

// askAsAdmin sends a request that only an admin may make.
func (r *round) askAsAdmin(ctx context.Context, c *customer) []reply {
	return r.sendUntilDefinite(ctx, request{Method: http.MethodGet, Path: "/admin/products?limit=1", Token: c.token})
}

// setRole reports whether the role was confirmed. The operator runs the command again when it fails. Its calls go
// through the proxy.
func (r *round) setRole(ctx context.Context, c *customer, role user.Role) bool {
	change := user.RoleChange{UserID: c.UserID, Email: c.Email, Role: role, By: "chaos", At: clock.Now()}
	users := r.env.users(r.env.proxied)
	for range repeatTries {
		r.awaitRestart()
		u, err := users.ByEmail(ctx, c.Email)
		if change.Generation, change.From = u.Generation, u.Role; err == nil {
			_, err = users.SetRole(ctx, change)
		}
		if err == nil {
			return true
		}
		time.Sleep(retryPause)
	}
	return false
}

// endByReuse uses a refresh token again that two later ones have replaced.
func (r *round) endByReuse(ctx context.Context) {
	c := r.members[endByReuse]
	stale := c.refresh
	g := ending{by: byReuse, before: r.renewSession(ctx, c)}
	if c.refresh != "" {
		g.before = r.renewSession(ctx, c)
	}
	g.end = r.sendUntilDefinite(ctx, refreshRequest(stale))
	g.ended = c.refresh != "" && last(g.end).status == http.StatusUnauthorized
	r.goOn(ctx, c, &g)
	r.addEnding(g)
}

// goOn tries to go on with the session that was ended, logs in again, and goes on with the new session.
func (r *round) goOn(ctx context.Context, c *customer, g *ending) {
	if c.refresh != "" {
		g.after = r.sendUntilDefinite(ctx, refreshRequest(c.refresh))
	}
	g.logIns = r.sendUntilDefinite(ctx, request{Method: http.MethodPost, Path: "/sessions", Body: c.person})
	c.begin(last(g.logIns))
	g.next = r.renewSession(ctx, c)
}

func (r *round) addEnding(g ending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endings = append(r.endings, g)
}

// verify follows a link that verifies an address, and logs in.
func (r *round) verify(ctx context.Context) {
	c := r.members[verify]
	replies := r.sendUntilDefinite(ctx, request{
		Method: http.MethodPost, Path: "/users/verification", Key: "verify " + r.id,
		Body: map[string]string{"token": r.links[verify]},
	})
	logIns := r.sendUntilDefinite(ctx, request{Method: http.MethodPost, Path: "/sessions", Body: c.person})
	r.verification = &verification{replies: replies, logIns: logIns}
}

// verification is an address that was verified while faults were injected.
type verification struct{ replies, logIns []reply }

// checkEndings: a session is open until something ends it, and over from then on; the next one is open.
func (h *history) checkEndings(v *verdict) {
	for _, g := range h.round.endings {
		for _, a := range g.replies() {
			v.want(allowedReply(a), invAnswer, "a session that is ended by %s: %s", g.by, a)
		}
		checkOpen(v, g.before, "before a "+g.by)
		if g.by == byReset {
			wantSettled(v, g.end, http.StatusNoContent, "setting a password with a key")
		}
		if g.by == byGrant || g.by == byRevoke {
			v.want(g.ended, invSettled, "%s was not confirmed in %d tries", g.by, repeatTries)
			wantAdmin(v, g)
		}
		if g.ended && len(g.after) > 0 {
			v.want(last(g.after).status == http.StatusUnauthorized, invEnded, "a session goes on after a %s: %s", g.by,
				last(g.after))
		}
		wantSettled(v, g.logIns, http.StatusCreated, "logging in after a "+g.by)
		checkOpen(v, g.next, "of a log-in after a "+g.by)
	}
	if done := h.round.verification; done != nil {
		wantSettled(v, done.replies, http.StatusNoContent, "verifying an address with a key")
		wantSettled(v, done.logIns, http.StatusCreated, "logging in with a verified address")
	}
}

// wantAdmin: a role holds from its confirmation on, also for an access token from before.
func wantAdmin(v *verdict, g ending) {
	want := map[string]int{byGrant: http.StatusOK, byRevoke: http.StatusForbidden}[g.by]
	if g.ended && len(g.admin) > 0 {
		v.want(last(g.admin).status == want, invRole, "an admin's route after the %s: %s", g.by, last(g.admin))
	}
}

// wantSettled: the request has a definite answer after its repeats, and it is the one of a success.
func wantSettled(v *verdict, replies []reply, status int, what string) {
	if len(replies) == 0 {
		return
	}
	a := last(replies)
	v.want(a.definite(), invSettled, "%s, %d times: %s", what, len(replies), a)
	v.want(a.status == status || !a.definite(), invRepeat, "%s, %d times: %s", what, len(replies), a)
}

func (g ending) replies() []reply {
	return slices.Concat(g.before.replies, g.end, g.after, g.logIns, g.next.replies, g.admin)
}

// allowedReply reports whether the contract has such an answer to somebody's own account.
func allowedReply(a reply) bool { return a.definite() || a.status == 0 || unavailable(a) }

// last is the last of the replies; of none it is one without an answer.
func last(replies []reply) reply {
	if len(replies) == 0 {
		return reply{}
	}
	return replies[len(replies)-1]
}
