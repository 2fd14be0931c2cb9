package confirmation

import (
	_ "embed"

	"shop/internal/notification/mailtext"
)

//go:embed templates/order-confirmation.txt
var textPart string

//go:embed templates/order-confirmation.html
var htmlPart string

var templates = mailtext.New(textPart, htmlPart)
