package catalogue

import (
	"strings"

	"shop/cmd/shop/internal/csvfile"
)

// merchantColumns are those attributes of Google Merchant Center's product data that are looked at. Files of its own
// have blanks in their names.
var merchantColumns = csvfile.Columns{
	Required: []string{"id", "title", "description", "price"},
	Optional: []string{"image_link"},
	Aliases:  map[string]string{"image link": "image_link"},
	Others:   true,
}

// googleMerchant makes an item of each row, which is a variant. The price has its currency beside it (15.00 GBP). The
// file does not say how many there are: a new product has no stock unless the options give one.
func (e *export) googleMerchant(rows []csvfile.Row) {
	for _, row := range rows {
		price, currency, _ := strings.Cut(cell(row, "price"), " ")
		e.add(row, cells{
			id: cell(row, "id"), name: clean(plainText(cell(row, "title"))),
			description: plainText(cell(row, "description")), hasDescription: true,
			price: price, currency: strings.TrimSpace(currency), imageURL: cell(row, "image_link"),
		})
	}
}
