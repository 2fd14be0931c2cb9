package e2e

import (
	"net/http"
	"strings"
	"testing"
)

func viewProduct(id string) call { return call{method: "GET", path: "/products/" + id} }

func TestViewProduct(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	got := decodeExact[product](t, send(t, viewProduct(p.ProductID)).want(t, http.StatusOK))
	if want := p.Public(); got != want {
		t.Errorf("product = %+v, want %+v", got, want)
	}
}

func TestViewProductRefuses(t *testing.T) {
	t.Parallel()
	off := newProduct(t, inactive)
	ids := []string{off.ProductID, "e2e-" + unique(), strings.ToUpper(newProduct(t).ProductID), strings.Repeat("a", 64)}
	for _, id := range ids {
		send(t, viewProduct(id)).refused(t, http.StatusNotFound, "product_not_found")
	}
}

// TestHeadAndETags: both public product routes answer HEAD like GET, and 304 to
// who has the answer. A save changes the ETag.
func TestHeadAndETags(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	for _, get := range []call{viewProduct(p.ProductID), browse(p.Name)} {
		a := send(t, get).want(t, http.StatusOK)
		tag := a.header.Get("ETag")
		head := get
		head.method = "HEAD"
		h := send(t, head).want(t, http.StatusOK)
		if tag == "" || h.header.Get("ETag") != tag || h.header.Get("Content-Type") != a.header.Get("Content-Type") ||
			len(h.body) > 0 {
			t.Errorf("%s: HEAD has %v and %q, GET %v", get.path, h.header, h.body, a.header)
		}
		for _, c := range []call{get, head} {
			c.header = http.Header{"If-None-Match": {`"other", W/` + tag}}
			if again := send(t, c).want(t, http.StatusNotModified); again.header.Get("ETag") != tag ||
				len(again.body) > 0 {
				t.Errorf("%s %s: 304 has %v and %q", c.method, c.path, again.header, again.body)
			}
		}
		resave(t, p, priced(p.Price.Amount+1))
		get.header = http.Header{"If-None-Match": {tag}}
		if changed := send(t, get).want(t, http.StatusOK); changed.header.Get("ETag") == tag {
			t.Errorf("%s: the ETag of another price is the same", get.path)
		}
		resave(t, p, priced(p.Price.Amount))
	}
	none := call{method: "HEAD", path: "/products/e2e-" + unique()}
	if a := send(t, none).want(t, http.StatusNotFound); len(a.body) > 0 {
		t.Errorf("HEAD of no product has the body %q", a.body)
	}
}
