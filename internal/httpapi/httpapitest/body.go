package httpapitest

import (
	"testing"

	"shop/internal/httpapi"
)

// CheckBody shows that the handler reads its body with Decode, whose own tests have all that it refuses. The event has
// a valid body; the handler is to be one whose domain is not called.
func CheckBody(t *testing.T, e Event, h httpapi.Handler) {
	t.Helper()
	unknown := e.WithBody(`{"colour":"red",` + e.Body[1:])
	Call(t, h, unknown).CheckProblem(t, FieldErrors("colour", "is not a known member"))
}
