package httpapitest

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"shop/internal/httpapi"
)

// CheckHead shows that the route of a GET has a HEAD that answers the same without the body, and that the answer has an
// ETag. The event is one of a GET that is answered 200.
func CheckHead(t *testing.T, e Event, h httpapi.Handler) {
	t.Helper()
	get, head := Call(t, h, e), Call(t, h, headOf(e))
	if get.Status != http.StatusOK || get.Header["ETag"] == "" || head.Status != get.Status || head.Body != "" ||
		!maps.Equal(head.Header, get.Header) {
		t.Errorf("HEAD was answered %d %v %q, and GET %d %v",
			head.Status, head.Header, head.Body, get.Status, get.Header)
	}
}

func headOf(e Event) Event {
	e.RouteKey = strings.Replace(e.RouteKey, "GET ", "HEAD ", 1)
	e.RequestContext.RouteKey, e.RequestContext.HTTP.Method = e.RouteKey, http.MethodHead
	return e
}
