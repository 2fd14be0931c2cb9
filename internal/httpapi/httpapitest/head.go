package httpapitest

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"shop/internal/httpapi"
)

// CheckHead shows that the route of a GET has a HEAD that answers the same without the body, and that both know the answer again by
// its ETag. The event is one of a GET that is answered 200, and other one whose answer is another.
func CheckHead(t *testing.T, e, other Event, h httpapi.Handler) {
	t.Helper()
	get, head := Call(t, h, e), Call(t, h, headOf(e))
	if get.Status != http.StatusOK || get.Header["ETag"] == "" || head.Status != get.Status || head.Body != "" || !maps.Equal(head.Header, get.Header) {
		t.Errorf("HEAD was answered %d %v %q, and GET %d %v", head.Status, head.Header, head.Body, get.Status, get.Header)
	}
	if tag := Call(t, h, other).Header["ETag"]; tag == get.Header["ETag"] {
		t.Errorf("another answer has the same ETag %s", tag)
	}
	for _, e := range []Event{e, headOf(e)} {
		for value, status := range map[string]int{get.Header["ETag"]: http.StatusNotModified, "*": http.StatusNotModified, `"another"`: http.StatusOK} {
			again := Call(t, h, e.WithHeader("If-None-Match", value))
			if again.Status != status || again.Header["ETag"] != get.Header["ETag"] || again.Header["Cache-Control"] != get.Header["Cache-Control"] {
				t.Errorf("If-None-Match: %s was answered %d %v, want %d", value, again.Status, again.Header, status)
			}
			if status == http.StatusNotModified && (again.Body != "" || again.Header["Content-Type"] != "") {
				t.Errorf("304 came with %v and %q", again.Header, again.Body)
			}
		}
	}
}

func headOf(e Event) Event {
	e.RouteKey = strings.Replace(e.RouteKey, "GET ", "HEAD ", 1)
	e.RequestContext.RouteKey, e.RequestContext.HTTP.Method = e.RouteKey, http.MethodHead
	return e
}
