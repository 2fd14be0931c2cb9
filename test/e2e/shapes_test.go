package e2e

// The shapes of the HTTP contract. Of shapes that may gain members they
// list only those that the tests look at.

const currency = "GBP"

// money is an amount in minor units.
type money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

func pounds(minor int64) money { return money{Amount: minor, Currency: currency} }

type user struct {
	UserID    string `json:"user_id"`
	Email     string `json:"email"`
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`
}

type session struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
}

type refreshToken struct {
	RefreshToken string `json:"refresh_token"`
}

type signUp struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Name     string `json:"name"`
}

type logIn struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// product is what the public sees of a product by itself.
type product struct {
	ProductID   string `json:"product_id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Price       money  `json:"price"`
	ImageURL    string `json:"image_url"`
	StockStatus string `json:"stock_status"`
	MaxPerOrder int64  `json:"max_per_order,omitempty"`
}

// listedProduct is what the public sees of a product in a list.
type listedProduct struct {
	ProductID   string `json:"product_id"`
	Name        string `json:"name"`
	Price       money  `json:"price"`
	ImageURL    string `json:"image_url"`
	StockStatus string `json:"stock_status"`
	MaxPerOrder int64  `json:"max_per_order,omitempty"`
}

type adminProduct struct {
	ProductID   string `json:"product_id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Price       money  `json:"price"`
	ImageURL    string `json:"image_url"`
	StockStatus string `json:"stock_status"`
	MaxPerOrder int64  `json:"max_per_order,omitempty"`
	Stock       int64  `json:"stock"`
	Active      bool   `json:"active"`
	Version     int64  `json:"version"`
	CreatedAt   string `json:"created_at"`
	UpdatedAt   string `json:"updated_at"`
}

// public is what the public routes show of the product.
func (p adminProduct) public() product {
	return product{p.ProductID, p.Name, p.Description, p.Price, p.ImageURL, p.StockStatus, p.MaxPerOrder}
}

// listed is what the public list shows of the product.
func (p adminProduct) listed() listedProduct {
	return listedProduct{p.ProductID, p.Name, p.Price, p.ImageURL, p.StockStatus, p.MaxPerOrder}
}

type saveProduct struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Price       money  `json:"price"`
	ImageURL    string `json:"image_url"`
	Active      bool   `json:"active"`
	Stock       *int64 `json:"stock,omitempty"`
	MaxPerOrder *int64 `json:"max_per_order,omitempty"`

	CompareVersion *int64 `json:"compare_version,omitempty"`
}

type line struct {
	ProductID string `json:"product_id"`
	Quantity  int64  `json:"quantity"`
}

type checkout struct {
	Items         []line `json:"items"`
	ExpectedTotal *money `json:"expected_total,omitempty"`
}

type orderLine struct {
	ProductID string `json:"product_id"`
	Name      string `json:"name"`
	UnitPrice money  `json:"unit_price"`
	Quantity  int64  `json:"quantity"`
	LineTotal money  `json:"line_total"`
}

type order struct {
	OrderID     string      `json:"order_id"`
	UserID      string      `json:"user_id"`
	Email       string      `json:"email"`
	Status      string      `json:"status"`
	Items       []orderLine `json:"items"`
	Total       money       `json:"total"`
	PlacedAt    string      `json:"placed_at"`
	EmailStatus string      `json:"email_status"`
}

// listed is the order as lists show it: without the state of its mail.
func (o order) listed() order {
	o.EmailStatus = ""
	return o
}

type setStock struct {
	Quantity        int64  `json:"quantity"`
	CompareQuantity int64  `json:"compare_quantity"`
	Reason          string `json:"reason"`
}

type adjustStock struct {
	Delta  int64  `json:"delta"`
	Reason string `json:"reason"`
}

type stock struct {
	ProductID string `json:"product_id"`
	Quantity  int64  `json:"quantity"`
	UpdatedAt string `json:"updated_at"`
}

type movement struct {
	MovementID string `json:"movement_id"`
	ProductID  string `json:"product_id"`
	Before     int64  `json:"before"`
	After      int64  `json:"after"`
	Delta      int64  `json:"delta"`
	Reason     string `json:"reason"`
	By         string `json:"by"`
	MovedAt    string `json:"moved_at"`
}

type page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

type daySales struct {
	Day     string `json:"day"`
	Orders  int64  `json:"orders"`
	Units   int64  `json:"units"`
	Revenue money  `json:"revenue"`
}

type productSales struct {
	ProductID string `json:"product_id"`
	Name      string `json:"name"`
	Units     int64  `json:"units"`
	Revenue   money  `json:"revenue"`
}

type summary struct {
	From         string         `json:"from"`
	To           string         `json:"to"`
	Currency     string         `json:"currency"`
	Orders       int64          `json:"orders"`
	Units        int64          `json:"units"`
	Revenue      money          `json:"revenue"`
	AverageOrder money          `json:"average_order"`
	Days         []daySales     `json:"days"`
	TopProducts  []productSales `json:"top_products"`
}

// problem is an error body, RFC 9457, with the members of every code.
type problem struct {
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Detail    string        `json:"detail"`
	Code      string        `json:"code"`
	RequestID string        `json:"request_id"`
	Errors    []fieldError  `json:"errors"`
	Items     []refusedLine `json:"items"`
	Quantity  *int64        `json:"quantity"`
	OrderID   string        `json:"order_id"`
	Product   *adminProduct `json:"product"`
}

type fieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// refusedLine is a line of max_per_order_exceeded (requested, allowed), of
// out_of_stock (requested, available) or of price_changed (price).
type refusedLine struct {
	ProductID string `json:"product_id"`
	Requested *int64 `json:"requested,omitempty"`
	Allowed   *int64 `json:"allowed,omitempty"`
	Available *int64 `json:"available,omitempty"`
	Price     *money `json:"price,omitempty"`
}
