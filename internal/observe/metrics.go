package observe

import (
	"encoding/json"
	"io"
	"os"
	"time"
)

// namespace is where CloudWatch keeps the metrics.
const namespace = "Shop"

// Metric names a metric. docs/deployment.md has the list, and what each is.
type Metric string

// The metrics.
const (
	OrdersPlaced     Metric = "OrdersPlaced"
	Revenue          Metric = "Revenue"
	Replayed         Metric = "Replayed"
	CheckoutsRefused Metric = "CheckoutsRefused"
	SignUps          Metric = "SignUps"
	LogIns           Metric = "LogIns"

	MailsSent             Metric = "MailsSent"
	MailDelay             Metric = "MailDelay"
	MailsPostponed        Metric = "MailsPostponed"
	MailsFailed           Metric = "MailsFailed"
	MailsFailedUnanswered Metric = "MailsFailedUnanswered"
	MailsRelayed          Metric = "MailsRelayed"
	MailsOfUnknownKind    Metric = "MailsOfUnknownKind"
	OldestMail            Metric = "OldestMail"
	EventsNotSent         Metric = "EventsNotSent"
	MessagesNotUnderstood Metric = "MessagesNotUnderstood"

	MailsBounced        Metric = "MailsBounced"
	MailsBouncedForNow  Metric = "MailsBouncedForNow"
	MailsComplainedOf   Metric = "MailsComplainedOf"
	ComplaintsTakenBack Metric = "ComplaintsTakenBack"

	// InvariantsViolated is the differences that the nightly audit found.
	InvariantsViolated Metric = "InvariantsViolated"

	// SyntheticOrders is the orders of the customer that tries the store, and SyntheticStep how long each step took it.
	SyntheticOrders Metric = "SyntheticOrders"
	SyntheticStep   Metric = "SyntheticStep"

	TokensNotSigned  Metric = "TokensNotSigned"
	TokenKeysNotRead Metric = "TokenKeysNotRead"
)

// The units that are not a count.
const (
	Milliseconds = "Milliseconds"
	Seconds      = "Seconds"
	NoUnit       = "None" // such as money, in minor units
)

// Value is what one event adds to a metric.
type Value struct {
	Metric Metric
	Amount int64
	Unit   string // empty: a count
	// By and Of are a dimension of the metric's own and its value, such as Currency and GBP; both empty: it has none.
	By, Of string
}

// Count adds n to a metric.
func Count(metric Metric, n int) { Measure(Value{Metric: metric, Amount: int64(n)}) }

// Measure adds the values of one event to their metrics, in one line.
func Measure(values ...Value) { measure(os.Stdout, time.Now(), values) }

// definition, directive and metadata are of the embedded metric format:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
type definition struct{ Name, Unit string }

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []definition
}

type metadata struct {
	Timestamp         int64
	CloudWatchMetrics []directive
}

// measure writes the line. Every metric can be looked at for the stage; one without a dimension of its own for each
// function of it, too, and another one for each value of that dimension.
func measure(w io.Writer, now time.Time, values []Value) {
	line := map[string]any{
		"Stage": os.Getenv("STAGE"), "Function": os.Getenv(functionName), "trace_id": TraceID(TraceHeader()),
	}
	var directives []directive
	for _, v := range values {
		narrower := "Function"
		if v.By != "" {
			narrower, line[v.By] = v.By, v.Of
		}
		line[string(v.Metric)] = v.Amount
		directives = append(directives, directive{
			Namespace: namespace, Dimensions: [][]string{{"Stage"}, {"Stage", narrower}},
			Metrics: []definition{{string(v.Metric), unit(v)}},
		})
	}
	line["_aws"] = metadata{Timestamp: now.UnixMilli(), CloudWatchMetrics: directives}
	_ = json.NewEncoder(w).Encode(line)
}

func unit(v Value) string {
	if v.Unit == "" {
		return "Count"
	}
	return v.Unit
}
