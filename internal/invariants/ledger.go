package invariants

import (
	"fmt"
	"hash/fnv"
	"time"
)

// ledger adds up what is stored of some products.
type ledger struct {
	entries      map[string]*entry
	parts        uint32 // over how many passes the products are spread: a power of two
	part         uint32 // the pass of this ledger
	most         int    // products that it may hold
	commitWindow time.Duration
}

// entry is one product. Its stock includes what was committed before the stock was read. Changes dated well before that
// were committed, later ones were not. Changes dated shortly before or after it may have been: low and high are the
// sums without and with them.
type entry struct {
	there     bool
	stock     int64
	from, to  time.Time
	certain   int64
	low, high int64
	returned  int64 // units that came back, less those that cancelled orders say came back
}

// add takes a product in. When there are too many, the ledger halves what it holds, and doubles the passes.
func (l *ledger) add(p Product) {
	if !l.has(p.ID) {
		return
	}
	l.entries[p.ID] = &entry{there: true, stock: p.Stock, from: p.From, to: p.To}
	for len(l.entries) > l.most && l.part == 0 {
		l.parts *= 2
		for id := range l.entries {
			if !l.has(id) {
				delete(l.entries, id)
			}
		}
	}
}

// has reports whether the product belongs to this pass.
func (l *ledger) has(id string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32()%l.parts == l.part
}

// change takes in a change of a stock. It returns false for a product that is not in the ledger.
func (l *ledger) change(id string, delta int64, at time.Time) bool {
	e := l.entries[id]
	if e == nil {
		return false
	}
	switch {
	case at.Before(e.from.Add(-l.commitWindow)):
		e.certain += delta
	case at.After(e.to.Add(clockSkew)):
	default:
		e.low, e.high = e.low+min(delta, 0), e.high+max(delta, 0)
	}
	return true
}

// moved takes in units that came back, where that was certainly committed before the stock was read. The change of the
// order has the same time, so that both are taken in or neither.
func (l *ledger) moved(m Movement) {
	if m.Returned {
		l.back(m.ProductID, m.Delta, m.At)
	}
}

// cancelled takes in what the order says came back.
func (l *ledger) cancelled(o Order) {
	for _, c := range o.Changes {
		for _, line := range o.Returned(c) {
			l.back(line.ProductID, -line.Quantity, c.At)
		}
	}
}

func (l *ledger) back(id string, units int64, at time.Time) {
	if e := l.entries[id]; e != nil && at.Before(e.from.Add(-l.commitWindow)) {
		e.returned += units
	}
}

// differences returns what is wrong with the product.
func (e *entry) differences(id string) []Difference {
	if !e.there {
		return []Difference{{ProductMissing, id, "changes or orders name a product that is not there"}}
	}
	var found []Difference
	if e.stock < 0 {
		found = append(found, Difference{StockBelowZero, id, fmt.Sprintf("the stock is %d", e.stock)})
	}
	if low, high := e.certain+e.low, e.certain+e.high; e.stock < low || e.stock > high {
		found = append(found, Difference{StockDiffers, id, fmt.Sprintf(
			"the stock is %d, and its changes and orders add up to %s", e.stock, span(low, high))})
	}
	if e.returned != 0 {
		found = append(found, Difference{ReturnsDiffer, id, fmt.Sprintf(
			"its movements have %+d units beside those that cancelled orders gave back", e.returned)})
	}
	return found
}

func span(low, high int64) string {
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}
