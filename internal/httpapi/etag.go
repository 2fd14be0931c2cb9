package httpapi

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// tag gives an answer the ETag of its body, and makes it 304 Not Modified (RFC 9110, section 15.4.5) where the client
// shows the tag. The tag is a strong one: equal tags are equal bytes.
func tag(r *Request, out *events.APIGatewayV2HTTPResponse) {
	sum := sha256.Sum256([]byte(out.Body))
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	out.Headers["ETag"] = etag
	if lists(r.Header("If-None-Match"), etag) {
		out.StatusCode, out.Body = http.StatusNotModified, ""
		delete(out.Headers, "Content-Type")
	}
}

// lists reports whether the value of If-None-Match is *, or has the tag in its list, by the weak comparison that the
// header asks for (RFC 9110, sections 13.1.2 and 8.8.3.2): W/ does not count, as a cache writes it in front of a tag of
// an answer that it compressed. A tag of ours has no comma and no blank, so those of others need not be told apart.
func lists(value, etag string) bool {
	for member := range strings.SplitSeq(value, ",") {
		member = strings.Trim(member, " \t")
		if member == "*" || strings.TrimPrefix(member, "W/") == etag {
			return true
		}
	}
	return false
}

// isHead reports whether the request asks for the head of an answer alone.
func (r *Request) isHead() bool { return strings.HasPrefix(r.event.RouteKey, http.MethodHead+" ") }
