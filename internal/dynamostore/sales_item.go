package dynamostore

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/order"
)

// The partitions of SalesByDay. All but the first are of one epoch.
const (
	countedPartition = "counted" // one item: how far orders are counted
	dayPartition     = "day"     // an item for each day
	monthPartition   = "month"
)

// pageBytes is how large the products of a page are; an item may have 400 KB.
const pageBytes = 300_000

// monthFormat is a month as a sort key.
const monthFormat = "2006-01"

func salesKey(period, part string) attributes {
	return attributes{"period": text(period), "part": text(part)}
}

func countedKey() attributes { return salesKey(countedPartition, countedPartition) }

func headPartition(c order.Counted, month bool) string {
	if month {
		return fmt.Sprintf("%s#%d", monthPartition, c.Epoch)
	}
	return fmt.Sprintf("%s#%d", dayPartition, c.Epoch)
}

func periodName(p order.Period) string {
	if p.IsMonth {
		return p.First.Format(monthFormat)
	}
	return p.First.Format(time.DateOnly)
}

// pagePartition is that of the period's products. It has no other items.
func pagePartition(c order.Counted, p order.Period) string {
	return fmt.Sprintf("%s#%s", headPartition(c, p.IsMonth), periodName(p))
}

func readCountedUntil(item attributes) (order.Counted, error) {
	if len(item) == 0 {
		return order.Counted{}, nil
	}
	r := reader{item: item}
	c := order.Counted{Epoch: r.number("epoch"), Zone: r.text("zone"), Until: r.instant("until")}
	return c, r.err
}

// headItem is a period without its products. Their pages have the version in their keys, so that they become valid, all
// of them, when this item does.
func headItem(c order.Counted, p order.Period, version string, pages int) attributes {
	item := salesKey(headPartition(c, p.IsMonth), periodName(p))
	item["version"], item["pages"] = text(version), number(int64(pages))
	item["until"] = instant(p.Until)
	item["orders"], item["units"] = number(p.Orders), number(p.Units)
	revenue := attributes{}
	for currency, amount := range p.Revenue {
		revenue[currency] = number(amount)
	}
	item["revenue"] = &types.AttributeValueMemberM{Value: revenue}
	return item
}

func readHead(item attributes, month bool) (order.Period, error) {
	r := reader{item: item}
	p := order.Period{
		IsMonth: month, Version: r.text("version"), Pages: int(r.number("pages")), Until: r.instant("until"),
		Sales: order.NewSales(),
	}
	format := time.DateOnly
	if month {
		format = monthFormat
	}
	first, err := time.Parse(format, r.text("part"))
	if err != nil {
		r.fail("part", "a day or a month")
	}
	p.First = first
	p.Orders, p.Units, p.Revenue = r.number("orders"), r.number("units"), r.amounts("revenue")
	return p, r.err
}

func (r *reader) amounts(name string) map[string]int64 {
	m, ok := r.item[name].(*types.AttributeValueMemberM)
	if !ok {
		r.fail(name, "a map")
		return nil
	}
	in, amounts := reader{item: m.Value}, map[string]int64{}
	for currency := range m.Value {
		amounts[currency] = in.number(currency)
	}
	if r.err == nil {
		r.err = in.err
	}
	return amounts
}

// soldRow is a product of a page. The names are short, because there are many of them.
type soldRow struct {
	ID      string           `json:"i"`
	Name    string           `json:"n"`
	Orders  int64            `json:"o"`
	Units   int64            `json:"u"`
	Revenue map[string]int64 `json:"r"`
}

// productPages returns the products as the texts of pages, by id.
func productPages(s *order.Sales, most int) ([]string, error) {
	var pages []string
	var page strings.Builder
	for _, id := range slices.Sorted(maps.Keys(s.Products)) {
		p := s.Products[id]
		row, err := json.Marshal(soldRow{ID: id, Name: p.Name, Orders: p.Orders, Units: p.Units, Revenue: p.Revenue})
		if err != nil {
			return nil, fmt.Errorf("writing the sales of %s: %w", id, err)
		}
		if page.Len() > 0 && page.Len()+len(row) > most {
			pages = append(pages, page.String())
			page.Reset()
		}
		page.Write(row)
		page.WriteByte('\n')
	}
	if page.Len() > 0 {
		pages = append(pages, page.String())
	}
	return pages, nil
}

// readProducts adds the products of a page to s.
func readProducts(s *order.Sales, page string) error {
	for line := range strings.Lines(page) {
		var row soldRow
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			return fmt.Errorf("reading stored sales: %w", err)
		}
		if row.Revenue == nil {
			row.Revenue = map[string]int64{}
		}
		s.Products[row.ID] = &order.ProductSales{
			Name: row.Name, Totals: order.Totals{Orders: row.Orders, Units: row.Units, Revenue: row.Revenue},
		}
	}
	return nil
}
