package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// invocationTime is the deadline that an invocation is given: the timeout of notify, which does nothing when little is
// left.
const invocationTime = 30 * time.Second

// runtimeAPI is the side of Lambda's runtime API that Lambda has, for one process of a function. It hands over one
// event at a time. Its connections are net/http's, on which TCP_NODELAY is set, so no answer waits for a timer.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type runtimeAPI struct {
	address string
	server  *http.Server
	polls   chan time.Time // when the function asked for its next event
	events  chan event
	answers chan answer
}

type event struct {
	id      string
	payload []byte
}

// answer is what a function made of an event, and when.
type answer struct {
	id      string
	payload []byte
	at      time.Time
	failed  bool
}

func listen() (*runtimeAPI, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	api := &runtimeAPI{
		address: listener.Addr().String(),
		polls:   make(chan time.Time, 1), events: make(chan event), answers: make(chan answer, 1),
	}
	api.server = &http.Server{Handler: api.routes(), ReadHeaderTimeout: invocationTime}
	go func() { _ = api.server.Serve(listener) }() // ends by close, with http.ErrServerClosed
	return api, nil
}

func (a *runtimeAPI) close() { _ = a.server.Close() }

func (a *runtimeAPI) routes() http.Handler {
	const runtime = "/2018-06-01/runtime"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+runtime+"/invocation/next", a.next)
	mux.HandleFunc("POST "+runtime+"/invocation/{id}/response",
		func(w http.ResponseWriter, r *http.Request) { a.take(w, r, false) })
	mux.HandleFunc("POST "+runtime+"/invocation/{id}/error",
		func(w http.ResponseWriter, r *http.Request) { a.take(w, r, true) })
	mux.HandleFunc("POST "+runtime+"/init/error", func(w http.ResponseWriter, r *http.Request) { a.take(w, r, true) })
	return mux
}

// next waits for an event, as long as the function does.
func (a *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	a.polls <- time.Now()
	select {
	case <-r.Context().Done():
	case e := <-a.events:
		header := w.Header()
		header.Set("Lambda-Runtime-Aws-Request-Id", e.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(invocationTime).UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:000000000000:function:bench")
		header.Set("Lambda-Runtime-Trace-Id", "Root=1-69b57c06-4f0a2b7c1d3e5f6071829304;Sampled=0")
		header.Set("Content-Type", "application/json")
		header.Set("Content-Length", strconv.Itoa(len(e.payload)))
		_, _ = w.Write(e.payload)
	}
}

func (a *runtimeAPI) take(w http.ResponseWriter, r *http.Request, failed bool) {
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		payload, failed = []byte(err.Error()), true
	}
	a.answers <- answer{id: r.PathValue("id"), payload: payload, at: time.Now(), failed: failed}
	w.WriteHeader(http.StatusAccepted)
}

// errInvocation says that a function answered with an error, to another event, or not what is wanted.
var errInvocation = errors.New("invocation failed")

// invoke hands over an event once the function asks for one, and returns its answer with the time it took.
func (a *runtimeAPI) invoke(ctx context.Context, e event) ([]byte, time.Duration, error) {
	if _, err := receive(ctx, a.polls); err != nil {
		return nil, 0, err
	}
	start := time.Now()
	select {
	case <-ctx.Done():
		return nil, 0, context.Cause(ctx)
	case a.events <- e:
	}
	got, err := receive(ctx, a.answers)
	if err != nil {
		return nil, 0, err
	}
	if got.failed || got.id != e.id {
		return nil, 0, fmt.Errorf("%w: %s", errInvocation, bytes.TrimSpace(got.payload))
	}
	return got.payload, got.at.Sub(start), nil
}

func receive[T any](ctx context.Context, from <-chan T) (got T, err error) {
	select {
	case <-ctx.Done():
		return got, context.Cause(ctx)
	case got = <-from:
		return got, nil
	}
}
