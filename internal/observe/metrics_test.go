package observe

import (
	"bytes"
	"testing"
	"time"
)

// TestEmbeddedMetric compares the whole line with the format's shape: CloudWatch drops in silence what it does not
// understand.
func TestEmbeddedMetric(t *testing.T) {
	t.Setenv("STAGE", "production")
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "shop-PlaceOrder")
	t.Setenv("_X_AMZN_TRACE_ID", "Root="+traced)
	const (
		every = `{"Namespace":"Shop","Dimensions":[["Stage"],["Stage","Function"]],"Metrics":[`
		tail  = `"_aws":{"Timestamp":1773480413589,"CloudWatchMetrics":[`
		rest  = `"trace_id":"` + traced + `"}` + "\n"
	)
	for want, values := range map[string][]Value{
		`{"EventsNotSent":7,"Function":"shop-PlaceOrder","Stage":"production",` + tail + every +
			`{"Name":"EventsNotSent","Unit":"Count"}]}]},` + rest: {{Metric: EventsNotSent, Amount: 7}},
		`{"Function":"shop-PlaceOrder","MailDelay":0,"MailsSent":-1,"Stage":"production",` + tail + every +
			`{"Name":"MailsSent","Unit":"Count"}]},` + every + `{"Name":"MailDelay","Unit":"Milliseconds"}]}]},` +
			rest: {{Metric: MailsSent, Amount: -1}, {Metric: MailDelay, Unit: Milliseconds}},
		`{"Currency":"GBP","Function":"shop-PlaceOrder","Revenue":8300,"Stage":"production",` + tail +
			`{"Namespace":"Shop","Dimensions":[["Stage"],["Stage","Currency"]],"Metrics":[{"Name":"Revenue","Unit":"None"}]}]},` +
			rest: {{Metric: Revenue, Amount: 8300, Unit: NoUnit, By: "Currency", Of: "GBP"}},
	} {
		var out bytes.Buffer
		measure(&out, time.Date(2026, 3, 14, 9, 26, 53, 589e6, time.UTC), values)
		if out.String() != want {
			t.Errorf("got  %swant %s", out.String(), want)
		}
	}
}
