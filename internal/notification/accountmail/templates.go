package accountmail

import (
	_ "embed"

	"shop/internal/notification/mailtext"
)

//go:embed templates/account-mail.txt
var textPart string

//go:embed templates/account-mail.html
var htmlPart string

var templates = mailtext.New(textPart, htmlPart)
