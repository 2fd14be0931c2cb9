// Package storeapi has the JSON shapes of the store's HTTP API and the answer to each error. Its contract is
// docs/openapi.yaml. Package httpapi carries these over API Gateway.
package storeapi

import (
	"time"

	"shop/internal/httpapi"
	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/picture"
	"shop/internal/product"
	"shop/internal/user"
	"shop/internal/validation"
)

// TimeFormat is how a time is written: RFC 3339, UTC, milliseconds.
const TimeFormat = "2006-01-02T15:04:05.000Z"

// Time writes t.
func Time(t time.Time) string { return t.UTC().Format(TimeFormat) }

// Money is an amount in minor units, in requests and in answers.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// RequiredMoney is an amount in a request, of which no member may be missing.
type RequiredMoney struct {
	Amount   *int64  `json:"amount"`
	Currency *string `json:"currency"`
}

// Money returns the amount. It returns validation.Errors, with field before the names of members.
func (m *RequiredMoney) Money(field string) (money.Money, error) {
	switch {
	case m == nil:
		return money.Money{}, invalid(field, "is required")
	case m.Amount == nil:
		return money.Money{}, invalid(field+".amount", "is required")
	case m.Currency == nil:
		return money.Money{}, invalid(field+".currency", "is required")
	}
	return money.Money{Amount: *m.Amount, Currency: *m.Currency}, nil
}

// Session is what a log-in and a refresh answer.
type Session struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token"`
}

const tokenType = "Bearer"

// SessionOf writes s.
func SessionOf(s user.Session) Session {
	return Session{
		AccessToken: s.AccessToken, TokenType: tokenType, ExpiresIn: int64(s.ExpiresIn.Seconds()),
		RefreshToken: s.RefreshToken,
	}
}

// MachineSession is what an API key is exchanged for.
type MachineSession struct {
	AccessToken string   `json:"access_token"`
	TokenType   string   `json:"token_type"`
	ExpiresIn   int64    `json:"expires_in"` // seconds
	Scopes      []string `json:"scopes"`
}

// MachineSessionOf writes s.
func MachineSessionOf(s user.MachineSession) MachineSession {
	return MachineSession{
		AccessToken: s.AccessToken, TokenType: tokenType, ExpiresIn: int64(s.ExpiresIn.Seconds()), Scopes: s.Scopes,
	}
}

// refreshToken is the body of a request that shows a refresh token.
type refreshToken struct {
	RefreshToken string `json:"refresh_token"`
}

// RefreshToken returns the token that the body shows. It returns what Decode does, and validation.Errors for none.
func RefreshToken(r *httpapi.Request) (string, error) {
	in, err := httpapi.Decode[refreshToken](r)
	if err != nil {
		return "", err
	}
	if in.RefreshToken == "" {
		return "", invalid("refresh_token", "is required")
	}
	return in.RefreshToken, nil
}

// Account is an account as its owner sees it.
type Account struct {
	UserID    string   `json:"user_id"`
	Email     string   `json:"email"`
	Name      string   `json:"name"`
	Admin     bool     `json:"admin"`
	Scopes    []string `json:"scopes"`
	CreatedAt string   `json:"created_at"`
}

// AccountOf writes u.
func AccountOf(u user.User) Account {
	return Account{
		UserID: u.ID, Email: u.Email, Name: u.Name, Admin: u.Role == user.RoleAdmin, Scopes: u.Role.Scopes(),
		CreatedAt: Time(u.CreatedAt),
	}
}

// BackInStock says whether a customer asked to be mailed when a product is back in stock.
type BackInStock struct {
	ProductID   string `json:"product_id"`
	Requested   bool   `json:"requested"`
	RequestedAt string `json:"requested_at,omitempty"`
}

// BackInStockOf writes a request that there is.
func BackInStockOf(r product.StockRequest) BackInStock {
	return BackInStock{ProductID: r.ProductID, Requested: true, RequestedAt: Time(r.RequestedAt)}
}

// AwaitedProduct is one of the products that a customer asked to be mailed of.
type AwaitedProduct struct {
	ProductID   string `json:"product_id"`
	RequestedAt string `json:"requested_at"`
}

// AwaitedProductsOf writes all that a customer waits for: never null.
func AwaitedProductsOf(requests []product.StockRequest) []AwaitedProduct {
	awaited := make([]AwaitedProduct, len(requests))
	for i, r := range requests {
		awaited[i] = AwaitedProduct{ProductID: r.ProductID, RequestedAt: Time(r.RequestedAt)}
	}
	return awaited
}

// BrowserSession is what a log-in and a refresh of a browser answer: a session whose refresh token is in a cookie.
type BrowserSession struct {
	AccessToken string      `json:"access_token"`
	TokenType   string      `json:"token_type"`
	ExpiresIn   int64       `json:"expires_in"` // seconds
	User        SessionUser `json:"user"`
}

// SessionUser is whose session it is.
type SessionUser struct {
	UserID string   `json:"user_id"`
	Email  string   `json:"email"`
	Name   string   `json:"name"`
	Admin  bool     `json:"admin"`
	Scopes []string `json:"scopes"`
}

// ForBrowser answers s: the access token in the body, the refresh token in the cookie, for as long as it is good.
func ForBrowser(status int, s user.Session) httpapi.Response {
	u := SessionUser{
		UserID: s.User.ID, Email: s.User.Email, Name: s.User.Name, Admin: s.User.Role == user.RoleAdmin,
		Scopes: s.User.Role.Scopes(),
	}
	response := httpapi.Response{Status: status, Body: BrowserSession{
		AccessToken: s.AccessToken, TokenType: tokenType, ExpiresIn: int64(s.ExpiresIn.Seconds()), User: u,
	}}
	return response.WithCookie(httpapi.SessionCookie, s.RefreshToken, s.RefreshExpiresIn)
}

// Page is a page of a list.
type Page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

// PageOf writes each item of a page.
func PageOf[D, T any](p page.Page[D], write func(D) T) Page[T] {
	out := Page[T]{Items: make([]T, len(p.Items))}
	for i, item := range p.Items {
		out.Items[i] = write(item)
	}
	if p.NextCursor != "" {
		out.NextCursor = &p.NextCursor
	}
	return out
}

// ListedProduct is a product in a list, as customers see it.
type ListedProduct struct {
	ProductID   string `json:"product_id"`
	Name        string `json:"name"`
	Price       Money  `json:"price"`
	ImageURL    string `json:"image_url"`
	StockStatus string `json:"stock_status"`
	MaxPerOrder int64  `json:"max_per_order,omitzero"` // left out where the product has no limit of its own
}

// ListedProductOf writes p.
func ListedProductOf(p product.Product) ListedProduct {
	return ListedProduct{
		ProductID: p.ID, Name: p.Name, Price: Money(p.Price), ImageURL: p.ImageURL,
		StockStatus: string(p.StockStatus()), MaxPerOrder: p.MaxPerOrder,
	}
}

// Product is one product as customers see it.
type Product struct {
	ListedProduct
	Description string   `json:"description"`
	Categories  []string `json:"categories,omitzero"` // left out where the product has none
}

// ProductOf writes p.
func ProductOf(p product.Product) Product {
	return Product{ListedProduct: ListedProductOf(p), Description: p.Description, Categories: p.Categories.List()}
}

// Category is a category of products.
type Category struct {
	Name string `json:"name"`
}

// CategoryOf writes a category's name.
func CategoryOf(name string) Category { return Category{Name: name} }

// Inventory is what only admins see of a product.
type Inventory struct {
	Stock             int64 `json:"stock"`
	LowStockThreshold int64 `json:"low_stock_threshold"`

	Active    bool   `json:"active"`
	Version   int64  `json:"version"`
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`
}

// InventoryOf writes p.
func InventoryOf(p product.Product) Inventory {
	return Inventory{
		Stock: p.Stock, LowStockThreshold: p.LowStockThreshold, Active: p.Active, Version: p.Version,
		CreatedAt: Time(p.CreatedAt), UpdatedAt: Time(p.UpdatedAt),
	}
}

// AdminProduct is a product as admins see it.
type AdminProduct struct {
	Product
	Inventory
}

// AdminProductOf writes p.
func AdminProductOf(p product.Product) AdminProduct {
	return AdminProduct{Product: ProductOf(p), Inventory: InventoryOf(p)}
}

// Line is a line of an order.
type Line struct {
	ProductID string `json:"product_id"`
	Name      string `json:"name"`
	UnitPrice Money  `json:"unit_price"`
	Quantity  int64  `json:"quantity"`
	LineTotal Money  `json:"line_total"`
}

// StatusChange is a change of an order's status. By says whether its customer made it or the shop.
type StatusChange struct {
	From   string `json:"from"`
	Status string `json:"status"`
	By     string `json:"by"`
	At     string `json:"at"`
}

// Order is an order. EmailStatus, Tracking and Changes are left out in lists, and the latter two where there are none.
type Order struct {
	OrderID     string `json:"order_id"`
	UserID      string `json:"user_id"`
	Email       string `json:"email"`
	Status      string `json:"status"`
	Items       []Line `json:"items"`
	Total       Money  `json:"total"`
	PlacedAt    string `json:"placed_at"`
	EmailStatus string `json:"email_status,omitempty"`

	Tracking string         `json:"tracking,omitempty"`
	Changes  []StatusChange `json:"changes,omitempty"`
}

// OrderOf writes o with the status of its mail.
func OrderOf(o order.Order, email order.EmailStatus) Order {
	out := ChangedOrderOf(o)
	out.EmailStatus = string(email)
	return out
}

// ChangedOrderOf writes o with the changes of its status.
func ChangedOrderOf(o order.Order) Order {
	out := ListedOrderOf(o)
	out.Tracking = o.Tracking
	for _, c := range o.Changes {
		by := "shop"
		if c.By == o.UserID {
			by = "customer"
		}
		change := StatusChange{From: c.From.String(), Status: c.To.String(), By: by, At: Time(c.At)}
		out.Changes = append(out.Changes, change)
	}
	return out
}

// ListedOrderOf writes o for a list.
func ListedOrderOf(o order.Order) Order {
	lines := make([]Line, len(o.Lines))
	for i, l := range o.Lines {
		lines[i] = Line{
			ProductID: l.ProductID, Name: l.Name, UnitPrice: Money(l.UnitPrice), Quantity: l.Quantity,
			LineTotal: Money(l.Total()),
		}
	}
	return Order{
		OrderID: o.ID, UserID: o.UserID, Email: o.Email, Status: o.Status.String(), Items: lines, Total: Money(o.Total),
		PlacedAt: Time(o.PlacedAt),
	}
}

// Excess is a line with more units than one order may have of its product.
type Excess struct {
	ProductID string `json:"product_id"`
	Requested int64  `json:"requested"`
	Allowed   int64  `json:"allowed"`
}

// Shortage is a line that falls short.
type Shortage struct {
	ProductID string `json:"product_id"`
	Requested int64  `json:"requested"`
	Available int64  `json:"available"`
}

// ChangedPrice is what a product costs now.
type ChangedPrice struct {
	ProductID string `json:"product_id"`
	Price     Money  `json:"price"`
}

// ProductID returns the product's id in the path, or product.ErrNotFound for a text that no product has as its id.
func ProductID(r *httpapi.Request) (string, error) {
	id := r.Path("product_id")
	if !product.ValidID(id) {
		return "", product.ErrNotFound
	}
	return id, nil
}

func invalid(field, message string) error {
	return validation.Errors{{Field: field, Message: message}}
}

// Picture is one that is shown, or that may be uploaded now.
type Picture struct {
	ImageURL string         `json:"image_url"`
	Upload   *PictureUpload `json:"upload,omitzero"`
}

// PictureUpload is the form to upload a picture by.
type PictureUpload struct {
	URL       string            `json:"url"`
	Fields    map[string]string `json:"fields"`
	ExpiresAt string            `json:"expires_at"`
}

// PictureOf writes where the picture is found, and the form to upload it by, if there is one.
func PictureOf(name string, form *picture.Form) Picture {
	p := Picture{ImageURL: picture.URL(name)}
	if form != nil {
		p.Upload = &PictureUpload{URL: form.URL, Fields: form.Fields, ExpiresAt: Time(form.ExpiresAt)}
	}
	return p
}
