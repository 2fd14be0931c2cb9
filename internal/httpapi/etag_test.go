package httpapi

import (
	"context"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

func tagged(t *testing.T, route, ifNoneMatch string, h Handler) events.APIGatewayV2HTTPResponse {
	t.Helper()
	e := event()
	e.RouteKey = route
	if ifNoneMatch != "" {
		e.Headers["if-none-match"] = ifNoneMatch
	}
	out, _ := run(t, h, e)
	return out
}

func TestIfNoneMatch(t *testing.T) {
	page := answering(OK("page").Public(10).Tagged())
	tag := tagged(t, "GET /products", "", page).Headers["ETag"]
	for value, want := range map[string]int{
		"": 200, tag: 304, "W/" + tag: 304, "*": 304, " " + tag + "\t": 304,
		`"a", ` + tag: 304, `"a",W/` + tag + `, "b"`: 304,
		`"a"`: 200, `"a, b"`: 200, "w/" + tag: 200, tag[1:]: 200, tag[:len(tag)-1]: 200, tag[1 : len(tag)-1]: 200,
		`"*"`: 200, "W/*": 200,
	} {
		for _, route := range []string{"GET /products", "HEAD /products"} {
			out := tagged(t, route, value, page)
			if out.StatusCode != want || out.Headers["ETag"] != tag ||
				out.Headers["Cache-Control"] != "public, max-age=10" {
				t.Errorf("%s, If-None-Match: %s: got %d %v, want %d", route, value, out.StatusCode, out.Headers, want)
			}
			if hasBody := out.Body != ""; hasBody != (want == 200 && route[0] == 'G') {
				t.Errorf("%s, If-None-Match: %s: got the body %q", route, value, out.Body)
			}
		}
	}
	if other := tagged(t, "GET /products", "", answering(OK("pagf").Tagged())).Headers["ETag"]; other == tag {
		t.Errorf("another body has the same tag %s", tag)
	}
}

// TestOnlyTaggedAnswersAreConditional: what is written, refused or private has no ETag, and If-None-Match changes
// nothing.
func TestOnlyTaggedAnswersAreConditional(t *testing.T) {
	for want, h := range map[int]Handler{
		200: answering(OK("a")), 201: answering(Created("a")), 404: failing(ErrNoRoute),
	} {
		if out := tagged(t, "GET /products", "*", h); out.StatusCode != want || out.Headers["ETag"] != "" ||
			out.Body == "" {
			t.Errorf("got %d %v, want %d", out.StatusCode, out.Headers, want)
		}
	}
}

// TestHeadOfARefusal: it has the status and headers of GET's, and no body.
func TestHeadOfARefusal(t *testing.T) {
	h := func(context.Context, *Request) (Response, error) { return Response{}, ErrNoRoute }
	out := tagged(t, "HEAD /products", "", h)
	wantAnswer(t, out, 404, map[string]string{"Content-Type": "application/problem+json"}, "")
}
