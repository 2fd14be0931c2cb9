// Package invariants checks the stored data against the promises of docs/reliability.md: it reads the tables of a live
// store and reports each difference.
package invariants

import (
	"context"
	"time"

	"shop/internal/notification"
	"shop/internal/order"
)

// Kind is the invariant that a difference breaks.
type Kind string

// The kinds.
const (
	StockBelowZero   Kind = "stock_below_zero"
	StockDiffers     Kind = "stock_differs"      // the stock is not the recorded changes minus the units ordered
	CountersWrong    Kind = "counters_wrong"     // the counters of a split stock are not those of its product
	LowMarkWrong     Kind = "low_mark_wrong"     // a product of few units is not in the index of those, or another is
	ProductMissing   Kind = "product_missing"    // something was ordered or counted, or is awaited, that is not there
	OrderWithoutMail Kind = "order_without_mail" // neither pending nor settled
	MailWithoutOrder Kind = "mail_without_order"
	MailNeverDue     Kind = "mail_never_due"   // pending, and not in the index that the relay reads
	OrderTotalWrong  Kind = "order_total"      // the lines do not add up to the total
	MailNotReached   Kind = "mail_not_reached" // its order never reached the status that it tells of
	ReturnsDiffer    Kind = "returns_differ"   // other units came back than those of cancelled orders
	NeverCancelled   Kind = "never_cancelled"  // an order is being cancelled, and the relay cannot find it
	OrderNotListed   Kind = "order_not_listed" // its keys in the lists' indexes are not those of its id and time
	SalesDiffer      Kind = "sales_differ"     // of a day or month, from its orders
	Unreadable       Kind = "unreadable"       // an item lacks an attribute, or has one of another type

	WaitWithoutAccount Kind = "wait_without_account" // neither there, nor deleted and still to be erased
	WaitWithoutMail    Kind = "wait_without_mail"    // what was to tell it is not there, or was dropped
	WaitMarkWrong      Kind = "wait_mark_wrong"      // it has a mail and is in the index of watch-stock, or neither
	WaitOverdue        Kind = "wait_overdue"         // the product was in stock for WaitLimit, and no mail was made
)

// Difference is one violation.
type Difference struct {
	Kind    Kind
	Subject string // the id of a product, an order, a mail or a wait
	Detail  string
}

// Product is what the audit needs of a product. Its stock was read between From and To.
type Product struct {
	ID        string
	Stock     int64
	Threshold int64  // a stock at or below it is low
	Marked    bool   // it is in the index of what is low
	Counters  string // what is wrong with the counters of a split stock, or empty
	From, To  time.Time
	Err       error // why the item cannot be read; then only ID is set. So of the types below.
}

// Movement is a recorded change of a stock.
type Movement struct {
	ProductID string
	Delta     int64
	Returned  bool // the units came back with an order
	At        time.Time
	Err       error
}

// Order is an order and what stands beside it.
type Order struct {
	order.Order
	Listed bool // its keys in the indexes are those of its id and time
	Found  bool // it is being cancelled and has the key by which the relay finds it, or is not and has none
	Mailed bool // its mail is there, in whatever state
	Err    error
}

// Mail is what the audit needs of a mail.
type Mail struct {
	notification.Mail
	Due     bool // it has the keys of the index that the relay reads
	Ordered bool // the order that it is about is there, or it is about none
	Reached bool // that order is, or was, of the status that the mail tells of
	Err     error
}

// Wait is a customer's request to be mailed when a product is back, and what stands beside it at the same instant.
type Wait struct {
	ID        string // product#user
	ProductID string
	Account   bool // the customer's account is there, or what it left is still to be erased
	Product   bool // the product is there
	Told      bool // a mail was made
	Mailed    bool // that mail is there and was not dropped
	Listed    bool // it has the keys of the index that watch-stock reads
	// InStockSince is when the product was saved or its stock changed last, except by sales, if it is in stock and
	// nobody was told: it was in stock from then on. Else it is zero.
	InStockSince time.Time
	Err          error
}

// Tables reads the store. Its methods call visit for one item at a time, in any order. Those that read whole tables may
// miss what was written in the last seconds, unless they are to be exact.
type Tables interface {
	// EachProduct visits every product's stock as it is, on all its counters.
	EachProduct(ctx context.Context, visit func(Product)) error
	// EachMovement visits the recorded changes of all stocks, of keyed ones one of their two records.
	EachMovement(ctx context.Context, visit func(Movement)) error
	// EachOrder visits every order.
	EachOrder(ctx context.Context, exact bool, visit func(Order)) error
	// EachMail visits every mail.
	EachMail(ctx context.Context, visit func(Mail)) error
	// EachWait visits every request to be mailed about a product, exactly, unless its time is over.
	EachWait(ctx context.Context, visit func(Wait)) error
	// Product reads one product, in a transaction. It returns false when it is not there.
	Product(ctx context.Context, id string) (Product, bool, error)
	// MovementsOf visits the recorded changes of one product, exactly.
	MovementsOf(ctx context.Context, id string, visit func(Movement)) error
	// OrderAndMail reads a mail, and the order that it confirms, in one transaction. What is not there is nil.
	OrderAndMail(ctx context.Context, mailID string) (*Order, *Mail, error)
}
