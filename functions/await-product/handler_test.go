package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/product"
	"shop/internal/user"
)

const path = "/products/{product_id}/back-in-stock"

// answer is what every call of a backInStock answers.
type answer struct {
	t       *testing.T
	request product.StockRequest
	err     error
}

func (a answer) wantCaller(customer user.Caller, id string) {
	if customer != httpapitest.Customer || id != "brass-desk-lamp" {
		a.t.Errorf("%+v asked for %s", customer, id)
	}
}

func (a answer) Ask(_ context.Context, customer user.Caller, id string) (product.StockRequest, error) {
	a.wantCaller(customer, id)
	return a.request, a.err
}

func (a answer) Find(_ context.Context, customer user.Caller, id string) (product.StockRequest, error) {
	a.wantCaller(customer, id)
	return a.request, a.err
}

func (a answer) Withdraw(_ context.Context, customer user.Caller, id string) error {
	a.wantCaller(customer, id)
	return a.err
}

func events(t *testing.T) map[string]httpapitest.Event {
	e := httpapitest.ReadEvent(t)
	lamp := map[string]string{"product_id": "brass-desk-lamp"}
	return map[string]httpapitest.Event{
		"ask": e, "view": e.To("GET "+path, lamp), "withdraw": e.To("DELETE "+path, lamp),
	}
}

func TestAwaitProduct(t *testing.T) {
	h := awaitProduct(httpapitest.Guard(), answer{t: t, request: product.StockRequest{
		ProductID: "brass-desk-lamp", RequestedAt: time.Date(2026, 3, 14, 9, 26, 53, 589e6, time.UTC),
	}})
	const asked = `{"product_id":"brass-desk-lamp","requested":true,"requested_at":"2026-03-14T09:26:53.589Z"}`
	all := events(t)
	for _, name := range []string{"ask", "view"} {
		httpapitest.Call(t, h, all[name]).Check(t, httpapitest.Want{Status: http.StatusOK, Body: asked})
	}
	httpapitest.Call(t, h, all["withdraw"]).Check(t, httpapitest.Want{Status: http.StatusNoContent})
}

// TestNobodyAsked: it is an answer that there is no request.
func TestNobodyAsked(t *testing.T) {
	h := awaitProduct(httpapitest.Guard(), answer{t: t, err: product.ErrNotFound})
	httpapitest.Call(t, h, events(t)["view"]).Check(t, httpapitest.Want{
		Status: http.StatusOK, Body: `{"product_id":"brass-desk-lamp","requested":false}`,
	})
}

func TestNoSuchID(t *testing.T) {
	h := awaitProduct(httpapitest.Guard(), nil)
	for _, method := range []string{"GET ", "PUT ", "DELETE "} {
		e := httpapitest.ReadEvent(t).To(method+path, map[string]string{"product_id": "no id"})
		httpapitest.Call(t, h, e).CheckProblem(t, httpapitest.Problem{Code: "product_not_found"})
	}
}

func TestRefusals(t *testing.T) {
	for name, e := range events(t) {
		t.Run(name, func(t *testing.T) {
			if name != "view" { // for which nothing found is an answer
				httpapitest.CheckRefusals(t, e, func(err error) httpapi.Handler {
					return awaitProduct(httpapitest.Guard(), answer{t: t, err: err})
				})
			}
			httpapitest.CheckGuard(t, e, awaitProduct(httpapitest.Guard(), nil))
		})
	}
}
