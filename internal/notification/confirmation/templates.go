package confirmation

import (
	_ "embed"
	html "html/template"
	"sync"
	text "text/template"

	"shop/internal/notification/mailtext"
)

//go:embed templates/order-confirmation.txt
var textSource string

//go:embed templates/order-confirmation.html
var htmlSource string

type pair struct {
	text *text.Template
	html *html.Template
}

// parsed parses both parts when the first mail is made, not when the function starts.
var parsed = sync.OnceValues(func() (pair, error) {
	functions := text.FuncMap{"wrap": mailtext.Wrap, "ends": mailtext.Ends}
	plain, err := text.New("text").Option("missingkey=error").Funcs(functions).Parse(textSource)
	if err != nil {
		return pair{}, err
	}
	rich, err := html.New("html").Option("missingkey=error").Funcs(html.FuncMap{"outlook": mailtext.Outlook}).Parse(htmlSource)
	return pair{plain, rich}, err
})
