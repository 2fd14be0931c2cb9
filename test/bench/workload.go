package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"shop/internal/notification/confirmation"
	"shop/internal/order"
)

// workload is what a function and its bare one are both given.
type workload struct {
	function    string
	environment []string
	want        string // what every answer holds
	losses      *losses
	// next makes an event that was not sent before. It may prepare the store for it; that is not measured.
	next func(ctx context.Context) ([]byte, error)
	// check looks, after the last call, whether the work was done; nil where the answers say so.
	check func(ctx context.Context) error
}

// placeOrder is a checkout of one line by a customer whose token is good for 15 minutes.
func (b *sandbox) placeOrder(ctx context.Context) (workload, error) {
	e, err := httpEvent("place-order")
	if err != nil {
		return workload{}, err
	}
	token, err := b.store.logIn(ctx)
	if err != nil {
		return workload{}, err
	}
	e.Headers["authorization"] = "Bearer " + token
	e.Body = fmt.Sprintf(`{"items":[{"product_id":%q,"quantity":1}],"expected_total":{"amount":%d,"currency":%q}}`,
		lamp.ID, lamp.Price.Amount, currency)
	next := func(context.Context) ([]byte, error) { // also at once: each call has headers of its own
		fresh := e
		fresh.Headers = maps.Clone(e.Headers)
		fresh.Headers["idempotency-key"] = uuid.NewString()
		return json.Marshal(fresh)
	}
	return workload{
		function: "place-order", environment: b.environment(), want: `"statusCode":201`, losses: &losses{}, next: next,
	}, nil
}

// viewProduct looks at the same product again and again.
func (b *sandbox) viewProduct(context.Context) (workload, error) {
	e, err := httpEvent("view-product")
	if err != nil {
		return workload{}, err
	}
	e.PathParameters["product_id"] = lamp.ID
	payload, err := json.Marshal(e)
	next := func(context.Context) ([]byte, error) { return payload, nil }
	return workload{
		function: "view-product", environment: b.environment(), want: `"statusCode":200`, losses: &losses{}, next: next,
	}, err
}

// notify confirms one order at a time, which is placed before.
func (b *sandbox) notify(context.Context) (workload, error) {
	var e events.SQSEvent
	if err := readEvent("notify", &e); err != nil {
		return workload{}, err
	}
	if len(e.Records) != 1 {
		return workload{}, fmt.Errorf("the event of notify has %d records, not 1", len(e.Records))
	}
	sample := newOrder(b.store.customer.Email)
	message := confirmation.Template{ShopName: "The Shop"}.Render(sample)
	body := e.Records[0].Body
	_, old, _ := strings.Cut(body, `"order_id":"`)
	old, _, found := strings.Cut(old, `"`)
	if !found {
		return workload{}, errors.New("the event of notify names no order")
	}
	orders := checkoutStore(b.tables)
	next := func(ctx context.Context) ([]byte, error) {
		o := newOrder(b.store.customer.Email)
		e.Records[0].MessageId, e.Records[0].Body = o.ID, strings.ReplaceAll(body, old, o.ID)
		if _, err := orders.Place(ctx, o, inStock, time.Now); err != nil {
			return nil, err
		}
		return json.Marshal(e)
	}
	environment := append(b.environment(), "BENCH_TEXT="+message.Text, "BENCH_HTML="+message.HTML)
	lost := &losses{}
	check := func(ctx context.Context) error { return b.pendingAtMost(ctx, lost.count()) }
	return workload{
		function: "notify", environment: environment, want: `"batchItemFailures":[]`, losses: lost, next: next,
		check: check,
	}, nil
}

// pendingAtMost returns an error while more mails are pending than calls failed: notify acknowledges a message also
// when it could not send.
func (b *sandbox) pendingAtMost(ctx context.Context, failed int) error {
	pending, err := b.tables.client.Scan(ctx, &dynamodb.ScanInput{
		TableName: aws.String(b.tables.name("MailsTable")), IndexName: aws.String("due"), Select: types.SelectCount,
	})
	if err != nil {
		return fmt.Errorf("counting mails: %w", err)
	}
	if int(pending.Count) > failed {
		return fmt.Errorf("%d mails were not sent, and %d calls failed", pending.Count, failed)
	}
	return nil
}

// newOrder is an order of one lamp that nobody placed yet.
func newOrder(email string) order.Order {
	const customer = "usr_019cafb8-d247-752e-9651-0c5ca6a3a450"
	return order.Order{
		ID: order.ID(customer, uuid.NewString()), UserID: customer, Email: email,
		Lines: []order.Line{{ProductID: lamp.ID, Name: lamp.Name, UnitPrice: lamp.Price, Quantity: 1}},
		Total: lamp.Price, PlacedAt: time.Now().UTC().Truncate(time.Millisecond),
	}
}

// httpEvent is the event.json of a function behind the API.
func httpEvent(function string) (events.APIGatewayV2HTTPRequest, error) {
	var e events.APIGatewayV2HTTPRequest
	return e, readEvent(function, &e)
}

func readEvent(function string, into any) error {
	text, err := os.ReadFile("functions/" + function + "/event.json")
	if err != nil {
		return fmt.Errorf("reading an event (bench runs in the project's folder): %w", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("reading the event of %s: %w", function, err)
	}
	return nil
}

// logIn returns an access token of the demo customer.
func (s *store) logIn(ctx context.Context) (string, error) {
	body, err := json.Marshal(s.customer)
	if err != nil {
		return "", fmt.Errorf("logging in: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/sessions", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("logging in: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("logging in: %w", err)
	}
	defer response.Body.Close()
	var session struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&session); err != nil || session.AccessToken == "" {
		return "", fmt.Errorf("logging in: status %d, no token (%v)", response.StatusCode, err)
	}
	return session.AccessToken, nil
}
