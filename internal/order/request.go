package order

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"

	"shop/internal/money"
	"shop/internal/product"
	"shop/internal/user"
	"shop/internal/validation"
)

// Item is one line of a request: so many units of a product.
type Item struct {
	ProductID string
	Quantity  int64
}

// Request is a checkout as a customer sends it.
type Request struct {
	Customer       user.Caller
	IdempotencyKey string
	Items          []Item
	ExpectedTotal  *money.Money // the total the customer agreed to; nil if none was given
}

// Fingerprint is equal for two requests that are the same: the same products with the same quantities after merging, in
// any order, and the same expected total. It is a SHA-256.
type Fingerprint [sha256.Size]byte

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ID derives the order's id from the customer and the key, so that a repeated checkout meets its own order and no
// idempotency record is needed: ord_ and the first 26 base32 characters (130 bits) of SHA-256(user id, 0x00, key).
func ID(userID, idempotencyKey string) string {
	sum := sha256.Sum256([]byte(userID + "\x00" + idempotencyKey))
	return "ord_" + idEncoding.EncodeToString(sum[:])[:26]
}

// ValidID reports whether id may be an order's.
func ValidID(id string) bool {
	digits, found := strings.CutPrefix(id, "ord_")
	return found && len(digits) == 26 && strings.Trim(digits, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// validate returns the merged items. It returns validation.Errors with all that is wrong with the request.
func (r Request) validate(currency string) ([]Item, error) {
	var problems validation.Errors
	items := merge(r.Items, &problems)
	if r.ExpectedTotal != nil {
		if err := r.ExpectedTotal.Check(currency); err != nil {
			problems.Add("expected_total", "%s", err)
		}
	}
	return items, problems.Err()
}

// merge adds up the lines of each product, in the order in which the products first appear.
func merge(items []Item, problems *validation.Errors) []Item {
	if len(items) == 0 {
		problems.Add("items", "must have at least one item")
	}
	var merged []Item
	at := map[string]int{}
	for i, item := range items {
		item.validate(problems, fmt.Sprintf("items[%d]", i))
		if _, ok := at[item.ProductID]; !ok {
			at[item.ProductID] = len(merged)
			merged = append(merged, Item{ProductID: item.ProductID})
		}
		merged[at[item.ProductID]].Quantity += item.Quantity
	}
	checkMerged(problems, merged)
	return merged
}

func (i Item) validate(problems *validation.Errors, field string) {
	if !product.ValidID(i.ProductID) {
		problems.Add(field+".product_id", "must be a product id")
	}
	problems.Int(field+".quantity", i.Quantity, 1, MaxQuantity)
}

// checkMerged does not check a sum that has a wrong line: the line's problem is reported, and the sum may have
// overflowed.
func checkMerged(problems *validation.Errors, merged []Item) {
	linesRight := len(*problems) == 0
	if len(merged) > MaxProducts {
		problems.Add("items", "must name at most %d products", MaxProducts)
	}
	for _, item := range merged {
		if item.Quantity > MaxQuantity && linesRight {
			problems.Add("items", "must have at most %d units of %s", MaxQuantity, item.ProductID)
		}
	}
}

// fingerprint expects merged items. A product id has no blank and no line break, so the text is unambiguous.
func fingerprint(merged []Item, expected *money.Money) Fingerprint {
	var text strings.Builder
	byProduct := func(a, b Item) int { return strings.Compare(a.ProductID, b.ProductID) }
	for _, item := range slices.SortedFunc(slices.Values(merged), byProduct) {
		fmt.Fprintf(&text, "%s %d\n", item.ProductID, item.Quantity)
	}
	if expected != nil {
		fmt.Fprintf(&text, "= %d %s\n", expected.Amount, expected.Currency)
	}
	return sha256.Sum256([]byte(text.String()))
}

// price makes the order's lines and total of merged items and the products as they are.
func price(merged []Item, products Products, currency string) ([]Line, money.Money) {
	lines := make([]Line, len(merged))
	total := money.Money{Currency: currency}
	for i, item := range merged {
		p := products[item.ProductID]
		lines[i] = Line{ProductID: item.ProductID, Name: p.Name, UnitPrice: p.Price, Quantity: item.Quantity}
		total = total.Plus(lines[i].Total())
	}
	return lines, total
}
