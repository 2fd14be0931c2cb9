package mailtext

import "html/template"

// Outlook returns markup that Outlook for Windows alone reads. It sets HTML as Word does, and knows no max-width, so
// that what bounds the width elsewhere has to be a table of fixed width around it there. Such markup stands in a
// conditional comment, and html/template leaves comments out of what it makes, hence this function. The markup is a
// template's own: none that a value went into.
// https://learn.microsoft.com/en-us/previous-versions/office/developer/office-2007/aa338201(v=office.12)
func Outlook(markup string) template.HTML {
	return template.HTML("<!--[if mso]>" + markup + "<![endif]-->")
}
