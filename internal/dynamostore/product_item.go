package dynamostore

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/money"
	"shop/internal/product"
)

// A product is two items: sale, all that a checkout touches or a list shows; and text, the rest. Up to 1 KB a write of
// an item costs one unit: a sale item has some 240 bytes beside its name, the names of its attributes included; the
// name has 200 characters at the most, which are up to 600 bytes in a living script. Only text items are indexed by
// name, and sale items of which few units are left by that, so that a sale writes no index unless it leaves few. The
// first index holds their keys and image_url, and a released index is not given more: a new member that lists show goes
// into the sale item.
const (
	salePart      = "sale"
	textPart      = "text"
	activeShelf   = "active"
	inactiveShelf = "inactive"
	byNameIndex   = "by_name"
	lowStockIndex = "low_stock"
	// low_stock of a sale item whose stock is low; another has none, and is not in that index
	lowMark = "low"
	// the threshold of a sale item; one that is the default has none
	lowAt      = "low_at"
	maxNameKey = 900          // bytes of the folded name in the index key, which may have 1,024
	highest    = "\U0010FFFF" // sorts after every name
	lowest     = "\x01"       // sorts before every character of a name, so that a name comes before its continuations
)

func productIDOf(item attributes) string {
	r := reader{item: item}
	return r.text("product_id")
}

// readProduct makes a product of its sale item and its text item; one from the index has only what lists show. The
// stock is the sale item's. For a split stock the units of the other counters are added: those among the items, or else
// what they had when they were last summed. A member that items stored earlier lack must be read under r.has: to
// a reader a missing attribute is an error. It returns product.ErrNotFound when there is no sale item.
func readProduct(items []attributes, currency string) (product.Product, error) {
	var p product.Product
	found, summed, elsewhere := false, false, int64(0)
	for _, item := range items {
		r := reader{item: item}
		if r.has("stock") && strings.HasPrefix(partOf(item), counterPart) {
			if !summed {
				summed, elsewhere = true, 0
			}
			elsewhere += r.number("stock")
		} else if r.has("stock") {
			found = true
			p.ID, p.Name = r.text("product_id"), r.text("name")
			p.Price = money.Money{Amount: r.number("price"), Currency: currency}
			p.Active, p.Stock, p.Version = r.boolean("active"), r.number("stock"), r.number("version")
			p.MaxPerOrder, p.LowStockThreshold = maxPerOrder(&r), lowStockThreshold(&r)
			p.CreatedAt, p.UpdatedAt = r.instant("created_at"), r.instant("updated_at")
			if !summed {
				elsewhere = elsewhereOf(&r)
			}
		} else if item != nil {
			p.ImageURL = r.text("image_url")
			if r.has("description") {
				p.Description = r.text("description")
			}
			if r.has("categories") {
				p.Categories = product.CategoriesOf(r.texts("categories"))
			}
		}
		if r.err != nil {
			return product.Product{}, r.err
		}
	}
	if !found {
		return product.Product{}, product.ErrNotFound
	}
	p.Stock += elsewhere
	return p, nil
}

// asListed leaves of a text item what the index by name has of it, which is what lists show.
func asListed(items []attributes) []attributes {
	indexed := []string{"product_id", "part", "shelf", "name_key", "image_url"}
	for _, item := range items {
		if r := (reader{item: item}); r.text("part") == textPart {
			maps.DeleteFunc(item, func(name string, _ types.AttributeValue) bool {
				return !slices.Contains(indexed, name)
			})
		}
	}
	return items
}

func productKey(id, part string) attributes {
	return attributes{"product_id": text(id), "part": text(part)}
}

// saleMembers are the attributes of the sale item that saving a product sets. It removes those that are nil.
func saleMembers(p product.Product) attributes {
	members := attributes{
		"name": text(p.Name), "price": number(p.Price.Amount), "active": boolean(p.Active),
		"version": number(p.Version), "updated_at": instant(p.UpdatedAt),
		"max_per_order": unless(p.MaxPerOrder == 0, number(p.MaxPerOrder)), lowAt: nil, "low_stock": nil,
		"name_key": nameKeyOfActive(p),
	}
	if p.LowStockThreshold != product.DefaultLowStockThreshold {
		members[lowAt] = number(p.LowStockThreshold)
	}
	if p.IsLow() {
		members["low_stock"] = text(lowMark)
	}
	return members
}

// nameKeyOfActive is one of the two keys of a sale item in the index by_name, where it is on the shelf of what is in
// stock. A save writes this one, for active products, and what changes the stock the other one, shelf, while there are
// units: so neither needs to know what the other saw, and only a sale of the last unit writes the index.
func nameKeyOfActive(p product.Product) types.AttributeValue {
	if !p.Active {
		return nil
	}
	return text(shortNameKey(p, maxSaleName))
}

// textMembers are the attributes of the text item that saving a product sets. It removes those that are nil.
func textMembers(p product.Product) attributes {
	shelf := inactiveShelf
	if p.Active {
		shelf = activeShelf
	}
	return attributes{
		"description": text(p.Description), "image_url": text(p.ImageURL),
		"shelf": text(shelf), "name_key": text(fold(p.Name) + lowest + p.ID),
		"categories": unless(len(p.Categories.List()) == 0, texts(p.Categories.List())),
	}
}

// saleItem is the sale item of a new product.
func saleItem(p product.Product) attributes {
	item := newItem(productKey(p.ID, salePart), saleMembers(p))
	item["stock"], item["created_at"] = number(p.Stock), instant(p.CreatedAt)
	if p.Stock > 0 {
		item["shelf"] = text(inStockShelf)
	}
	return item
}

// textItem is the text item of a new product.
func textItem(p product.Product) attributes {
	return newItem(productKey(p.ID, textPart), textMembers(p))
}

// maxPerOrder reads the limit of a sale item, or 0 for none.
func maxPerOrder(r *reader) int64 {
	if !r.has("max_per_order") {
		return 0
	}
	return r.number("max_per_order")
}

// fold folds a name and cuts it at a whole character to what an index key holds.
func fold(name string) string { return shorten(product.Fold(name), maxNameKey) }

// shorten cuts a text at a whole character to at most so many bytes.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

func nameKey(item attributes) string {
	r := reader{item: item}
	return r.text("name_key")
}
