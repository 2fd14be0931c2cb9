package notification

import (
	"context"
	"fmt"

	"shop/internal/product"
)

// Stocks finds what mails about stocks are about, and whom they are for.
type Stocks interface {
	// ForMail returns the product as it stands now, and the address. It returns ErrNoRecipient when nobody is to be
	// told: the request was withdrawn, the account is gone, or what the mail would tell is not so any more; the
	// customer's request waits again then. It returns ErrSuppressed when the address is mailed no more.
	ForMail(ctx context.Context, mail Mail) (product.Product, string, error)
	// Fulfil removes the request for which the mail was sent.
	Fulfil(ctx context.Context, mail Mail) error
}

// StockMail makes the mails about stocks. Package stockmail has their text.
type StockMail interface {
	// Render returns a mail of the kind about the product, as it stands now.
	Render(kind Kind, p product.Product) (Message, error)
}

func (d *Delivery) composeForStock(ctx context.Context, mail Mail) (Message, error) {
	p, address, err := d.Stocks.ForMail(ctx, mail)
	if err != nil {
		return Message{}, fmt.Errorf("looking up what %s is about: %w", mail.ID, err)
	}
	kind, _ := mail.cut()
	message, err := d.StockMail.Render(kind, p)
	if err != nil {
		return Message{}, fmt.Errorf("rendering %s: %w", mail.ID, err)
	}
	message.To = address
	return message, nil
}

// fulfil removes the request for which the mail was sent. One that stays is never mailed again, and expires.
func (d *Delivery) fulfil(ctx context.Context, mail Mail) {
	if kind, _ := mail.cut(); kind != BackInStock {
		return
	}
	if err := d.Stocks.Fulfil(ctx, mail); err != nil && d.Kept != nil {
		d.Kept(ctx, fmt.Errorf("removing the request of %s: %w", mail.ID, err))
	}
}
