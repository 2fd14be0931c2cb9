package order

import (
	"context"
	"errors"
	"maps"
	"time"
)

// ErrSalesMoved says that a period, or how far orders are counted, is not as it was read: somebody else was faster.
var ErrSalesMoved = errors.New("sales were changed meanwhile")

// Totals is what was sold.
type Totals struct {
	Orders  int64
	Units   int64
	Revenue map[string]int64 // in minor units, by currency
}

// equal compares the figures; a currency without revenue is none.
func (t Totals) equal(u Totals) bool {
	some := func(_ string, amount int64) bool { return amount == 0 }
	a, b := maps.Clone(t.Revenue), maps.Clone(u.Revenue)
	maps.DeleteFunc(a, some)
	maps.DeleteFunc(b, some)
	return t.Orders == u.Orders && t.Units == u.Units && maps.Equal(a, b)
}

func (t *Totals) add(orders, units, amount int64, currency string) {
	t.Orders += orders
	t.Units += units
	if t.Revenue == nil {
		t.Revenue = map[string]int64{}
	}
	t.Revenue[currency] += amount
}

func (t *Totals) merge(u Totals) {
	t.add(u.Orders, u.Units, 0, "")
	for currency, amount := range u.Revenue {
		t.Revenue[currency] += amount
	}
	delete(t.Revenue, "")
}

// ProductSales is what was sold of one product: Orders are those that have it.
type ProductSales struct {
	Name string // as it was sold last
	Totals
}

// Sales is what was sold, in all and by product id.
type Sales struct {
	Totals
	Products map[string]*ProductSales
	named    map[string]time.Time // when each product was sold last, of those added by Add
}

// NewSales returns nothing sold.
func NewSales() *Sales {
	return &Sales{
		Totals: Totals{Revenue: map[string]int64{}}, Products: map[string]*ProductSales{},
		named: map[string]time.Time{},
	}
}

// Add counts an order.
func (s *Sales) Add(o Order) {
	s.count(o, 1)
	for _, line := range o.Lines {
		if !o.PlacedAt.Before(s.named[line.ProductID]) {
			s.named[line.ProductID], s.Products[line.ProductID].Name = o.PlacedAt, line.Name
		}
	}
}

// Remove takes an order out that was counted.
func (s *Sales) Remove(o Order) {
	s.count(o, -1)
	for _, line := range o.Lines {
		if p := s.Products[line.ProductID]; p.Units == 0 && p.Orders == 0 {
			delete(s.Products, line.ProductID)
		}
	}
}

func (s *Sales) count(o Order, sign int64) {
	s.add(sign, 0, sign*o.Total.Amount, o.Total.Currency)
	for _, line := range o.Lines {
		p := s.Products[line.ProductID]
		if p == nil {
			p = &ProductSales{Name: line.Name}
			s.Products[line.ProductID] = p
		}
		units := sign * line.Quantity
		s.Units += units
		p.add(sign, units, sign*line.Total().Amount, o.Total.Currency)
	}
}

// Merge adds what was sold later.
func (s *Sales) Merge(later *Sales) {
	s.merge(later.Totals)
	for id, sold := range later.Products {
		p := s.Products[id]
		if p == nil {
			p = &ProductSales{}
			s.Products[id] = p
		}
		p.merge(sold.Totals)
		p.Name = sold.Name
	}
}

// Equal compares the figures. Names are not compared: which name is the last depends on what was cancelled when.
func (s *Sales) Equal(t *Sales) bool {
	return s.Totals.equal(t.Totals) && maps.EqualFunc(s.Products, t.Products, func(a, b *ProductSales) bool {
		return a.Totals.equal(b.Totals)
	})
}

// Period is the stored sales of a day, or of the closed days of a month.
type Period struct {
	First   time.Time // the day, or the first of the month
	IsMonth bool
	Version string    // changes with every write; empty where nothing is stored
	Until   time.Time // of a day: those of its orders are counted that were placed before
	Pages   int       // in which the products are stored
	*Sales            // without the products until they are loaded
}

// Counted is how far orders are counted.
type Counted struct {
	Epoch int64     // with the zone, and whenever all is counted anew, it is another one; 0: nothing was ever counted
	Zone  string    // of the days
	Until time.Time // the orders placed before are counted
}

// SalesStep is a change of what is counted: all of it is made, or nothing.
type SalesStep struct {
	Counted Counted   // as it was read
	Until   time.Time // up to which orders are counted then
	Periods []Period  // as they are then; each with the version that was read
	// Corrected are the cancelled orders that are not counted, or not any more. With Exactly each of them must have
	// waited for its correction.
	Corrected []string
	Exactly   bool
}

// MaxCorrected is how many orders a step may correct: a transaction takes 100 actions, and three are a day, a month
// and how far orders are counted.
const MaxCorrected = 97

// SalesStore keeps the sales of days and months.
type SalesStore interface {
	// Counted returns how far orders are counted.
	Counted(ctx context.Context) (Counted, error)
	// Reset begins to count anew: with the next epoch, in the zone, from the instant on. It returns ErrSalesMoved.
	Reset(ctx context.Context, was Counted, zone string, from time.Time) (Counted, error)
	// Days returns what is stored of the days from first to last, without products, the oldest first.
	Days(ctx context.Context, c Counted, first, last time.Time) ([]Period, error)
	// Months returns what is stored of the months from that of first to that of last, as Days does.
	Months(ctx context.Context, c Counted, first, last time.Time) ([]Period, error)
	// Load reads the products of the period; and all of it anew where it was changed since it was read.
	Load(ctx context.Context, c Counted, p *Period) error
	// Save makes the step, once. It returns ErrSalesMoved where something is not as the step has it.
	Save(ctx context.Context, s SalesStep) error
	// Waiting returns at most limit of the orders that were cancelled and may still be counted, placed before until.
	Waiting(ctx context.Context, until time.Time, limit int) ([]Order, error)
	// IsWaiting returns which of the orders are so, exactly.
	IsWaiting(ctx context.Context, orderIDs []string) (map[string]bool, error)
}
