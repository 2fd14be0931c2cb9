package export

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"shop/internal/money"
	"shop/internal/order"
)

// Sums are what an export adds up to.
type Sums struct {
	Kind    string
	Records int64
	// Of orders: those that are cancelled, and, without them, the units and the revenue in minor units, by currency. Of
	// products: the units in stock.
	Cancelled int64
	Units     *big.Int
	Revenue   map[string]*big.Int
	// Of movements.
	Added, Removed *big.Int
	Faults         int64
}

// Verify reads an export to its end and adds it up. It calls report for each fault: a record that cannot be read, an id
// that was there before, lines that do not sum to their total, an order that is older than the one before. It returns
// the errors of [NewReader] and of reading.
//
// It keeps 16 bytes of each id.
func Verify(r io.Reader, report func(error)) (Sums, error) {
	v := verifier{
		Sums:   Sums{Units: new(big.Int), Added: new(big.Int), Removed: new(big.Int), Revenue: map[string]*big.Int{}},
		seen:   map[[16]byte]struct{}{},
		report: report,
	}
	in, err := NewReader(r)
	if err != nil {
		return v.Sums, err
	}
	for v.Kind = in.Kind; ; {
		record, line, err := in.Next()
		var wrong *Fault
		switch {
		case err == io.EOF:
			return v.Sums, nil
		case errors.As(err, &wrong):
			v.fault(wrong)
		case err != nil:
			return v.Sums, err
		default:
			v.add(record, line)
		}
	}
}

type verifier struct {
	Sums
	seen   map[[16]byte]struct{} // the start of each id's SHA-256
	last   string                // the place of the record before, of those that have an order
	report func(error)
}

func (v *verifier) fault(f *Fault) {
	v.Faults++
	v.report(f)
}

func (v *verifier) add(r Record, line int) {
	v.Records++
	wrong := func(format string, args ...any) { v.fault(&Fault{line, fmt.Sprintf(format, args...)}) }
	switch r := r.(type) {
	case Order:
		v.addOrder(r, wrong)
	case Product:
		v.addProduct(r, wrong)
	case Movement:
		v.addMovement(r, wrong)
	}
}

type complain = func(format string, args ...any)

func (v *verifier) once(id string, wrong complain) {
	hash := sha256.Sum256([]byte(id))
	short := [16]byte(hash[:16])
	if _, again := v.seen[short]; again || id == "" {
		wrong("%q is empty, or was there before", id)
	}
	v.seen[short] = struct{}{}
}

// follows wants places to ascend.
func (v *verifier) follows(place, id string, wrong complain) {
	if place <= v.last {
		wrong("%s comes after one that is later", id)
	}
	v.last = place
}

func (v *verifier) addOrder(o Order, wrong complain) {
	v.once(o.ID, wrong)
	timed(o.PlacedAt, wrong)
	v.follows(o.PlacedAt+"#"+o.ID, o.ID, wrong)
	status, known := order.ParseStatus(o.Status)
	if !known {
		wrong("order %s: there is no status %q", o.ID, o.Status)
	}
	units, sum := int64(0), int64(0)
	for _, l := range o.Lines {
		l.check(o, wrong)
		units += within(l.Quantity)
		sum += within(l.Total.Amount)
	}
	if sum != o.Total.Amount || len(o.Lines) == 0 {
		wrong("order %s: its %d lines sum to %d, and its total is %d", o.ID, len(o.Lines), sum, o.Total.Amount)
	}
	if !status.IsSale() {
		v.Cancelled++
		return
	}
	add(v.Units, units)
	if v.Revenue[o.Total.Currency] == nil {
		v.Revenue[o.Total.Currency] = new(big.Int)
	}
	add(v.Revenue[o.Total.Currency], o.Total.Amount)
}

// check looks whether a line is its price times its quantity, in the order's currency.
func (l Line) check(o Order, wrong complain) {
	total := new(big.Int).Mul(big.NewInt(l.UnitPrice.Amount), big.NewInt(l.Quantity))
	if total.Cmp(big.NewInt(l.Total.Amount)) != 0 || l.Quantity < 1 || l.UnitPrice.Amount < 0 {
		wrong("order %s: %d of %s at %d are not %d", o.ID, l.Quantity, l.ProductID, l.UnitPrice.Amount, l.Total.Amount)
	}
	if l.UnitPrice.Currency != o.Total.Currency || l.Total.Currency != o.Total.Currency {
		wrong("order %s: %s has another currency", o.ID, l.ProductID)
	}
}

// within keeps the sums of an order from overflowing: no amount of the store is larger.
func within(n int64) int64 { return max(-money.MaxAmount, min(n, money.MaxAmount)) }

func (v *verifier) addProduct(p Product, wrong complain) {
	v.once(p.ID, wrong)
	timed(p.CreatedAt, wrong)
	timed(p.UpdatedAt, wrong)
	if err := p.check(); err != nil {
		wrong("product %s: %v", p.ID, err)
	}
	add(v.Units, p.Stock)
}

func (p Product) check() error {
	switch {
	case p.Stock < 0:
		return errors.New("its stock is below 0")
	case p.MaxPerOrder < 0 || p.LowStockThreshold < 0 || p.Version < 1:
		return errors.New("its limit or its threshold is below 0, or its version below 1")
	}
	return money.Money(p.Price).Check(p.Price.Currency)
}

func (v *verifier) addMovement(m Movement, wrong complain) {
	v.once(m.ID, wrong)
	timed(m.MovedAt, wrong)
	if m.Added < 0 || m.Removed < 0 || m.Added > 0 && m.Removed > 0 {
		wrong("movement %s: added %d and removed %d", m.ID, m.Added, m.Removed)
	}
	if (m.Before == nil) != (m.After == nil) || m.Before != nil && m.OrderID != "" {
		wrong("movement %s: it has one of the stocks before and after, or both and an order", m.ID)
	} else if m.Before != nil && !m.addsUp() {
		wrong("movement %s: %d and %d added and %d removed are not %d", m.ID, *m.Before, m.Added, m.Removed, *m.After)
	}
	add(v.Added, m.Added)
	add(v.Removed, m.Removed)
}

func (m Movement) addsUp() bool {
	sum := big.NewInt(*m.Before)
	add(sum, m.Added)
	sum.Sub(sum, big.NewInt(m.Removed))
	return sum.Cmp(big.NewInt(*m.After)) == 0
}

func add(to *big.Int, n int64) { to.Add(to, big.NewInt(n)) }

func timed(text string, wrong complain) {
	if _, err := time.Parse(timeFormat, text); err != nil {
		wrong("%q is no time such as %s", text, timeFormat)
	}
}
