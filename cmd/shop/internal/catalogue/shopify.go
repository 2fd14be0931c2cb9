package catalogue

import (
	"regexp"
	"strings"

	"shop/cmd/shop/internal/csvfile"
)

// shopifyColumns are those of Shopify's product export that are looked at. The names of 2024 stand as aliases.
var shopifyColumns = csvfile.Columns{
	Required: []string{"Handle", "Title", "Variant Price"},
	Optional: []string{
		"Body (HTML)", "Published", "Status", "Variant SKU", "Variant Inventory Qty", "Image Src", "Variant Image",
		"Gift Card", "Option1 Value", "Option2 Value", "Option3 Value",
	},
	Aliases: map[string]string{
		"URL handle": "Handle", "Description": "Body (HTML)", "Published on online store": "Published",
		"SKU": "Variant SKU", "Price": "Variant Price", "Inventory quantity": "Variant Inventory Qty",
		"Product image URL": "Image Src", "Variant image URL": "Variant Image",
	},
	Others: true,
}

// shopify makes an item of each row that has a price: a variant. A product's first row, the one with the title, has
// what its variants share; rows without a price have more images of it.
func (e *export) shopify(rows []csvfile.Row) {
	heads := map[string]csvfile.Row{} // by handle
	variants := map[string]int{}
	for _, row := range rows {
		handle := cell(row, "Handle")
		if _, known := heads[handle]; !known && cell(row, "Title") != "" {
			heads[handle] = row
		}
		if cell(row, "Variant Price") != "" {
			variants[handle]++
		}
	}
	for _, row := range rows {
		handle := cell(row, "Handle")
		head, known := heads[handle]
		switch {
		case !known:
			e.refuse(row, "", NoProduct, "no line of the handle "+handle+" has a title")
		case cell(row, "Variant Price") != "":
			e.shopifyVariant(row, head, variants[handle] > 1)
		case row.Line == head.Line && variants[handle] == 0:
			e.refuse(row, "", NoPrice, "")
		}
	}
}

func (e *export) shopifyVariant(row, head csvfile.Row, several bool) {
	options := shopifyOptions(row)
	s := cells{
		id: shopifyID(row, options), name: cell(head, "Title"),
		description: plainText(cell(head, "Body (HTML)")), hasDescription: e.file.Has("Body (HTML)"),
		price: cell(row, "Variant Price"), currency: e.options.Currency, stock: cell(row, "Variant Inventory Qty"),
		imageURL: cell(row, "Variant Image"), active: e.shopifyActive(head),
	}
	if s.imageURL == "" {
		s.imageURL = cell(head, "Image Src")
	}
	if several && len(options) > 0 {
		s.name += ", " + strings.Join(options, ", ")
	}
	if strings.EqualFold(cell(head, "Gift Card"), "true") {
		e.refuse(row, s.id, Unsuited, "a gift card")
		return
	}
	e.add(row, s)
}

// shopifyOptions returns what tells a variant from the others. A product without options has the one value Default
// Title.
func shopifyOptions(row csvfile.Row) []string {
	var options []string
	for _, column := range []string{"Option1 Value", "Option2 Value", "Option3 Value"} {
		if value := cell(row, column); value != "" && value != "Default Title" {
			options = append(options, value)
		}
	}
	return options
}

// shopifyID returns the SKU, before which exports may have an apostrophe, or the handle and the options where there
// is none.
func shopifyID(row csvfile.Row, options []string) string {
	if sku := strings.TrimPrefix(cell(row, "Variant SKU"), "'"); sku != "" {
		return sku
	}
	parts := []string{cell(row, "Handle")}
	for _, option := range options {
		parts = append(parts, slug(option))
	}
	return strings.Join(parts, "-")
}

var notInSlug = regexp.MustCompile(`[^\pL\pN._]+`)

// slug writes a text as it may stand in a product id, except for letters that are not of a to z: of those no id can
// be made.
func slug(text string) string {
	return strings.Trim(notInSlug.ReplaceAllString(strings.ToLower(text), "-"), "-")
}

// shopifyActive returns whether the product is for sale, or nothing when the file does not say.
func (e *export) shopifyActive(head csvfile.Row) string {
	published, status := strings.ToLower(cell(head, "Published")), strings.ToLower(cell(head, "Status"))
	if status != "" && status != "active" {
		return "false"
	}
	if published == "" && status == "active" {
		return "true"
	}
	return published
}
