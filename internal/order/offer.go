package order

import (
	"shop/internal/money"
	"shop/internal/validation"
)

// offer is what a customer wants to buy and at which total.
type offer struct {
	items    []Item // merged
	expected *money.Money
	currency string
}

// quote returns the lines and the total at the products' prices, or why they cannot be sold: first a product that is
// not for sale, then lines with too many units, then shortages, then prices. Seen are the products as they were priced
// before, if they were.
func (of offer) quote(products, seen Products) ([]Line, money.Money, error) {
	if err := of.unknown(products); err != nil {
		return nil, money.Money{}, err
	}
	if excesses := of.excesses(products); len(excesses) > 0 {
		return nil, money.Money{}, &MaxPerOrderExceededError{Items: excesses}
	}
	if short := of.shortages(products); len(short) > 0 {
		return nil, money.Money{}, &OutOfStockError{Items: short}
	}
	lines, total := price(of.items, products, of.currency)
	if total.Amount > money.MaxAmount {
		var problems validation.Errors
		problems.Add("items", "must not cost more than %d minor units in total", int64(money.MaxAmount))
		return nil, money.Money{}, problems
	}
	if moved := moved(lines, seen); len(moved) > 0 {
		return nil, money.Money{}, &PriceChangedError{Items: moved}
	}
	if of.expected != nil && *of.expected != total {
		return nil, money.Money{}, &PriceChangedError{Items: prices(lines)}
	}
	return lines, total, nil
}

func (of offer) unknown(products Products) error {
	for _, item := range of.items {
		if !products[item.ProductID].Active {
			return &UnknownProductError{ProductID: item.ProductID}
		}
	}
	return nil
}

func (of offer) excesses(products Products) []Excess {
	var excesses []Excess
	for _, item := range of.items {
		if p := products[item.ProductID]; !p.allows(item.Quantity) {
			excesses = append(excesses, Excess{
				ProductID: item.ProductID, Requested: item.Quantity, Allowed: p.MaxPerOrder,
			})
		}
	}
	return excesses
}

func (of offer) shortages(products Products) []Shortage {
	var short []Shortage
	for _, item := range of.items {
		if p := products[item.ProductID]; p.lacks(item.Quantity) {
			short = append(short, Shortage{ProductID: item.ProductID, Requested: item.Quantity, Available: p.Stock})
		}
	}
	return short
}

// moved returns the lines whose price is not the one seen.
func moved(lines []Line, seen Products) []Price {
	var changed []Price
	for _, line := range lines {
		if before, ok := seen[line.ProductID]; ok && before.Price != line.UnitPrice {
			changed = append(changed, Price{ProductID: line.ProductID, Price: line.UnitPrice})
		}
	}
	return changed
}

func prices(lines []Line) []Price {
	all := make([]Price, len(lines))
	for i, line := range lines {
		all[i] = Price{ProductID: line.ProductID, Price: line.UnitPrice}
	}
	return all
}
