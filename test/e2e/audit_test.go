package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shop/test/testenv"
)

// auditedEvent is a line of the audit log, but for what varies or is not compared.
type auditedEvent struct {
	Msg       string `json:"msg"`
	Level     string `json:"level"`
	Event     string `json:"event"`
	UserID    string `json:"user_id"`
	Subject   string `json:"subject"`
	Reason    string `json:"reason"`
	RequestID string `json:"request_id"`
}

// auditedEvents are the lines of the audit log, by request, that the store's
// functions have written until now.
func auditedEvents(t *testing.T) map[string][]auditedEvent {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(testenv.Env(t, "SHOP_DATA"), "emulator.log"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]auditedEvent{}
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, "-KeepAuditFunction-") {
			continue // a copy
		}
		brace := strings.Index(line, "{") // before it stand the emulator's time and the function's name
		var e auditedEvent
		if brace >= 0 && json.Unmarshal([]byte(line[brace:]), &e) == nil && e.Msg == "audit" {
			found[e.RequestID] = append(found[e.RequestID], e)
		}
	}
	return found
}

// malformed are requests that a route refuses for their form: with a parameter
// that it does not take and, where it takes a body, with one that is none.
func malformed(c call) []call {
	requests := []call{c.with("unknown", "1")}
	if c.body != nil {
		c.body = "{"
		requests = append(requests, c)
	}
	return requests
}

// TestDemotedAdminLearnsNothingOfTheForm: a malformed request of whoever is no
// admin any more is refused for that, and audited; an admin's is refused for
// its form, and is not.
func TestDemotedAdminLearnsNothingOfTheForm(t *testing.T) {
	t.Parallel()
	boss, former, p := admin(t), newAdmin(t), newProduct(t)
	operator(t, "revoke", former.Email, "admin", "--yes")

	want := map[string][]auditedEvent{} // by request
	for _, route := range privateRoutes(p.ProductID, "ord_"+strings.Repeat("a", 26)) {
		if route.scope == "" {
			continue
		}
		for _, c := range malformed(route.call) {
			a := send(t, c.by(former))
			a.refused(t, http.StatusForbidden, "forbidden")
			id := a.header.Get("X-Request-Id")
			want[id] = []auditedEvent{
				{"audit", "WARN", "access_refused", former.UserID, c.route().key, "forbidden", id},
			}
			a = send(t, c.by(boss))
			a.refused(t, http.StatusBadRequest, "invalid_request")
			want[a.header.Get("X-Request-Id")] = nil
		}
	}
	wantAudited(t, want)
}

// wantAudited waits until the requests' lines are in the audit log, and fails
// where one has others.
func wantAudited(t *testing.T, want map[string][]auditedEvent) {
	t.Helper()
	var got map[string][]auditedEvent
	eventually(t, time.Minute, "a line of the audit log for each refusal", func() bool {
		got = auditedEvents(t)
		for id, events := range want {
			if len(got[id]) < len(events) {
				return false
			}
		}
		return true
	})
	for id, events := range want {
		if !slices.Equal(got[id], events) {
			t.Errorf("the request %s has in the audit log %+v, want %+v", id, got[id], events)
		}
	}
}

// TestAuditedLinesAreKeptApart: what is audited of a request arrives in the log
// group of the audit log as it was written, once, and nothing else does.
func TestAuditedLinesAreKeptApart(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	a := send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
	id := a.header.Get("X-Request-Id")
	var kept []string
	eventually(t, time.Minute, "the log-in in the audit log", func() bool {
		kept = keptLines(t, id)
		if len(kept) == 0 { // a line that comes late the emulator ships with those of the process's next call
			send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
		}
		return len(kept) > 0
	})
	if len(kept) != 1 || !strings.Contains(kept[0], `"msg":"audit"`) || !strings.Contains(kept[0], `"event":"log_in"`) {
		t.Errorf("the audit log has of the request %q", kept)
	}
}

// keptLines are the lines about a request that keep-audit wrote.
func keptLines(t *testing.T, requestID string) []string {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(testenv.Env(t, "SHOP_DATA"), "emulator.log"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, "-KeepAuditFunction-") && strings.Contains(line, requestID) {
			found = append(found, line)
		}
	}
	return found
}
