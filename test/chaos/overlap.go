package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/test/awsfault"
)

// overlap lets transactions conflict with each other in some rounds. The emulator commits them at once, so none
// ever do there.
type overlap struct {
	next     http.RoundTripper
	describe func(table string) ([]string, error)

	mu        sync.Mutex
	now       *awsfault.Overlap // nil while transactions do not overlap
	conflicts int               // of the rounds before now
}

// Hold makes transactions hold their items for so long; 0 ends that.
func (o *overlap) Hold(long time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.now != nil {
		o.conflicts += o.now.Conflicts()
	}
	o.now = nil
	if long > 0 {
		o.now = &awsfault.Overlap{Next: o.next, Hold: long, Describe: o.describe}
	}
}

// take returns how many calls met a conflict since it was called last.
func (o *overlap) take() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := o.conflicts
	o.conflicts = 0
	return n
}

// RoundTrip implements http.RoundTripper.
func (o *overlap) RoundTrip(r *http.Request) (*http.Response, error) {
	o.mu.Lock()
	now := o.now
	o.mu.Unlock()
	if now == nil {
		return o.next.RoundTrip(r)
	}
	return now.RoundTrip(r)
}

// describe returns the names of the attributes of a table's key.
func (e *env) describe(table string) ([]string, error) {
	out, err := e.dynamo.DescribeTable(context.Background(), &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return nil, fmt.Errorf("looking at table %s: %w", table, err)
	}
	var names []string
	for _, k := range out.Table.KeySchema {
		names = append(names, aws.ToString(k.AttributeName))
	}
	return names, nil
}
