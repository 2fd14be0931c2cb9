package httpapitest

import (
	"encoding/json"
	"io"
	"math"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/storeapi"
)

// CheckAllocations fails the test when an invocation with the event allocates memory more than most times. It has all
// that the function does besides its flow: reading the event, writing the answer and the log.
func CheckAllocations(t *testing.T, h httpapi.Handler, e Event, most float64) {
	t.Helper()
	payload, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	f, ctx := lambda.NewHandler(storeapi.Lambda(httpapi.Front{}, h)), t.Context()
	got := math.Inf(1)
	for range 5 { // what else runs in this process allocates, too
		got = min(got, testing.AllocsPerRun(50, func() {
			if _, err := f.Invoke(observe.WithLogger(ctx, observe.New(io.Discard)), payload); err != nil {
				t.Fatal(err)
			}
		}))
	}
	if got > most {
		t.Errorf("an invocation allocates memory %.0f times, want at most %.0f", got, most)
	}
}
