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
	// Units is how many write units a second an item bears, of which a transaction takes two: others are throttled. 0:
	// without limit.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
	Units float64
	// Describe returns the names of the attributes of a table's key. Nil means by DescribeTable with the header of the
	// call that it is for, whose signature only DynamoDB Local takes.
	Describe func(table string) ([]string, error)

	once      sync.Once
	tables    tables
	mu        sync.Mutex
	held      map[string]bool
	written   map[string]budget
	conflicts int
}

// budget is what is left of the write units of an item, and when that was.
type budget struct {
	units float64
	at    time.Time
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
		switch {
		case o.held[name]:
			met, reason = true, "TransactionConflict"
		case hold && !o.bears(name):
			met, reason = true, "ThrottlingError"
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
			o.spend(name)
		}
	}
	return false, nil
}

// transactional is how many units a transaction takes of an item of 1 KB: one to prepare it and one to commit it.
const transactional = 2

// bears reports whether an item has the units of a transaction left.
func (o *Overlap) bears(name string) bool { return o.Units == 0 || o.left(name) >= transactional }

// left is what an item has left of its units. What is not used in a second is lost.
func (o *Overlap) left(name string) float64 {
	b, known := o.written[name]
	if !known {
		return o.Units
	}
	return min(o.Units, b.units+time.Since(b.at).Seconds()*o.Units)
}

func (o *Overlap) spend(name string) {
	if o.Units == 0 {
		return
	}
	if o.written == nil {
		o.written = map[string]budget{}
	}
	o.written[name] = budget{o.left(name) - transactional, time.Now()}
}

func (o *Overlap) release(names []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, name := range names {
		delete(o.held, name)
	}
}
