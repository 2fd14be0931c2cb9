package catalogue

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// tag is what makes a text HTML.
var tag = regexp.MustCompile(`</?[a-zA-Z][^<>]*>`)

// plainText returns the text of HTML: paragraphs and other blocks begin new lines, blanks are collapsed, and scripts
// and styles are left out. Of a text without a tag only entities (&amp;) change.
func plainText(source string) string {
	if !tag.MatchString(source) {
		return strings.TrimSpace(html.UnescapeString(source))
	}
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return source // cannot be: the source is in memory
	}
	var b strings.Builder
	writeText(&b, root)
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		lines[i] = clean(line)
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" })
	return strings.Join(lines, "\n")
}

// blocks are the elements that begin a new line, and end one.
var blocks = []atom.Atom{
	atom.Address, atom.Article, atom.Blockquote, atom.Br, atom.Dd, atom.Div, atom.Dl, atom.Dt, atom.Figure, atom.Footer,
	atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Header, atom.Hr, atom.Li, atom.Ol, atom.P, atom.Pre,
	atom.Section, atom.Table, atom.Tr, atom.Ul,
}

// unseen are the elements whose text is no text of the page.
var unseen = []atom.Atom{atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Iframe, atom.Title}

// writeText writes the text below a node, each block on lines of its own.
func writeText(b *strings.Builder, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		b.WriteString(strings.ReplaceAll(n.Data, "\n", " "))
	case slices.Contains(unseen, n.DataAtom):
		return
	case n.DataAtom == atom.Td, n.DataAtom == atom.Th:
		b.WriteByte(' ')
	case slices.Contains(blocks, n.DataAtom):
		b.WriteByte('\n')
		defer b.WriteByte('\n')
	}
	for child := range n.ChildNodes() {
		writeText(b, child)
	}
}
