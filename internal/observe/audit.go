package observe

import (
	"context"
	"log/slog"
)

// Kind is what happened, of what is audited.
type Kind string

// The kinds.
const (
	LoggedIn        Kind = "log_in"
	LogInFailed     Kind = "log_in_failed"
	RefreshReused   Kind = "refresh_token_reused"
	AccessRefused   Kind = "access_refused"
	RoleChanged     Kind = "role_changed"
	APIKeyCreated   Kind = "api_key_created"
	APIKeyRevoked   Kind = "api_key_revoked"
	AddressVerified Kind = "address_verified"
	PasswordChanged Kind = "password_changed"
	StockChanged    Kind = "stock_changed"
	NameChanged     Kind = "name_changed"
	PriceChanged    Kind = "price_changed"
	ActiveChanged   Kind = "active_changed"
	LimitChanged    Kind = "max_per_order_changed"
	PictureAdded    Kind = "picture_added"
	SessionsEnded   Kind = "sessions_ended"
	AccountDeleted  Kind = "account_deleted"

	OrderStatusChanged Kind = "order_status_changed"

	MachineSessionOpened  Kind = "machine_session_opened"
	MachineSessionRefused Kind = "machine_session_refused"
)

// warns are the kinds that an attack is made of.
var warns = map[Kind]bool{
	LogInFailed: true, RefreshReused: true, AccessRefused: true, MachineSessionRefused: true,
}

// Event is one thing to be audited. What does not apply is empty. No field is for a password, a token or an e-mail
// address.
type Event struct {
	Kind        Kind
	UserID      string // who did it, a user or an API key; of a log-in, whose account it was
	AddressHash string // of the address that was tried, where its user is not known
	Subject     string // what it was done to: a product's id, a user's id, a route, a session's id
	Before      string // what it was: a stock, a price in minor units with its currency, a name, whether active, a role
	After       string // what it is now
	Reason      string // why it was refused: a code of the contract
}

// Audit logs the event as one line that always has the same fields, in one order: those of the event, where the request
// came from as API Gateway tells it, and the request's id (ASVS 5.0, 16.2.1 and 16.3). A text stays in its field,
// whatever it holds.
func Audit(ctx context.Context, e Event) {
	o, _ := ctx.Value(originKey{}).(origin)
	if o.log == nil {
		o.log = Log(ctx)
	}
	level := slog.LevelInfo
	if warns[e.Kind] {
		level = slog.LevelWarn
	}
	o.log.LogAttrs(ctx, level, "audit",
		slog.String("event", string(e.Kind)),
		slog.String("user_id", e.UserID),
		slog.String("address_hash", e.AddressHash),
		slog.String("subject", e.Subject),
		slog.String("before", e.Before),
		slog.String("after", e.After),
		slog.String("reason", e.Reason),
		slog.String("source_ip", o.sourceIP),
		slog.String("request_id", o.requestID))
}

type originKey struct{}

// origin is where a request came from, and the logger as it was before the request added fields.
type origin struct {
	log                 *slog.Logger
	requestID, sourceIP string
}

// WithRequest returns ctx for what a request causes: its lines have the request's id, and its audited events the source
// address.
func WithRequest(ctx context.Context, requestID, sourceIP string) context.Context {
	ctx = context.WithValue(ctx, originKey{}, origin{log: Log(ctx), requestID: requestID, sourceIP: sourceIP})
	return With(ctx, "request_id", requestID)
}
