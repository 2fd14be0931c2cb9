package config

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"shop/internal/deadline"
)

// HTTPClient returns a client of AWS whose attempts end after timeout, and which keeps a connection for deadline.Idle.
func HTTPClient(timeout time.Duration) aws.HTTPClient {
	transport := awshttp.NewBuildableClient().GetTransport()
	transport.IdleConnTimeout = deadline.Idle
	transport.DisableCompression = true // answers are small
	return client{transport, timeout}
}

// client sends requests by the SDK's transport alone. An http.Client around it would follow redirects and keep cookies,
// of which AWS's APIs have none; its timeout alone costs some twenty allocations a call.
type client struct {
	transport *http.Transport
	timeout   time.Duration // until the answer was read, or its body closed
}

// Do implements [aws.HTTPClient].
func (c client) Do(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), c.timeout)
	response, err := c.transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	response.Body = body{response.Body, cancel}
	return response, nil
}

// body is an answer's. The SDK closes it when it has read the answer.
type body struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
