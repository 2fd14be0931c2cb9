package export

import (
	"fmt"
	"strconv"
	"strings"

	"shop/internal/product"
)

var productColumns = []string{
	"product_id", "name", "description", "image_url", "active", "currency", "price_minor", "stock", "max_per_order",
	"low_stock_threshold", "categories", "version", "created_at", "updated_at",
}

// Product is a product of an export.
type Product struct {
	ID                string   `json:"product_id"`
	Name              string   `json:"name"`
	Description       string   `json:"description"`
	ImageURL          string   `json:"image_url"`
	Active            bool     `json:"active"`
	Price             Money    `json:"price"`
	Stock             int64    `json:"stock"`
	MaxPerOrder       int64    `json:"max_per_order,omitzero"` // none: no limit of its own
	Categories        []string `json:"categories,omitzero"`    // in CSV with | between them, as an import takes them
	LowStockThreshold int64    `json:"low_stock_threshold"`
	Version           int64    `json:"version"`
	CreatedAt         string   `json:"created_at"`
	UpdatedAt         string   `json:"updated_at"`
}

// ProductOf returns the record of a product.
func ProductOf(p product.Product) Product {
	return Product{
		ID: p.ID, Name: p.Name, Description: p.Description, ImageURL: p.ImageURL, Active: p.Active,
		Price: Money(p.Price), Stock: p.Stock, MaxPerOrder: p.MaxPerOrder, Categories: p.Categories.List(),
		LowStockThreshold: p.LowStockThreshold,
		Version:           p.Version, CreatedAt: formatTime(p.CreatedAt),
		UpdatedAt: formatTime(p.UpdatedAt),
	}
}

func (p Product) rows() [][]string {
	limit := ""
	if p.MaxPerOrder != 0 {
		limit = digits(p.MaxPerOrder)
	}
	return [][]string{{
		p.ID, p.Name, p.Description, p.ImageURL, strconv.FormatBool(p.Active), p.Price.Currency, digits(p.Price.Amount),
		digits(p.Stock), limit, digits(p.LowStockThreshold), strings.Join(p.Categories, between),
		digits(p.Version), p.CreatedAt, p.UpdatedAt,
	}}
}

func productRow(n *numbers) Record {
	p := Product{
		ID: n.text("product_id"), Name: n.text("name"), Description: n.text("description"),
		ImageURL: n.text("image_url"), Price: n.money("price_minor"), Stock: n.number("stock"),
		LowStockThreshold: n.number("low_stock_threshold"),
		Version:           n.number("version"), CreatedAt: n.text("created_at"), UpdatedAt: n.text("updated_at"),
		Active: n.text("active") == "true",
	}
	if names := n.text("categories"); names != "" {
		p.Categories = strings.Split(names, between)
	}
	if limit := n.optional("max_per_order"); limit != nil {
		p.MaxPerOrder = *limit
	}
	if !p.Active && n.text("active") != "false" && n.wrong == "" {
		n.wrong = fmt.Sprintf("active is neither true nor false: %q", n.text("active"))
	}
	return p
}
