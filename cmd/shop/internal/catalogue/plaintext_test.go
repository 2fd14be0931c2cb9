package catalogue

import "testing"

func TestPlainText(t *testing.T) {
	for source, want := range map[string]string{
		"":                         "",
		"An oak stool":             "An oak stool",
		"Salt &amp; pepper":        "Salt & pepper",
		"5 < 6 & 7 > 3":            "5 < 6 & 7 > 3",
		"first\nsecond":            "first\nsecond",
		"<p>An oak\nstool</p>":     "An oak stool",
		"<p>One</p>\n\n<p>Two</p>": "One\nTwo",
		"One<br>Two<br/>Three":     "One\nTwo\nThree",
		"<ul><li>Red</li><li><b>Blue</b> or green</li></ul>":  "Red\nBlue or green",
		"<div>a&nbsp;b &lt;c&gt;</div>":                       "a b <c>",
		"<style>p{}</style><script>alert(1)</script><p>Text":  "Text",
		"<table><tr><td>Width</td><td>9 cm</td></tr></table>": "Width 9 cm",
		"<p>open <b>bold": "open bold",
	} {
		if got := plainText(source); got != want {
			t.Errorf("%q: got %q, want %q", source, got, want)
		}
	}
}
