package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"shop/internal/contention"
	"shop/internal/dynamostore"
	"shop/test/awsfault"
	"shop/test/bench/simulate"
)

const (
	// hotHold is how long a transaction holds the hot product: long beside what the emulator takes, so that it is not
	// the limit.
	hotHold = 400 * time.Millisecond
	// hotUnits are the 1,000 write units a second of a partition, for holds that are 40 times as long as 10 ms.
	hotUnits = 1000.0 / 40
	// hotWay is what a transaction takes beside its hold, in the simulation.
	hotWay = 10 * time.Millisecond
	// agreement is by which share the two models may differ.
	agreement = 0.2
)

// hotCounters are the numbers of counters that the stock is split into.
var hotCounters = []int{1, 4, 16}

// hot sells one product to many buyers at once through a model of DynamoDB's transactions, and beside it simulates the
// same buyers.
func hot(ctx context.Context, s *store, e effort) (rows []row, err error) {
	binaries, err := s.pair(ctx, "place-order")
	if err != nil {
		return nil, err
	}
	for _, counters := range hotCounters {
		rush, err := s.rush(ctx, binaries.ours, counters, e)
		if err != nil {
			return rows, err
		}
		m := simulate.Model{
			Seed: 1, Buyers: e.buyers, Duration: 10 * time.Minute, Hold: rush.held(), Counters: counters,
			Read: max(0, rush.alone-rush.held()-hotWay), Way: hotWay, Units: hotUnits, Policy: contention.Checkout,
		}
		rows = append(rows, rush.row(m, simulate.Run(m)))
	}
	return rows, nil
}

// rush is what buyers met.
type rush struct {
	mu        sync.Mutex
	alone     time.Duration // what a checkout takes that meets nobody
	latencies []time.Duration
	busy      int
	took      time.Duration
	held      func() time.Duration // how long transactions held their items
}

// row compares the orders a second with those of the simulation.
func (r *rush) row(m simulate.Model, simulated simulate.Result) row {
	orders := float64(len(r.latencies)) / r.took.Seconds()
	what := fmt.Sprintf("hot product, counters: %d, buyers: %d (held for %d ms; the limit is the simulation; "+
		"p50 %s against %s, p99 %s against %s, 503 %.0f %% against %.0f %%)",
		m.Counters, m.Buyers, m.Hold.Milliseconds(),
		inSeconds(quantile(r.latencies, 0.5)), inSeconds(simulated.Latency(0.5)),
		inSeconds(quantile(r.latencies, 0.99)), inSeconds(simulated.Latency(0.99)),
		100*float64(r.busy)/float64(len(r.latencies)+r.busy), 100*simulated.Refused())
	return within(what, orders, simulated.Goodput(), agreement, "%.1f/s")
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// rush sells to buyers who come back as soon as they were answered.
func (s *store) rush(ctx context.Context, binary string, counters int, e effort) (_ *rush, err error) {
	box, err := s.sandbox(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, box.remove()) }()
	if err := box.split(ctx, counters); err != nil {
		return nil, err
	}
	proxy, held, err := box.holding(hotHold)
	if err != nil {
		return nil, err
	}
	defer proxy.Close()
	w, err := box.placeOrder(ctx)
	if err != nil {
		return nil, err
	}
	w.environment = append(w.environment, "AWS_ENDPOINT_URL="+proxy.URL)
	r := &rush{held: held}
	var buyers []*process
	defer func() {
		for _, p := range buyers {
			p.end()
		}
	}()
	for range e.buyers {
		p, err := launch(ctx, s, binary, w.environment)
		if err != nil {
			return nil, err
		}
		buyers = append(buyers, p)
	}
	if err := r.warm(ctx, buyers, w); err != nil {
		return nil, err
	}
	return r, r.sell(ctx, buyers, w, e.duration+2*contention.Checkout.Limit)
}

// warm has each buyer order once, alone, so that each has read its keys and opened its connections.
func (r *rush) warm(ctx context.Context, buyers []*process, w workload) error {
	var took []time.Duration
	for range 2 {
		took = took[:0]
		for _, p := range buyers {
			if err := r.buy(ctx, p, w); err != nil {
				return err
			}
			if r.busy > 0 {
				return p.explain(errors.New("a buyer who was alone was answered 503"))
			}
			took = append(took, r.latencies...)
			r.latencies, r.busy = nil, 0
		}
	}
	r.alone = median(took)
	return nil
}

func (r *rush) sell(ctx context.Context, buyers []*process, w workload, long time.Duration) error {
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range buyers {
		group.Go(func() error {
			for time.Since(began) < long {
				if err := r.buy(ctx, p, w); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	r.took = time.Since(began)
	if err == nil && len(r.latencies) == 0 {
		err = errors.New("nothing was sold")
	}
	return err
}

// buy makes one checkout, which may be answered 503.
func (r *rush) buy(ctx context.Context, p *process, w workload) error {
	payload, err := w.next(ctx)
	if err != nil {
		return fmt.Errorf("making an event: %w", err)
	}
	ctx, cancel := p.untilEnd(ctx)
	defer cancel()
	got, took, err := p.api.invoke(ctx, event{id: requestID(), payload: payload})
	if err != nil {
		return p.explain(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case bytes.Contains(got, []byte(w.want)):
		r.latencies = append(r.latencies, took)
	case bytes.Contains(got, []byte(`"statusCode":503`)):
		r.busy++
	default:
		return p.explain(fmt.Errorf("%w: it answered %.300s", errInvocation, got))
	}
	return nil
}

// holding is a proxy to the emulator that holds the items of each transaction, and tells how long they were held: the
// emulator's own time is a part of it.
func (b *sandbox) holding(hold time.Duration) (*httptest.Server, func() time.Duration, error) {
	target, err := url.Parse(*b.store.aws.BaseEndpoint)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the emulator's address: %w", err)
	}
	timed := &timed{next: resigning{&http.Transport{MaxIdleConnsPerHost: 256}, b.store.root}}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target) // with its Host, too: the emulator answers no other
		},
		Transport: &awsfault.Overlap{Next: timed, Hold: hold, Units: hotUnits, Describe: b.keys},
	}
	return httptest.NewServer(proxy), func() time.Duration { return hold + timed.median() }, nil
}

// resigning signs calls anew, because the Host is in the signature.
type resigning struct {
	next http.RoundTripper
	keys aws.Credentials
}

// RoundTrip implements http.RoundTripper.
func (s resigning) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading a call: %w", err)
	}
	_ = r.Body.Close()
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	parts := strings.Split(scope, "/") // the key, the day, the region, the service
	if len(parts) < 4 {
		return nil, errors.New("a call is not signed")
	}
	r = r.Clone(r.Context())
	r.Header.Del("Authorization")
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	hash := fmt.Sprintf("%x", sha256.Sum256(body))
	if err := v4.NewSigner().SignHTTP(r.Context(), s.keys, r, hash, parts[3], parts[2], time.Now()); err != nil {
		return nil, fmt.Errorf("signing a call: %w", err)
	}
	return s.next.RoundTrip(r)
}

// keys returns the names of the attributes of a table's key.
func (b *sandbox) keys(table string) (names []string, err error) {
	out, err := b.tables.client.DescribeTable(context.Background(), &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return nil, fmt.Errorf("looking at table %s: %w", table, err)
	}
	for _, k := range out.Table.KeySchema {
		names = append(names, aws.ToString(k.AttributeName))
	}
	return names, nil
}

// timed notes how long transactions take.
type timed struct {
	next http.RoundTripper
	mu   sync.Mutex
	took []time.Duration
}

// RoundTrip implements http.RoundTripper.
func (t *timed) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	answer, err := t.next.RoundTrip(r)
	if r.Header.Get("X-Amz-Target") == "DynamoDB_20120810.TransactWriteItems" {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.took = append(t.took, time.Since(began))
	}
	return answer, err
}

func (t *timed) median() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return median(t.took)
}

// split splits the stock of the lamp into so many counters.
func (b *sandbox) split(ctx context.Context, counters int) error {
	splitter := &dynamostore.StockSplitter{Client: b.tables.client, Products: b.tables.name("ProductsTable")}
	_, err := splitter.Split(ctx, lamp.ID, counters)
	return err
}
