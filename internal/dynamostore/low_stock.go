package dynamostore

import (
	"shop/internal/product"
)

// level is the stock of a sale item, the threshold at or below which it is low, and how many counters the stock has.
type level struct{ stock, threshold, counters int64 }

func readLevel(item attributes) (level, error) {
	r := reader{item: item}
	l := level{r.number("stock"), lowStockThreshold(&r), countersOf(&r)}
	return l, r.err
}

// lowStockThreshold reads the threshold of a sale item.
func lowStockThreshold(r *reader) int64 {
	if !r.has(lowAt) {
		return product.DefaultLowStockThreshold
	}
	return r.number(lowAt)
}

// sameThreshold is the condition that a product's threshold is still the one that was seen.
func sameThreshold(seen int64, values attributes) string {
	if seen == product.DefaultLowStockThreshold {
		return "attribute_not_exists(low_at)"
	}
	values[":threshold"] = number(seen)
	return "low_at = :threshold"
}

// onSide is the condition that so many units, :after, are low, or are not, by the product's threshold, whatever it is.
func onSide(after int64, isLow bool) string {
	side := "low_at < :after"
	if isLow {
		side = "low_at >= :after"
	}
	if isLow == (after <= product.DefaultLowStockThreshold) {
		side = "(attribute_not_exists(low_at) OR " + side + ")"
	}
	return side
}
