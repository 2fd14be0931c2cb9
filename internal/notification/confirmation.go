package notification

import "shop/internal/order"

// Confirmation makes the mail that confirms an order. It is an interface so that only the function that sends mails has
// the templates, which package confirmation holds: every other one needs the ledger of mails but would start later.
type Confirmation interface {
	// Render returns the mail for the address that o was placed with.
	Render(o order.Order) (Message, error)
}

// StatusMail makes the mails that tell that an order was shipped or cancelled. It is an interface for the same reason.
type StatusMail interface {
	// Render returns a mail of the kind for the address that o was placed with.
	Render(kind Kind, o order.Order) (Message, error)
}
