package product

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"shop/internal/money"
	"shop/internal/user"
	"shop/internal/validation"
)

const (
	maxName        = 200
	maxDescription = 5000
	maxImageURL    = 2048
	maxID          = 64
	maxReason      = 200
	saveAttempts   = 30
	initialStock   = "initial stock"
)

// Draft is what an admin saves of a product.
type Draft struct {
	ID          string
	Name        string
	Description string
	Price       money.Money
	ImageURL    string
	Active      bool
	MaxPerOrder *int64   // units that one order may have; MaxPerOrder lifts the limit, nil leaves it as it is
	Categories  []string // nil leaves them as they are
	// A stock at or below LowStockThreshold is low; nil leaves it as it is, which is DefaultLowStockThreshold at first.
	LowStockThreshold *int64

	Stock *int64 // only of a new product; nil means none given
	// CompareVersion is the version that the admin saw, 0 for a product that was not there; nil means none given.
	CompareVersion *int64
}

// Saver stores products.
type Saver interface {
	// Read returns the product as it stands now. It returns ErrNotFound.
	Read(ctx context.Context, productID string) (Product, error)
	// Create stores a new product and, when it is not nil, its first movement. It returns ErrContended when the product
	// exists by now, and ErrUnsettled.
	Create(ctx context.Context, p Product, first *Movement) error
	// Update stores all but the stock of p if the stored version is one less than p's, and the stored stock is low by
	// p's threshold if p's stock is. It returns ErrContended when they are not, and ErrUnsettled.
	Update(ctx context.Context, p Product) error
}

// Save creates and changes products.
type Save struct {
	Products Saver
	Currency string
	NewID    func() string // for movements
	Now      func() time.Time
}

// Do saves d and returns the product as stored, and as it was before, which is nil for a new one. It returns
// validation.Errors, *ChangedError and ErrNotFound when the product is not of the version it was compared with,
// ErrContended and ErrUnsettled.
func (s *Save) Do(ctx context.Context, admin user.Caller, d Draft) (saved Product, before *Product, err error) {
	if err := d.Check(s.Currency); err != nil {
		return Product{}, nil, err
	}
	for attempt := range saveAttempts {
		saved, before, err = s.attempt(ctx, admin, d)
		if !errors.Is(err, ErrContended) {
			return saved, before, err
		}
		if err := backOff(ctx, attempt); err != nil {
			return Product{}, nil, err
		}
	}
	return Product{}, nil, fmt.Errorf("saving product %s: %w", d.ID, ErrContended)
}

func (s *Save) attempt(ctx context.Context, admin user.Caller, d Draft) (saved Product, before *Product, err error) {
	old, err := s.Products.Read(ctx, d.ID)
	if errors.Is(err, ErrNotFound) && !d.isNew() {
		return Product{}, nil, fmt.Errorf("comparing product %s: %w", d.ID, err)
	}
	if errors.Is(err, ErrNotFound) {
		p, err := s.create(ctx, admin, d)
		return p, nil, err
	}
	if err != nil {
		return Product{}, nil, fmt.Errorf("reading product %s: %w", d.ID, err)
	}
	if d.CompareVersion != nil && *d.CompareVersion != old.Version {
		return Product{}, nil, &ChangedError{Stored: old}
	}
	if d.Stock != nil {
		var problems validation.Errors
		problems.Add("stock", "may be given only for a new product; "+
			"change it with PUT /admin/products/{product_id}/stock")
		return Product{}, nil, problems
	}
	p := d.ApplyTo(old, s.Now())
	if err := s.Products.Update(ctx, p); err != nil {
		return Product{}, nil, fmt.Errorf("updating product %s: %w", d.ID, err)
	}
	return p, &old, nil
}

func (s *Save) create(ctx context.Context, admin user.Caller, d Draft) (Product, error) {
	now := s.Now()
	p := d.ApplyTo(Product{ID: d.ID, CreatedAt: now, LowStockThreshold: DefaultLowStockThreshold}, now)
	var first *Movement
	if d.Stock != nil && *d.Stock > 0 {
		p.Stock = *d.Stock
		first = &Movement{
			ID: s.NewID(), ProductID: d.ID, After: p.Stock, Reason: initialStock, By: admin.UserID, MovedAt: now,
		}
	}
	if err := s.Products.Create(ctx, p, first); err != nil {
		return Product{}, fmt.Errorf("creating product %s: %w", d.ID, err)
	}
	return p, nil
}

// isNew reports whether the draft may be a product that is not there yet.
func (d Draft) isNew() bool { return d.CompareVersion == nil || *d.CompareVersion == 0 }

// ApplyTo returns old with the draft's members, one version on. The stock is old's.
func (d Draft) ApplyTo(old Product, now time.Time) Product {
	p := old
	p.Name, p.Description, p.Price, p.ImageURL, p.Active = d.Name, d.Description, d.Price, d.ImageURL, d.Active
	if d.MaxPerOrder != nil {
		p.MaxPerOrder = *d.MaxPerOrder
	}
	if p.MaxPerOrder == MaxPerOrder { // which every product has
		p.MaxPerOrder = 0
	}
	if d.LowStockThreshold != nil {
		p.LowStockThreshold = *d.LowStockThreshold
	}
	if d.Categories != nil {
		p.Categories = CategoriesOf(d.Categories)
	}
	p.Version, p.UpdatedAt = old.Version+1, now
	return p
}

// Check returns validation.Errors for a draft that no store of the currency takes.
func (d Draft) Check(currency string) error {
	var problems validation.Errors
	if !ValidID(d.ID) {
		problems.Add("product_id", "must have 1 to %d of the characters A–Z a–z 0–9 . _ -, and not be . or ..", maxID)
	}
	problems.Line("name", d.Name, 1, maxName)
	problems.Text("description", d.Description, 0, maxDescription)
	if err := d.Price.Check(currency); err != nil {
		problems.Add("price", "%s", err)
	}
	if !validImageURL(d.ImageURL) {
		problems.Add("image_url", "must be one https URL of at most %d characters without quotes, blanks, commas and "+
			"angle brackets, a path such as /images/lamp.svg, or empty", maxImageURL)
	}
	if d.MaxPerOrder != nil {
		problems.Int("max_per_order", *d.MaxPerOrder, 1, MaxPerOrder)
	}
	if d.LowStockThreshold != nil {
		problems.Int("low_stock_threshold", *d.LowStockThreshold, 0, MaxLowStockThreshold)
	}
	checkCategories(&problems, d.Categories)
	if d.CompareVersion != nil && *d.CompareVersion < 0 {
		problems.Add("compare_version", "must be 0 or more")
	}
	if d.Stock != nil {
		problems.Int("stock", *d.Stock, 0, MaxStock)
	}
	return problems.Err()
}

// ValidID reports whether id may name a product: "." and ".." may not, because clients take them out of a path (RFC
// 3986, section 5.2.4).
func ValidID(id string) bool {
	return id != "" && id != "." && id != ".." && len(id) <= maxID && !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
	})
}

// An https URL as RFC 3986 writes it, without user information. Characters outside ASCII may stand in it unescaped, as
// in an IRI (RFC 3987). What would end it in a page or a list of URLs may not: quotes, blanks, commas, angle brackets,
// a backslash. Or a path below /images/ on the shop's own origin, of names that begin with no dot. docs/openapi.yaml
// has the same pattern.
const (
	urlHost    = `[^\x00-\x20\x7f"'` + "`" + `<>,\\/?#%:@{}|^\[\]]+|\[[0-9A-Fa-f:.]+\]`
	urlPort    = `(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))?`
	urlTheRest = `([/?#]([^\x00-\x20\x7f"'` + "`" + `<>,\\%]|%[0-9A-Fa-f]{2})*)?`
	ownPath    = `/images(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+`
)

var imageURL = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("^(https://(" + urlHost + ")" + urlPort + urlTheRest + "|" + ownPath + ")?$")
})

func validImageURL(s string) bool {
	tooLong := utf8.RuneCountInString(s) > maxImageURL
	if tooLong || !imageURL().MatchString(s) || strings.ContainsFunc(s, isBlankOrControl) {
		return false
	}
	_, err := url.Parse(s)
	return err == nil
}

func isBlankOrControl(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || validation.IsBidiControl(r)
}
