package faultproxy

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Kind is what is done to a call.
type Kind string

// The kinds. AWS carries out what a call of the second half asks for, though its function never learns of it.
const (
	// Refused answers that the service failed; it never got the call.
	Refused Kind = "refused"
	// Throttled answers as the service does when one table, queue or sender is called too often; it never got the call.
	Throttled Kind = "throttled"
	// RateLimited answers as the service does when the account calls it too often; it never got the call.
	RateLimited Kind = "rate limited"
	// Conflict answers that another transaction has the same items; the database never got the call. In a transaction
	// every reason is a conflict.
	Conflict Kind = "conflict"
	// MixedConflict answers that the first action of a transaction met a conflict and the condition of the last one
	// failed, as when a repeat meets its first attempt being committed.
	MixedConflict Kind = "mixed conflict"
	// Reset breaks the connection before the service gets the call.
	Reset Kind = "reset"
	// Slow passes the call on after a while that its function waits for.
	Slow Kind = "slow"
	// Hung never answers, and never passes the call on.
	Hung Kind = "hung"
	// KilledBefore kills the function's process; the service never gets the call.
	KilledBefore Kind = "killed before"

	// Lost breaks the connection when the service has answered.
	Lost Kind = "answer lost"
	// Half breaks the connection in the middle of the answer.
	Half Kind = "half an answer"
	// Late breaks the connection, and passes the call on a while later.
	Late Kind = "late"
	// KilledAfter kills the function's process when the service has answered.
	KilledAfter Kind = "killed after"
	// Doubled passes the call on, and again a while after its answer: a message that a queue delivers twice, or late as
	// well.
	Doubled Kind = "doubled"
)

// Kinds are all kinds.
var Kinds = []Kind{
	Refused, Throttled, RateLimited, Conflict, MixedConflict, Reset, Slow, Hung, KilledBefore, Lost, Half, Late,
	KilledAfter,
	Doubled,
}

// Rule plans a fault for some calls of an operation.
type Rule struct {
	Operation string        `json:"operation"` // or the name that Proxy.Name gives the call
	Fault     Kind          `json:"fault"`
	Share     float64       `json:"share"` // of the calls, from 0 to 1
	Times     int           `json:"times"` // at most so often; 0 means without limit
	Delay     time.Duration `json:"delay"` // nanoseconds; of Slow, Late and Doubled
	Then      []Kind        `json:"then"`  // what is done to the SDK's next attempts of the same call, one each
}

// validate returns an error for a rule that is not valid.
func (r Rule) validate() error {
	for _, kind := range r.Then {
		if !slices.Contains(Kinds, kind) {
			return fmt.Errorf("after a fault a rule can have faults out of %q, got %q", Kinds, kind)
		}
	}
	for _, kind := range Kinds {
		if kind == r.Fault && r.Operation != "" && r.Share >= 0 && r.Share <= 1 {
			return nil
		}
	}
	return fmt.Errorf("a rule needs an operation, a share from 0 to 1 and a fault out of %q, got %+v", Kinds, r)
}

// planned is a rule at work.
type planned struct {
	Rule
	done int
}

// following is what is still to be done to a call's next attempts.
type following struct {
	rule Rule
	left []Kind
}

// Plan replaces the rules. The first one that applies to a call decides; seed decides which calls are in a share.
func (p *Proxy) Plan(seed uint64, rules ...Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.chance = rand.New(rand.NewPCG(seed, 0))
	p.rules, p.following = nil, map[string]*following{}
	for _, r := range rules {
		p.rules = append(p.rules, &planned{Rule: r})
	}
}

// rule draws what is done to a call of this name, one of whose attempts may have been here before.
func (p *Proxy) rule(name, attempts string) Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	if next := p.following[attempts]; next != nil && len(next.left) > 0 {
		rule := next.rule
		rule.Fault, next.left = next.left[0], next.left[1:]
		return rule
	}
	for _, r := range p.rules {
		if r.Operation != name || r.Times > 0 && r.done >= r.Times {
			continue
		}
		if r.Share < 1 && p.chance.Float64() >= r.Share {
			continue
		}
		r.done++
		if len(r.Then) > 0 && attempts != "" {
			p.following[attempts] = &following{r.Rule, r.Then}
		}
		return r.Rule
	}
	return Rule{}
}

// answer is what a service would say.
type answer struct {
	status int
	body   string
}

// failure is how each service says that it failed.
func failure(c *Call) answer {
	if c.Service == SES {
		return formError(http.StatusServiceUnavailable, "Receiver", "ServiceUnavailable")
	}
	return jsonError(c, http.StatusInternalServerError, map[string]string{DynamoDB: "InternalServerError",
		KMS: "KMSInternalException"}[c.Service])
}

// throttling is how each service says that it is called too often.
func throttling(c *Call) answer {
	switch {
	case c.Service == SES:
		return formError(http.StatusBadRequest, "Sender", "Throttling")
	case c.Service == DynamoDB && c.actions() > 0:
		return canceled(c, "ThrottlingError", "ProvisionedThroughputExceeded")
	}
	name := map[string]string{DynamoDB: "ProvisionedThroughputExceededException", SQS: "RequestThrottled"}[c.Service]
	return jsonError(c, http.StatusBadRequest, name)
}

// rateLimit is how each service says that the account calls it too often.
func rateLimit(c *Call) answer {
	if c.Service == SES {
		return throttling(c)
	}
	return jsonError(c, http.StatusBadRequest, "ThrottlingException")
}

// conflict is how DynamoDB says that another transaction has the same items.
func conflict(c *Call) answer {
	if c.actions() == 0 {
		return jsonError(c, http.StatusBadRequest, "TransactionConflictException")
	}
	return canceled(c, "TransactionConflict", "TransactionConflict")
}

// mixedConflict is a cancelled transaction of which the first action met a conflict, and the last one's condition
// failed.
func mixedConflict(c *Call) answer {
	return canceled(c, "TransactionConflict", "ConditionalCheckFailed")
}

// canceled is how DynamoDB says that it cancelled a transaction: the first reason and the last one, and None between
// them.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
func canceled(c *Call, first, last string) answer {
	reasons := slices.Repeat([]string{`{"Code":"None"}`}, max(1, c.actions()))
	reasons[len(reasons)-1] = fmt.Sprintf(`{"Code":%q,"Message":"injected"}`, last)
	reasons[0] = fmt.Sprintf(`{"Code":%q,"Message":"injected"}`, first)
	return answer{http.StatusBadRequest, fmt.Sprintf(
		`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"Transaction cancelled",`+
			`"CancellationReasons":[%s]}`,
		strings.Join(reasons, ","))}
}

// jsonError is an error of AWS's JSON protocols.
func jsonError(c *Call, status int, name string) answer {
	prefix := map[string]string{DynamoDB: "com.amazonaws.dynamodb.v20120810#", SQS: "com.amazonaws.sqs#"}[c.Service]
	if name == "" {
		name = map[int]string{http.StatusBadRequest: "ThrottlingException",
			http.StatusInternalServerError: "InternalFailure"}[status]
	}
	return answer{status, fmt.Sprintf(`{"__type":%q,"message":"injected"}`, prefix+name)}
}

// formError is an error of AWS's query protocol.
func formError(status int, fault, name string) answer {
	return answer{status, fmt.Sprintf(
		`<ErrorResponse><Error><Type>%s</Type><Code>%s</Code><Message>injected</Message></Error>`+
			`<RequestId>injected</RequestId></ErrorResponse>`,
		fault, name)}
}
