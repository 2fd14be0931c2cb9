package observetest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"shop/internal/observe"
)

// Invoke gives the payload to the function, any that [lambda.NewHandler] takes, as Lambda does, and returns what it
// answers and logs.
func Invoke(ctx context.Context, function any, payload []byte) (answer, log string, err error) {
	var lines bytes.Buffer
	out, err := lambda.NewHandler(function).Invoke(observe.WithLogger(ctx, observe.New(&lines)), payload)
	return strings.TrimSpace(string(out)), lines.String(), err
}

// ScheduledEvent reads event.json, which has to be an event of EventBridge's schedules.
func ScheduledEvent(t testing.TB) []byte {
	t.Helper()
	payload, err := os.ReadFile("event.json")
	if err != nil {
		t.Fatal(err)
	}
	var e events.CloudWatchEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		t.Fatal(err)
	}
	if e.Source != "aws.events" || e.DetailType != "Scheduled Event" || len(e.Resources) != 1 {
		t.Fatalf("event.json is no scheduled event: %+v", e)
	}
	return payload
}
