package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"shop/internal/clock"
	"shop/internal/dynamostore"
	"shop/internal/notification"
	"shop/internal/user"
)

const (
	sesLatency     = 150 * time.Millisecond // of one call
	ordersASecond  = 100                    // that come while mails are sent
	batchOfMails   = 10                     // messages that the queue hands over at once
	accountWorkers = 2                      // batches of account mails at once: the least that SQS has
	longestReset   = 10 * time.Second       // that a reset's mail may wait in the middle of a backlog
)

// mailLoad is a rate at which SES sends, and how the store is set up for it. Slower is by how much all times are
// longer, where this machine cannot keep up.
type mailLoad struct {
	perSecond, accounts float64
	workers             int
	slower              float64
	arriving            float64 // orders a second
}

// mailLoads are the defaults of template.yaml, and what docs/mail.md says of a rate of 200.
var mailLoads = []mailLoad{{14, 2, 5, 1, ordersASecond}, {200, 10, 40, 4, ordersASecond}}

// scaled is the load as it is measured.
func (l mailLoad) scaled() mailLoad {
	return mailLoad{l.perSecond / l.slower, l.accounts / l.slower, l.workers, 1, l.arriving / l.slower}
}

// forOrders is the part of the rate that account mails leave.
func (l mailLoad) forOrders() float64 { return l.perSecond - l.accounts }

// mails measures how fast a backlog of orders' mails, to which more orders come, is sent by as many processes as the
// event source would run at once, by an SES that takes its time and refuses what is above its rate; and how long
// account mails wait meanwhile.
func mails(ctx context.Context, s *store, e effort) (rows []row, err error) {
	for _, load := range mailLoads[:e.mailLoads] {
		more, err := s.mailsAt(ctx, load, e)
		if err != nil {
			return rows, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func (s *store) mailsAt(ctx context.Context, load mailLoad, e effort) (rows []row, err error) {
	box, err := s.sandbox(ctx, "UsersTable", "AuthStateTable")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, box.remove()) }()
	run := &mailRun{box: box, load: load.scaled(), resets: e.resets}
	run.ses, err = limitedSES(s, run.load, time.Duration(load.slower*float64(sesLatency)))
	if err != nil {
		return nil, err
	}
	defer run.ses.close()
	if err := run.prepare(ctx, e.mailTime); err != nil {
		return nil, err
	}
	binaries, err := s.pair(ctx, "notify")
	if err != nil {
		return nil, err
	}
	if err := run.measure(ctx, binaries.ours); err != nil {
		return nil, err
	}
	return run.rows(load), nil
}

// mailRun is one backlog and its end.
type mailRun struct {
	box    *sandbox
	load   mailLoad
	resets int
	ses    *provider
	orders []string // whose mails are pending from the start
	more   int      // orders that come while these are sent
	users  []user.User

	took    time.Duration // until the backlog was gone
	waiting []time.Duration
}

// prepare places three quarters of the orders whose mails SES takes in a while, and signs up those who will ask for a
// reset.
func (r *mailRun) prepare(ctx context.Context, howLong time.Duration) (err error) {
	round := r.load.workers * batchOfMails // so that no worker has less to do than another
	count := round * int(math.Ceil(r.load.forOrders()*howLong.Seconds()/float64(round)))
	r.more = count / 4 / batchOfMails * batchOfMails // the last of them come before the workers have nothing left
	if r.orders, err = r.place(ctx, count-r.more); err != nil {
		return err
	}
	return r.signUp(ctx)
}

// place places orders, and returns their ids.
func (r *mailRun) place(ctx context.Context, count int) ([]string, error) {
	store, ids := checkoutStore(r.box.tables), make([]string, count)
	placing, placingCtx := errgroup.WithContext(ctx)
	placing.SetLimit(writersOnce)
	for n := range ids {
		placing.Go(func() error {
			o := newOrder(r.box.store.customer.Email)
			ids[n] = o.ID
			_, err := store.Place(placingCtx, o, inStock, time.Now)
			return err
		})
	}
	if err := placing.Wait(); err != nil {
		return nil, fmt.Errorf("placing orders: %w", err)
	}
	return ids, nil
}

// arrive hands over the orders that are there, and then those that come.
func (r *mailRun) arrive(ctx context.Context, batches chan<- []string) error {
	defer close(batches)
	for batch := range slices.Chunk(r.orders, batchOfMails) {
		batches <- batch
	}
	next := rate.NewLimiter(rate.Limit(r.load.arriving/batchOfMails), 1)
	for range r.more / batchOfMails {
		if err := next.Wait(ctx); err != nil {
			return err
		}
		batch, err := r.place(ctx, batchOfMails)
		if err != nil {
			return err
		}
		batches <- batch
	}
	return nil
}

func (r *mailRun) signUp(ctx context.Context) error {
	users := dynamostore.SignUpStore{
		Client: r.box.tables.client, Users: r.box.tables.name("UsersTable"),
		AuthState: r.box.tables.name("AuthStateTable"),
	}
	for range r.resets {
		u := admin
		u.ID, u.Role = "usr_"+uuid.NewString(), user.RoleCustomer
		u.Email = "bench-" + uuid.NewString() + "@example.com"
		if err := users.Create(ctx, u, user.IdempotencyRecord{}); err != nil {
			return fmt.Errorf("signing up: %w", err)
		}
		r.users = append(r.users, u)
	}
	return nil
}

// measure has the workers send the backlog, and others the resets that are asked for meanwhile.
func (r *mailRun) measure(ctx context.Context, binary string) error {
	orders, err := r.start(ctx, binary, r.load.workers)
	defer end(orders)
	if err != nil {
		return err
	}
	accounts, err := r.start(ctx, binary, accountWorkers)
	defer end(accounts)
	if err != nil {
		return err
	}
	work, workCtx := errgroup.WithContext(ctx)
	batches := make(chan []string, r.count()) // as long as a queue needs to be
	began := time.Now()
	work.Go(func() error { return r.arrive(workCtx, batches) })
	apart := time.Duration(float64(r.count()) / r.load.forOrders() / float64(r.resets+1) * float64(time.Second))
	work.Go(func() error { return r.askForResets(workCtx, accounts, apart) })
	sending, sendingCtx := errgroup.WithContext(workCtx)
	for _, p := range orders {
		sending.Go(func() error {
			for batch := range batches {
				if err := send(sendingCtx, p, confirmations(batch)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = sending.Wait()
	r.took = time.Since(began)
	if err := errors.Join(err, work.Wait()); err != nil {
		return err
	}
	if taken, want := r.ses.taken.Load(), int64(r.count()+len(r.users)); taken != want {
		return fmt.Errorf("SES got %d mails of %d, and refused %d; what is left was postponed", taken, want,
			r.ses.refused.Load())
	}
	return r.box.pendingAtMost(ctx, 0)
}

// count returns how many orders' mails there are in all.
func (r *mailRun) count() int { return len(r.orders) + r.more }

func (r *mailRun) start(ctx context.Context, binary string, count int) (started []*process, err error) {
	environment := append(r.box.environment(),
		"AWS_ENDPOINT_URL="+r.ses.url, "USERS_TABLE="+r.box.tables.name("UsersTable"),
		"AUTH_STATE_TABLE="+r.box.tables.name("AuthStateTable"),
		fmt.Sprintf("MAILS_PER_SECOND=%g", r.load.perSecond),
		fmt.Sprintf("ACCOUNT_MAILS_PER_SECOND=%g", r.load.accounts), fmt.Sprintf("MAIL_WORKERS=%d", r.load.workers))
	for range count {
		p, err := launch(ctx, r.box.store, binary, environment)
		if err != nil {
			return started, err
		}
		started = append(started, p)
	}
	return started, nil
}

func end(processes []*process) {
	for _, p := range processes {
		p.end()
	}
}

// askForResets asks for one reset after the other, each so long after the one before, and waits until it is sent.
func (r *mailRun) askForResets(ctx context.Context, workers []*process, apart time.Duration) error {
	outbox := dynamostore.ResetOutbox{Client: r.box.tables.client, Mails: r.box.tables.name("MailsTable")}
	for i, u := range r.users {
		if err := clock.Sleep(ctx, apart); err != nil {
			return err
		}
		asked := time.Now()
		id, err := outbox.AddResetMail(ctx, u.Email, clock.Now())
		if err != nil {
			return err
		}
		body := fmt.Sprintf(`{"type":"mail.pending","version":1,"mail_id":%q}`, id)
		if err := send(ctx, workers[i%len(workers)], []string{body}); err != nil {
			return err
		}
		r.waiting = append(r.waiting, time.Since(asked))
	}
	return nil
}

// confirmations are the events of orders' mails.
func confirmations(orders []string) (bodies []string) {
	for _, id := range orders {
		bodies = append(bodies, fmt.Sprintf(`{"type":"order.placed","version":1,"mail_id":%q,"order_id":%q}`,
			notification.OrderMailID(id), id))
	}
	return bodies
}

// send hands a batch over, as the event source of a queue does.
func send(ctx context.Context, p *process, bodies []string) error {
	var e events.SQSEvent
	for _, body := range bodies {
		e.Records = append(e.Records, events.SQSMessage{MessageId: uuid.NewString(), Body: body,
			Attributes: map[string]string{"ApproximateReceiveCount": "1"}})
	}
	payload, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("making an event: %w", err)
	}
	_, err = p.call(ctx, payload, `"batchItemFailures":[]`)
	return err
}

func (r *mailRun) rows(load mailLoad) []row {
	at := fmt.Sprintf("at %g mails a second", load.perSecond)
	if load.slower > 1 {
		at += fmt.Sprintf(", all times %g times longer", load.slower)
	}
	ideal := float64(r.count()) / r.load.forOrders()
	refused := 100 * float64(r.ses.refused.Load()) / math.Max(1, float64(r.ses.taken.Load()+r.ses.refused.Load()))
	return []row{
		atMost(fmt.Sprintf("mails %s: a backlog of %d, to which %d orders came, %g a second, sent; "+
			"the limit is the rate less what account mails have", at, len(r.orders), r.more, load.arriving),
			r.took.Seconds(), ideal, 1.11, "%.1f s"),
		atMost(fmt.Sprintf("mails %s: calls that SES refused; the limit is the goal", at), refused, 1, 1, "%.2f %%"),
		atMost(fmt.Sprintf("mails %s: the longest of %d resets in the middle of it; the limit is the goal", at,
			len(r.waiting)), slices.Max(r.waiting).Seconds(), longestReset.Seconds(), 1, "%.2f s"),
	}
}

// provider is the emulator with a limit of SES's: a proxy before it.
type provider struct {
	url            string
	close          func()
	target         *url.URL
	credentials    aws.Credentials
	taken, refused atomic.Int64
}

// limitedSES lets the mails of one second through at once, and then no more than the rate.
func limitedSES(s *store, load mailLoad, latency time.Duration) (*provider, error) {
	target, err := url.Parse(*s.aws.BaseEndpoint)
	if err != nil {
		return nil, fmt.Errorf("reading the emulator's address: %w", err)
	}
	p := &provider{target: target, credentials: s.root}
	pass := &httputil.ReverseProxy{
		Rewrite:   p.rewrite,
		Transport: &http.Transport{IdleConnTimeout: time.Second}, // before the emulator closes it
	}
	limit := rate.NewLimiter(rate.Limit(load.perSecond), max(1, int(load.perSecond)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if serviceOf(r) != "ses" {
			pass.ServeHTTP(w, r)
			return
		}
		time.Sleep(latency)
		if !limit.Allow() {
			p.refused.Add(1)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>` +
				`<Message>Maximum sending rate exceeded.</Message></Error></ErrorResponse>`))
			return
		}
		p.taken.Add(1)
		pass.ServeHTTP(w, r)
	}))
	p.url, p.close = server.URL, server.Close
	return p, nil
}

// rewrite signs the call anew, because the emulator knows its own address alone.
func (p *provider) rewrite(r *httputil.ProxyRequest) {
	body, err := io.ReadAll(r.In.Body)
	if err != nil {
		return // unsigned, so that it is refused
	}
	r.SetURL(p.target)
	r.Out.Body, r.Out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	for _, name := range []string{"Authorization", "X-Amz-Date", "Amz-Sdk-Request", "Amz-Sdk-Invocation-Id"} {
		r.Out.Header.Del(name)
	}
	sum := sha256.Sum256(body)
	_ = v4.NewSigner().SignHTTP(r.Out.Context(), p.credentials, r.Out, hex.EncodeToString(sum[:]),
		serviceOf(r.In), region, time.Now())
}

var signedFor = regexp.MustCompile(`/([a-z]+)/aws4_request`)

// serviceOf is what the call is signed for, such as ses.
func serviceOf(r *http.Request) string {
	if found := signedFor.FindStringSubmatch(r.Header.Get("Authorization")); found != nil {
		return found[1]
	}
	return ""
}
