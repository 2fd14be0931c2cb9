package awsfault

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// Overlap holds the items of a transaction for its length, as DynamoDB does: whoever else writes one of them meanwhile,
// or reads it in a transaction, meets a conflict. DynamoDB Local and emulators commit at once, so there is
// never a conflict there. All clients whose transactions are to conflict share one Overlap.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
type Overlap struct {
	// Next carries calls out; nil means http.DefaultTransport.
	Next http.RoundTripper
	// Hold is how long a transaction takes beside what Next takes.
	Hold time.Duration
	// Describe returns the names of the attributes of a table's key. Nil means by DescribeTable with the header of the
	// call that it is for, whose signature only DynamoDB Local takes.
	Describe func(table string) ([]string, error)

	once      sync.Once
	tables    tables
	mu        sync.Mutex
	held      map[string]bool
	conflicts int
}

// Conflicts returns how many calls met a conflict.
func (o *Overlap) Conflicts() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.conflicts
}

// RoundTrip implements http.RoundTripper.
func (o *Overlap) RoundTrip(r *http.Request) (*http.Response, error) {
	o.once.Do(func() { o.tables.describe = o.Describe })
	r, operation, in, err := readCall(r)
	if err != nil {
		return nil, err
	}
	switch operation {
	case "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "TransactGetItems":
	default:
		return carrier(o.Next).RoundTrip(r)
	}
	var names []string
	for _, a := range in.actions() {
		name, _, err := o.tables.name(o.Next, r, a.call)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	writing := operation == "TransactWriteItems"
	if met, reasons := o.take(names, writing); met {
		if !strings.HasPrefix(operation, "Transact") {
			return Error(http.StatusBadRequest, "TransactionConflictException")(nil, r)
		}
		return Canceled(reasons...)(nil, r)
	}
	if writing {
		defer o.release(names)
		time.Sleep(o.Hold)
	}
	return carrier(o.Next).RoundTrip(r)
}

// take holds the items, unless one is held: then it returns what is said of each.
func (o *Overlap) take(names []string, hold bool) (met bool, reasons []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, name := range names {
		reason := "None"
		if o.held[name] {
			met, reason = true, "TransactionConflict"
		}
		reasons = append(reasons, reason)
	}
	if met {
		o.conflicts++
		return true, reasons
	}
	if o.held == nil {
		o.held = map[string]bool{}
	}
	for _, name := range names {
		if hold {
			o.held[name] = true
		}
	}
	return false, nil
}

func (o *Overlap) release(names []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, name := range names {
		delete(o.held, name)
	}
}
