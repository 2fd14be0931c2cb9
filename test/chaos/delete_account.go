package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
)

// deletion is a customer who orders all there is of a product of their own in this round, waits for more, and then
// deletes the account.
type deletion struct {
	*customer
	orders  []string
	replies []reply // to the deletion, in their order
	end     time.Time
	traces  []string // personal data that is left after the erasure
	gone    bool     // there is no user any more
}

const deletedOrders = 3

// arrive signs up the customer who will delete the account, and orders. No faults are injected yet.
func (r *round) arrive(ctx context.Context) error {
	if !slices.ContainsFunc(r.plan.Steps, func(s step) bool { return s.Kind == deleteAccount }) {
		return nil
	}
	c, err := r.env.client.signUp(ctx, person{"success+leaver-" + r.id + "@simulator.amazonses.com",
		"a password of chaos"})
	if err != nil {
		return err
	}
	r.deletion = &deletion{customer: c}
	good, stock := len(r.plan.Goods), int64(deletedOrders)
	if a := r.env.client.send(ctx, r.saving(good, 100, true, &stock)); a.status != http.StatusCreated {
		return fmt.Errorf("making the leaver's product: %s", a)
	}
	for i := range deletedOrders {
		a := r.env.client.send(ctx, request{
			Method: http.MethodPost, Path: "/orders", Token: c.token, Key: fmt.Sprint("leaver ", i),
			Body: basket{Items: []item{{ProductID: r.productID(good), Quantity: 1}}},
		})
		var o order
		if err := json.Unmarshal(a.body, &o); err != nil || a.status != http.StatusCreated {
			return fmt.Errorf("ordering before leaving: %s", a)
		}
		r.deletion.orders = append(r.deletion.orders, o.OrderID)
	}
	if a := r.env.client.send(ctx, awaiting(r.productID(good), c, false)); a.status != http.StatusOK {
		return fmt.Errorf("waiting before leaving: %s", a)
	}
	return nil
}

// deleteAccount deletes the account, and repeats the request until it has a definite answer.
func (r *round) deleteAccount(ctx context.Context) {
	if r.deletion == nil {
		return
	}
	r.deletion.replies = r.sendUntilDefinite(ctx, request{
		Method: http.MethodDelete, Path: "/users/me", Token: r.deletion.token,
		Body: map[string]string{"password": r.deletion.Password},
	})
	r.deletion.end = time.Now()
}

// readErasure runs the scheduled erasure, and looks for personal data of the deleted account.
func (h *history) readErasure(ctx context.Context) error {
	l := h.round.deletion
	if l == nil {
		return nil
	}
	e := h.round.env
	if _, err := e.invoke(ctx, "EraseDeletedAccountsFunction", "{}"); err != nil {
		return err
	}
	u, err := e.item(ctx, "UsersTable", "email", l.Email)
	if err != nil {
		return err
	}
	l.gone = u == nil
	waits, err := e.isAwaited(ctx, l.UserID, h.round.productID(len(h.round.plan.Goods)))
	if err != nil {
		return err
	}
	if waits {
		l.traces = append(l.traces, "a request to be told of a product")
	}
	for _, id := range l.orders {
		o, err := e.item(ctx, "OrdersTable", "order_id", id)
		if err != nil {
			return err
		}
		if text(o["email"]) != "" {
			l.traces = append(l.traces, "the address of "+id)
		}
		for _, mail := range notification.OrderMailIDs(id) {
			m, err := e.item(ctx, "MailsTable", "mail_id", mail)
			if err != nil {
				return err
			}
			l.traces = append(l.traces, personalData(mail, m)...)
		}
	}
	return nil
}

// personalData names the personal data in a mail about an order, if it is there.
func personalData(id string, m map[string]types.AttributeValue) []string {
	var found []string
	for _, name := range []string{"address_hash", "email"} {
		if text(m[name]) != "" {
			found = append(found, name+" of the mail "+id)
		}
	}
	return found
}

// checkDeletion: an account whose deletion was answered is gone, and has left no personal data.
func (h *history) checkDeletion(v *verdict) {
	l := h.round.deletion
	if l == nil || len(l.replies) == 0 {
		return
	}
	for _, a := range l.replies {
		v.want(a.status == 0 || a.status == http.StatusNoContent || a.status == http.StatusUnauthorized &&
			len(l.replies) > 1 || unavailable(a),
			invAnswer, "deleting an account: %s", a)
	}
	v.want(l.replies[len(l.replies)-1].definite(), invSettled, "deleting an account has no definite answer")
	deleted := slices.ContainsFunc(l.replies, func(a reply) bool { return a.status == http.StatusNoContent })
	v.want(l.gone || !deleted, invErased, "the account of %s was deleted, and is there", l.UserID)
	v.want(!l.gone || len(l.traces) == 0, invErased, "%s is gone, and left %v", l.UserID, l.traces)
}

// ofDeletedAccount reports whether the order is of the deleted account; the other invariants leave it out.
func (h *history) ofDeletedAccount(id string) bool {
	return h.round.deletion != nil && slices.Contains(h.round.deletion.orders, id)
}
