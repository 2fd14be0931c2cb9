package mailtext

import (
	"html/template"
	"strings"
	"testing"
)

// TestOutlook: the conditional comment stands in what a template makes, where one that is written into the template
// does not.
func TestOutlook(t *testing.T) {
	page := template.Must(template.New("page").Funcs(template.FuncMap{"outlook": Outlook}).Parse("<!--[if mso]><i><![endif]--><p>{{outlook `<table width=\"560\">`}}</p>"))
	var got strings.Builder
	if err := page.Execute(&got, nil); err != nil {
		t.Fatal(err)
	}
	if want := `<p><!--[if mso]><table width="560"><![endif]--></p>`; got.String() != want {
		t.Errorf("got %s, want %s", got.String(), want)
	}
}
