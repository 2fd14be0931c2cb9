package mailtext

import (
	_ "embed"
	"fmt"
	html "html/template"
	"strings"
	"sync"
	text "text/template"
)

// layout is the page around the HTML part of every mail. A mail defines its template "card", and may define "meta",
// "dark" (styles for dark mode) and "preheader" (what a mail client shows beside the subject).
//
//go:embed templates/layout.html
var layout string

// Templates are the two parts of a kind of mail. Their content has the members Subject and ShopName.
type Templates struct {
	parse func() (parsed, error)
}

type parsed struct {
	text *text.Template
	html *html.Template
}

// New returns templates that are parsed when the first mail is made, not when the function starts.
func New(textPart, htmlPart string) Templates {
	return Templates{sync.OnceValues(func() (parsed, error) {
		functions := text.FuncMap{"wrap": Wrap, "ends": Ends}
		plain, err := text.New("text").Option("missingkey=error").Funcs(functions).Parse(textPart)
		if err != nil {
			return parsed{}, err
		}
		rich, err := html.New("html").Option("missingkey=error").Funcs(html.FuncMap{"outlook": Outlook}).Parse(layout)
		if err != nil {
			return parsed{}, err
		}
		rich, err = rich.Parse(htmlPart)
		return parsed{plain, rich}, err
	})}
}

// Render returns the text and the HTML part that show the content. The error is a defect of the templates.
func (t Templates) Render(content any) (textPart, htmlPart string, err error) {
	templates, err := t.parse()
	if err != nil {
		return "", "", fmt.Errorf("parsing the templates: %w", err)
	}
	var text, html strings.Builder
	if err := templates.text.Execute(&text, content); err != nil {
		return "", "", fmt.Errorf("rendering the text part: %w", err)
	}
	if err := templates.html.Execute(&html, content); err != nil {
		return "", "", fmt.Errorf("rendering the HTML part: %w", err)
	}
	return text.String(), html.String(), nil
}
