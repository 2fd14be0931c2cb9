package notification

import (
	"context"
	"fmt"
	"strings"

	"shop/internal/user"
)

// Accounts finds whom an account mail is for.
type Accounts interface {
	// ForMail returns the user with the normalised address as stored now. It returns ErrNoRecipient when nobody has it,
	// and ErrSuppressed when it is mailed no more.
	ForMail(ctx context.Context, address string) (user.User, error)
}

// Links keeps the links that are mailed.
type Links interface {
	// Save stores a link, whose hash is new.
	Save(ctx context.Context, l user.Link) error
}

// AccountMail makes account mails. It is an interface for the reason that Confirmation is one.
type AccountMail interface {
	// Render returns a mail of the kind for the address, with a link that brings the token where the kind has one.
	Render(kind Kind, address, token string) (Message, error)
}

// composeForAccount makes the mail and the link in it, if its kind has one. The link's token is in the mail alone: a
// mail that is sent twice brings two, and both are good until one is used.
func (d *Delivery) composeForAccount(ctx context.Context, mail Mail) (Message, error) {
	now := d.Now()
	if mail.Expired(now) {
		return Message{}, ErrStale
	}
	u, err := d.addressee(ctx, mail)
	if err != nil {
		return Message{}, fmt.Errorf("looking up whom %s is for: %w", mail.ID, err)
	}
	kind, _ := mail.cut()
	var token string
	if kind.bringsLink() {
		var link user.Link
		token, link = user.NewLink(u, kind.purpose(), now)
		if err := d.Links.Save(ctx, link); err != nil {
			return Message{}, fmt.Errorf("storing the link of %s: %w", mail.ID, err)
		}
	}
	message, err := d.AccountMail.Render(kind, u.Email, token)
	if err != nil {
		return Message{}, fmt.Errorf("rendering %s: %w", mail.ID, err)
	}
	return message, nil
}

// addressee returns the user whom the mail is for. It returns ErrNoRecipient also when the account that is to be
// verified, or whose password was changed, is another by now; when it is verified already or has expired; and when the
// mail has no address any more, because it was sent, bounced, and is pending once more.
func (d *Delivery) addressee(ctx context.Context, mail Mail) (user.User, error) {
	if mail.Address == "" {
		return user.User{}, ErrNoRecipient
	}
	u, err := d.Accounts.ForMail(ctx, mail.Address)
	if err != nil {
		return user.User{}, err
	}
	if u.Expired(d.Now()) {
		return user.User{}, ErrNoRecipient
	}
	if kind, subject := mail.cut(); !concerns(u, kind, subject) {
		return user.User{}, ErrNoRecipient
	}
	return u, nil
}

// concerns reports whether a mail of the kind about the subject is still for the account that has its address now.
func concerns(u user.User, kind Kind, subject string) bool {
	switch kind {
	case VerifyEmail:
		return u.ID == subject && u.Unverified
	case PasswordChanged:
		return strings.HasPrefix(subject, u.ID+"-")
	}
	return true
}

// purpose says what the link in a mail of the kind is for.
func (k Kind) purpose() user.Purpose {
	if k == VerifyEmail {
		return user.VerifyAddress
	}
	return user.SetPassword
}
