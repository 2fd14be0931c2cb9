// Command awsproxy stands between the store's functions and the AWS endpoint that they call, and counts the calls by
// operation, so that a test can say what a flow costs, and see what a flow does when they fail: the proxy is package
// faultproxy.
//
//	awsproxy -listen 127.0.0.1:4600 -target http://127.0.0.1:4566 -control 127.0.0.1:4601
//
// The functions get http://127.0.0.1:4600 as their AWS_ENDPOINT_URL. GET /counts at the control address answers the
// counts since the last POST /reset, as a JSON object from operation to number; PUT /faults plans what is done to
// calls; GET /permissions answers what IAM was asked for the calls since the start, by the access key that signed them.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"shop/test/faultproxy"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:4600", "where functions call")
	target := flag.String("target", "http://127.0.0.1:4566", "the AWS endpoint behind")
	control := flag.String("control", "127.0.0.1:4601", "where counts are read")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, *target, *control); err != nil {
		fmt.Fprintln(os.Stderr, "awsproxy:", err)
		os.Exit(1)
	}
}

// run serves both addresses until ctx ends.
func run(ctx context.Context, listen, target, control string) error {
	behind, err := url.Parse(target)
	if err != nil {
		return fmt.Errorf("reading the target: %w", err)
	}
	proxy, ledger := faultproxy.New(behind), &faultproxy.Ledger{}
	proxy.Watch = ledger.Note
	steering := http.NewServeMux()
	steering.Handle("/", proxy.Control())
	steering.Handle("GET /permissions", ledger)
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return serve(ctx, listen, proxy) })
	both.Go(func() error { return serve(ctx, control, steering) })
	return both.Wait()
}

func serve(ctx context.Context, address string, h http.Handler) error {
	server := &http.Server{Addr: address, Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	if err := server.ListenAndServe(); ctx.Err() == nil {
		return fmt.Errorf("serving %s: %w", address, err)
	}
	return nil
}
