package notification

import "shop/internal/order"

// Confirmation makes the mail that confirms an order. Package confirmation has its text.
type Confirmation interface {
	// Render returns the mail for the address that o was placed with.
	Render(o order.Order) Message
}

// StatusMail makes the mails that tell that an order was shipped or cancelled. Package statusmail has their text.
type StatusMail interface {
	// Render returns a mail of the kind for the address that o was placed with.
	Render(kind Kind, o order.Order) (Message, error)
}
