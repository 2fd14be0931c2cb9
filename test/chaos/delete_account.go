package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// sessionEnder is a customer of this round alone, who orders goods that nobody else does and then deletes the account.
type deletion struct {
	*customer
	orders  []string
	replies []reply  // to the removal, in their order
	traces  []string // what leads to the customer when the traces were erased
	gone    bool     // there is no user any more
}

const deletedOrders = 3

// arrive has the sessionEnder sign up and order. Nothing goes wrong yet.
func (r *round) arrive(ctx context.Context) error {
	if !slices.ContainsFunc(r.plan.Steps, func(s step) bool { return s.Kind == deleteAccount }) {
		return nil
	}
	c, err := r.env.client.signUp(ctx, person{"success+leaver-" + r.id + "@simulator.amazonses.com", "a password of chaos"})
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
			method: http.MethodPost, path: "/orders", token: c.token, key: fmt.Sprint("leaver ", i),
			body: basket{Items: []item{{r.productID(good), 1}}},
		})
		var o order
		if err := json.Unmarshal(a.body, &o); err != nil || a.status != http.StatusCreated {
			return fmt.Errorf("ordering before leaving: %s", a)
		}
		r.deletion.orders = append(r.deletion.orders, o.OrderID)
	}
	return nil
}

// leave deletes the account, and sends the request again as long as it has no definite answer.
func (r *round) deleteAccount(ctx context.Context) {
	if r.deletion == nil {
		return
	}
	for range settleTries {
		r.deletion.replies = append(r.deletion.replies, r.env.client.send(ctx, request{
			method: http.MethodDelete, path: "/users/me", token: r.deletion.token, body: map[string]string{"password": r.deletion.Password},
		}))
		if r.deletion.replies[len(r.deletion.replies)-1].definite() || ctx.Err() != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// readErasure erases what an earlier removal left, as the schedule does, and looks for what leads to the sessionEnder.
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
	for _, id := range l.orders {
		o, err := e.item(ctx, "OrdersTable", "order_id", id)
		if err != nil {
			return err
		}
		m, err := e.item(ctx, "MailsTable", "mail_id", "order-placed#"+id)
		if err != nil {
			return err
		}
		l.traces = append(l.traces, personalData(id, o, m)...)
	}
	return nil
}

// personalData names what of an order and its mail leads to a person.
func personalData(id string, o, m map[string]types.AttributeValue) []string {
	var found []string
	if text(o["email"]) != "" {
		found = append(found, "the address of "+id)
	}
	for _, name := range []string{"address_hash", "email"} {
		if text(m[name]) != "" {
			found = append(found, name+" of the mail of "+id)
		}
	}
	return found
}

// checkDeletion: an account whose removal was answered is gone, and nothing of one that is gone leads to its customer.
func (h *history) checkDeletion(v *verdict) {
	l := h.round.deletion
	if l == nil || len(l.replies) == 0 {
		return
	}
	for _, a := range l.replies {
		v.want(a.status == 0 || a.status == http.StatusNoContent || a.status == http.StatusUnauthorized && len(l.replies) > 1 || unavailable(a),
			invAnswer, "deleting an account: %s", a)
	}
	v.want(l.replies[len(l.replies)-1].definite(), invSettled, "deleting an account has no definite answer")
	deleted := slices.ContainsFunc(l.replies, func(a reply) bool { return a.status == http.StatusNoContent })
	v.want(l.gone || !deleted, invErased, "the account of %s was deleted, and is there", l.UserID)
	v.want(!l.gone || len(l.traces) == 0, invErased, "%s is gone, and left %v", l.UserID, l.traces)
}

// leavers tells whether the order is the sessionEnder's, which the other invariants leave out.
func (h *history) ofDeletedAccount(id string) bool {
	return h.round.deletion != nil && slices.Contains(h.round.deletion.orders, id)
}
