package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"shop/internal/clock"
	"shop/internal/deadline"
	"shop/internal/observe"
)

// customer is the account that tries the store. It has no rights that other customers lack.
type customer struct {
	store          store
	email, product string
	secret         func(context.Context) (string, error) // its password
	key            func() string                         // a new Idempotency-Key
	poll           time.Duration                         // between two looks at the order
}

// errNotVerified says that the account exists, but nobody reads mails to its address and could verify it.
var errNotVerified = errors.New("the account is new, or its address is not verified: shop verify-user does it")

// step is a part of a visit. Each goes on with what the one before found out.
type step struct {
	name string
	do   func(context.Context, *session) error
}

// session is what a visit has found out.
type session struct{ token, orderID string }

// visit serves the schedule: it logs in, looks around, orders one unit, and waits until its mail is sent. It fails at
// the first step that does, and measures how long each took.
func (c *customer) visit(ctx context.Context) error {
	ctx, cancel := deadline.WithMargin(ctx)
	defer cancel()
	var s session
	for _, step := range []step{{"log_in", c.logIn}, {"browse", c.browse}, {"order", c.order}, {"mail", c.awaitMail}} {
		began := time.Now()
		if err := step.do(ctx, &s); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		observe.Measure(observe.Value{
			Metric: observe.SyntheticStep, Amount: time.Since(began).Milliseconds(), Unit: observe.Milliseconds,
			By: "Step", Of: step.name,
		})
	}
	observe.Log(ctx).Info("the store was tried", "order_id", s.orderID)
	return nil
}

type credentials struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Name     string `json:"name,omitempty"`
}

func (c *customer) logIn(ctx context.Context, s *session) error {
	password, err := c.secret(ctx)
	if err != nil {
		return err
	}
	var got struct {
		Token string `json:"access_token"`
	}
	err = c.store.ask(ctx, request{"POST", "/sessions", credentials{c.email, password, ""}, "", ""}, &got)
	var refused *refusal
	if errors.As(err, &refused) && refused.status == http.StatusUnauthorized {
		return c.signUp(ctx, password)
	}
	s.token = got.Token
	return err
}

// signUp makes the account, once in the store's life. Where addresses are verified nobody logs in to it before.
func (c *customer) signUp(ctx context.Context, password string) error {
	account := credentials{c.email, password, "Synthetic customer"}
	if err := c.store.ask(ctx, request{"POST", "/users", account, "", ""}, nil); err != nil {
		return fmt.Errorf("signing up: %w", err)
	}
	return errNotVerified
}

func (c *customer) browse(ctx context.Context, _ *session) error {
	var list struct {
		Items []struct{} `json:"items"`
	}
	if err := c.store.ask(ctx, request{"GET", "/products?limit=1", nil, "", ""}, &list); err != nil {
		return err
	}
	if len(list.Items) == 0 {
		return errors.New("the catalogue is empty")
	}
	return c.store.ask(ctx, request{"GET", "/products/" + c.product, nil, "", ""}, nil)
}

type basket struct {
	Items []item `json:"items"`
}

type item struct {
	ProductID string `json:"product_id"`
	Quantity  int    `json:"quantity"`
}

func (c *customer) order(ctx context.Context, s *session) error {
	var placed struct {
		ID string `json:"order_id"`
	}
	wanted := basket{[]item{{c.product, 1}}}
	err := c.store.ask(ctx, request{"POST", "/orders", wanted, s.token, c.key()}, &placed)
	s.orderID = placed.ID
	return err
}

// awaitMail looks at the order until its mail is sent or failed, or the function's time is over.
func (c *customer) awaitMail(ctx context.Context, s *session) error {
	for {
		var seen struct {
			Mail string `json:"email_status"`
		}
		if err := c.store.ask(ctx, request{"GET", "/orders/" + s.orderID, nil, s.token, ""}, &seen); err != nil {
			return err
		}
		switch seen.Mail {
		case "sent":
			return nil
		case "failed":
			return fmt.Errorf("the mail of %s failed", s.orderID)
		}
		if err := clock.Sleep(ctx, c.poll); err != nil {
			return fmt.Errorf("the mail of %s is %s still: %w", s.orderID, seen.Mail, err)
		}
	}
}
