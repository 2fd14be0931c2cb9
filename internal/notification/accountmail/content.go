package accountmail

import (
	"fmt"

	"shop/internal/notification"
	"shop/internal/notification/mailtext"
)

// content is what the templates show. All but the link is one line of harmless text each.
type content struct {
	ShopName string
	Subject  string
	Heading  string
	Before   string // what stands before the link
	Action   string // what the link does
	Link     string
	After    string // what stands after it
}

const onceAndSoon = "The link can be used once, within 30 minutes. "

// contents are the mails by their kinds, without what differs from shop to shop. Link is a page of the shop.
var contents = map[notification.Kind]content{
	notification.VerifyEmail: {
		Subject: "Verify your e-mail address", Heading: "Is this your address?",
		Before: "Somebody opened an account with this e-mail address. " +
			"If that was you, verify the address; then you can log in.",
		Action: "Verify the address", Link: "/verify-email",
		After: onceAndSoon + "If it was not you, do nothing: without the link nobody can log in to the account.",
	},
	notification.SignUpAttempt: {
		Subject: "You have an account already", Heading: "You have an account already.",
		Before: "Somebody tried to open an account with this e-mail address, which has one. " +
			"If that was you, log in; if you do not know the password, set a new one.",
		Action: "Set a new password", Link: "/reset-password",
		After: onceAndSoon + "If it was not you, do nothing: your account is as it was.",
	},
	notification.PasswordReset: {
		Subject: "Set a new password", Heading: "Set a new password.",
		Before: "Somebody asked for a link to set a new password for the account with this e-mail address.",
		Action: "Set a new password", Link: "/reset-password",
		After: onceAndSoon + "It logs you out wherever you are logged in. " +
			"If it was not you who asked, do nothing: your password is as it was.",
	},
	notification.PasswordChanged: {
		Subject: "Your password was changed", Heading: "Your password was changed.",
		Before: "The password of your account was changed by somebody who knew the one before. " +
			"Everybody else who was logged in to the account is logged out.",
		Action: "Ask for a new password", Link: "/forgot-password",
		After: "If it was you, do nothing. If it was not you, ask for a new password at once: " +
			"the link that you are mailed then takes the account back.",
	},
}

// newContent fills a mail in. Where its kind has a link that is good once, the page gets the token.
func newContent(kind notification.Kind, shopName, shopURL, token string) (content, error) {
	mail, ok := contents[kind]
	if !ok {
		return content{}, fmt.Errorf("%q is no kind of account mail", kind)
	}
	mail.ShopName = mailtext.OneLine(shopName)
	mail.Subject = at(mail.ShopName, mail.Subject)
	mail.Link = shopURL + mail.Link
	if kind != notification.PasswordChanged {
		mail.Link += "#token=" + token
	}
	return mail, nil
}

func at(shop, subject string) string {
	if shop == "" {
		return subject
	}
	return subject + " at " + shop
}
