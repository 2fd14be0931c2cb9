package storeclient

import (
	"encoding/json"
	"fmt"
)

// Currency is the one that the demo store sells in.
const Currency = "GBP"

// Money is an amount in minor units.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Pounds is an amount in GBP.
func Pounds(minor int64) Money { return Money{Amount: minor, Currency: Currency} }

type User struct {
	UserID    string `json:"user_id"`
	Email     string `json:"email"`
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`
}

type Session struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
}

type RefreshToken struct {
	RefreshToken string `json:"refresh_token"`
}

type SignUp struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Name     string `json:"name"`
}

type LogIn struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// Categories are those of a product, so that products can be compared. Places without one are empty.
type Categories [5]string

// UnmarshalJSON reads a list of one to five names.
func (c *Categories) UnmarshalJSON(b []byte) error {
	var names []string
	if err := json.Unmarshal(b, &names); err != nil {
		return err
	}
	if len(names) == 0 || len(names) > len(c) {
		return fmt.Errorf("a product has %d categories", len(names))
	}
	copy(c[:], names)
	return nil
}

// ListedProduct is what the public sees of a product in a list.
type ListedProduct struct {
	ProductID   string `json:"product_id"`
	Name        string `json:"name"`
	Price       Money  `json:"price"`
	ImageURL    string `json:"image_url"`
	StockStatus string `json:"stock_status"`
	MaxPerOrder int64  `json:"max_per_order,omitempty"`
}

// Product is what the public sees of a product by itself.
type Product struct {
	ListedProduct
	Description string     `json:"description"`
	Categories  Categories `json:"categories,omitzero"`
}

// AdminProduct is what admins see of a product.
type AdminProduct struct {
	Product
	Stock             int64  `json:"stock"`
	LowStockThreshold int64  `json:"low_stock_threshold"`
	Active            bool   `json:"active"`
	Version           int64  `json:"version"`
	CreatedAt         string `json:"created_at"`
	UpdatedAt         string `json:"updated_at"`
}

// Public is what the public routes show of the product.
func (p AdminProduct) Public() Product { return p.Product }

// Listed is what the public list shows of the product.
func (p AdminProduct) Listed() ListedProduct { return p.ListedProduct }

// Draft is what an admin saves to leave the product as it is. What a save keeps when it is missing is missing.
func (p AdminProduct) Draft() SaveProduct {
	return SaveProduct{
		Name: p.Name, Description: p.Description, Price: p.Price, ImageURL: p.ImageURL, Active: p.Active,
	}
}

type SaveProduct struct {
	Name              string   `json:"name"`
	Description       string   `json:"description"`
	Price             Money    `json:"price"`
	ImageURL          string   `json:"image_url"`
	Active            bool     `json:"active"`
	Stock             *int64   `json:"stock,omitempty"`
	MaxPerOrder       *int64   `json:"max_per_order,omitempty"`
	LowStockThreshold *int64   `json:"low_stock_threshold,omitempty"`
	Categories        []string `json:"categories,omitzero"`

	CompareVersion *int64 `json:"compare_version,omitempty"`
}

type Line struct {
	ProductID string `json:"product_id"`
	Quantity  int64  `json:"quantity"`
}

type Checkout struct {
	Items         []Line `json:"items"`
	ExpectedTotal *Money `json:"expected_total,omitempty"`
}

type OrderLine struct {
	ProductID string `json:"product_id"`
	Name      string `json:"name"`
	UnitPrice Money  `json:"unit_price"`
	Quantity  int64  `json:"quantity"`
	LineTotal Money  `json:"line_total"`
}

type Order struct {
	OrderID     string      `json:"order_id"`
	UserID      string      `json:"user_id"`
	Email       string      `json:"email"`
	Status      string      `json:"status"`
	Items       []OrderLine `json:"items"`
	Total       Money       `json:"total"`
	PlacedAt    string      `json:"placed_at"`
	EmailStatus string      `json:"email_status"`

	Tracking string         `json:"tracking"`
	Changes  []StatusChange `json:"changes"`
}

type StatusChange struct {
	From   string `json:"from"`
	Status string `json:"status"`
	By     string `json:"by"`
	At     string `json:"at"`
}

type SetStatus struct {
	Status        string `json:"status"`
	CompareStatus string `json:"compare_status"`
	Tracking      string `json:"tracking,omitempty"`
}

// Listed is the order as lists show it: without the state of its mail, the tracking and the changes of its status.
func (o Order) Listed() Order {
	o.EmailStatus, o.Tracking, o.Changes = "", "", nil
	return o
}

type SetStock struct {
	Quantity        int64  `json:"quantity"`
	CompareQuantity int64  `json:"compare_quantity"`
	Reason          string `json:"reason"`
}

type AdjustStock struct {
	Delta  int64  `json:"delta"`
	Reason string `json:"reason"`
}

type Stock struct {
	ProductID string `json:"product_id"`
	Quantity  int64  `json:"quantity"`
	UpdatedAt string `json:"updated_at"`
}

type Movement struct {
	MovementID string `json:"movement_id"`
	ProductID  string `json:"product_id"`
	Before     int64  `json:"before"`
	After      int64  `json:"after"`
	OrderID    string `json:"order_id"` // of units that came back; then, and in a rush, before and after are left out
	Delta      int64  `json:"delta"`
	Reason     string `json:"reason"`
	By         string `json:"by"`
	MovedAt    string `json:"moved_at"`
}

type Page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

type DaySales struct {
	Day     string `json:"day"`
	Orders  int64  `json:"orders"`
	Units   int64  `json:"units"`
	Revenue Money  `json:"revenue"`
}

type ProductSales struct {
	ProductID string `json:"product_id"`
	Name      string `json:"name"`
	Units     int64  `json:"units"`
	Revenue   Money  `json:"revenue"`
}

type Summary struct {
	From          string         `json:"from"`
	To            string         `json:"to"`
	TimeZone      string         `json:"time_zone"`
	CompleteUntil string         `json:"complete_until"`
	Currency      string         `json:"currency"`
	Orders        int64          `json:"orders"`
	Units         int64          `json:"units"`
	Revenue       Money          `json:"revenue"`
	AverageOrder  Money          `json:"average_order"` // absent where there are other currencies
	Days          []DaySales     `json:"days"`
	TopProducts   []ProductSales `json:"top_products"`
}

// problem is an error body, RFC 9457, with the members of every code.
type Problem struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Detail    string        `json:"detail"`
	Code      string        `json:"code"`
	RequestID string        `json:"request_id"`
	Errors    []FieldError  `json:"errors"`
	Items     []RefusedLine `json:"items"`
	Quantity  *int64        `json:"quantity"`
	OrderID   string        `json:"order_id"`
	Product   *AdminProduct `json:"product"`

	OrderStatus string `json:"order_status"`
}

type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// refusedLine is a line of max_per_order_exceeded (requested, allowed), of
// out_of_stock (requested, available) or of price_changed (price).
type RefusedLine struct {
	ProductID string `json:"product_id"`
	Requested *int64 `json:"requested,omitempty"`
	Allowed   *int64 `json:"allowed,omitempty"`
	Available *int64 `json:"available,omitempty"`
	Price     *Money `json:"price,omitempty"`
}
