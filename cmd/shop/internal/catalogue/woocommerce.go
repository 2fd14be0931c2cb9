package catalogue

import (
	"slices"
	"strings"

	"shop/cmd/shop/internal/csvfile"
)

// wooColumns are those of WooCommerce's product export, in English, that are looked at.
var wooColumns = csvfile.Columns{
	Required: []string{"ID", "Type", "SKU", "Name", "Regular price"},
	Optional: []string{
		"Published", "Short description", "Description", "Stock", "Sold individually?", "Images", "Parent",
	},
	Others: true,
}

// wooCommerce makes an item of each simple product and of each variation. A variable product has what its variations
// share.
func (e *export) wooCommerce(rows []csvfile.Row) {
	parents := map[string]csvfile.Row{} // by what variations call them: id:ID and SKU
	for _, row := range rows {
		if wooIs(row, "variable") {
			parents["id:"+cell(row, "ID")], parents[wooText(cell(row, "SKU"))] = row, row
		}
	}
	used := map[int]bool{} // by line of the parent
	for _, row := range rows {
		parent, known := parents[wooText(cell(row, "Parent"))]
		switch {
		case wooIs(row, "variable"):
		case wooIs(row, "downloadable"), !wooIs(row, "simple") && !wooIs(row, "variation"):
			e.refuse(row, wooID(row), Unsuited, cell(row, "Type"))
		case wooIs(row, "variation") && !known:
			detail := "its parent " + cell(row, "Parent") + " is no variable product of the file"
			e.refuse(row, wooID(row), NoProduct, detail)
		case wooIs(row, "variation"):
			used[parent.Line] = true
			e.wooProduct(row, parent)
		default:
			e.wooProduct(row, row)
		}
	}
	for _, row := range rows {
		if wooIs(row, "variable") && !used[row.Line] {
			e.refuse(row, wooID(row), Unsuited, "a variable product without a variation in the file")
		}
	}
}

// wooIs reports whether a row is of a type; it may be of several.
func wooIs(row csvfile.Row, kind string) bool {
	types := strings.Split(strings.ToLower(row.Field("Type")), ",")
	return slices.ContainsFunc(types, func(t string) bool { return strings.TrimSpace(t) == kind })
}

func (e *export) wooProduct(row, parent csvfile.Row) {
	image, _, _ := strings.Cut(wooOf(row, parent, "Images"), ",")
	s := cells{
		id: wooID(row), name: wooText(cell(row, "Name")),
		description:    plainText(wooText(wooDescription(row, parent))),
		hasDescription: e.file.Has("Description") || e.file.Has("Short description"),
		price:          cell(row, "Regular price"), currency: e.options.Currency, stock: cell(row, "Stock"),
		imageURL: strings.TrimSpace(image), active: wooActive(row, parent),
	}
	if wooOf(row, parent, "Sold individually?") == "1" {
		s.maxPerOrder = "1"
	}
	if s.price == "" {
		e.refuse(row, s.id, NoPrice, "")
		return
	}
	e.add(row, s)
}

// wooOf returns what the row has in a column, or else its parent.
func wooOf(row, parent csvfile.Row, column string) string {
	if own := cell(row, column); own != "" {
		return own
	}
	return cell(parent, column)
}

func wooDescription(row, parent csvfile.Row) string {
	for _, from := range []csvfile.Row{row, parent} {
		for _, column := range []string{"Description", "Short description"} {
			if text := cell(from, column); text != "" {
				return text
			}
		}
	}
	return ""
}

// wooID returns the SKU, or the ID where there is none.
func wooID(row csvfile.Row) string {
	if sku := wooText(cell(row, "SKU")); sku != "" {
		return sku
	}
	return cell(row, "ID")
}

// wooText takes back what the export does to text: an apostrophe before what a spreadsheet would take for a formula,
// and \n for the end of a line.
func wooText(text string) string {
	if len(text) > 1 && text[0] == '\'' && strings.ContainsAny(text[1:2], "=+-@") {
		text = text[1:]
	}
	return strings.ReplaceAll(text, `\n`, "\n")
}

// wooActive: 1 is published; 0 is private and -1 a draft, for the product and for each variation.
func wooActive(row, parent csvfile.Row) string {
	for _, from := range []csvfile.Row{row, parent} {
		if published := cell(from, "Published"); published != "" && published != "1" {
			return "false"
		}
	}
	return cell(row, "Published")
}
