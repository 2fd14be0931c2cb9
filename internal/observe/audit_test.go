package observe

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// noted returns the one line of an event, as its fields.
func noted(t *testing.T, e Event) map[string]any {
	t.Helper()
	got := logged(t, func(ctx context.Context) {
		Audit(With(WithRequest(ctx, "r1", "203.0.113.7"), "user_id", "another field of the request's log"), e)
	})
	if len(got) != 1 {
		t.Fatalf("%d lines, want 1: %v", len(got), got)
	}
	return got[0]
}

func TestAudit(t *testing.T) {
	for kind, level := range map[Kind]string{
		LoggedIn: "INFO", LogInFailed: "WARN", RefreshReused: "WARN", AccessRefused: "WARN",
		MachineSessionRefused: "WARN", MachineSessionOpened: "INFO", APIKeyRevoked: "INFO",
		RoleChanged: "INFO", AddressVerified: "INFO", PasswordChanged: "INFO", StockChanged: "INFO",
	} {
		got := noted(t, Event{
			Kind: kind, UserID: "usr_1", AddressHash: "h", Subject: "lamp", Before: "43", After: "40", Reason: "why",
		})
		wantFields(t, []map[string]any{got}, map[string]any{
			"level": level, "msg": "audit", "function": "shop-PlaceOrder", "trace_id": traced, "event": string(kind),
			"user_id": "usr_1", "address_hash": "h",
			"subject": "lamp", "before": "43", "after": "40", "reason": "why", "source_ip": "203.0.113.7",
			"request_id": "r1",
		})
	}
}

// TestAuditHasAllFieldsAlways: who searches the log may rely on them.
func TestAuditHasAllFieldsAlways(t *testing.T) {
	got := logged(t, func(ctx context.Context) { Audit(ctx, Event{Kind: LoggedIn}) })
	wantFields(t, got, map[string]any{
		"level": "INFO", "msg": "audit", "function": "shop-PlaceOrder", "trace_id": traced, "event": "log_in",
		"user_id": "", "address_hash": "",
		"subject": "", "before": "", "after": "", "reason": "", "source_ip": "", "request_id": "",
	})
}

// TestAuditOnce: a field that the request's log has too is not written twice.
func TestAuditOnce(t *testing.T) {
	var out bytes.Buffer
	ctx := With(WithRequest(WithLogger(t.Context(), New(&out)), "r1", "203.0.113.7"), "user_id", "usr_2")
	Audit(ctx, Event{Kind: StockChanged, UserID: "usr_2"})
	for _, field := range []string{`"user_id":`, `"request_id":`, `"source_ip":`} {
		if n := strings.Count(out.String(), field); n != 1 {
			t.Errorf("%s stands %d times in %s", field, n, out.String())
		}
	}
}

// TestAuditForgery: whatever any field holds, it is one line and stays inside its field.
func TestAuditForgery(t *testing.T) {
	for _, text := range []string{
		"a\n" + `{"level":"INFO","msg":"audit","event":"log_in"}`, "a\r\nb", `","event":"log_in","x":"`, "\x1b[31mred",
		"a\u2028b\u2029c",
		"\x00", `\u000a{"msg":"audit"}`, "\x7f\u0085\u009b", "\\", "'; DROP TABLE", "<script>", "${jndi:ldap://x}",
		"%0a",
	} {
		var out bytes.Buffer
		ctx := WithRequest(WithLogger(t.Context(), New(&out)), text, text)
		Audit(ctx, Event{
			Kind: Kind(text), UserID: text, AddressHash: text, Subject: text, Before: text, After: text, Reason: text,
		})
		if strings.Count(out.String(), "\n") != 1 || strings.ContainsAny(out.String(), "\r\x1b\x00\u2028") {
			t.Errorf("%q: log = %q", text, out.String())
		}
		got := lines(t, out.String())
		delete(got[0], "time")
		for _, field := range []string{
			"event", "user_id", "address_hash", "subject", "before", "after", "reason", "source_ip", "request_id",
		} {
			if got[0][field] != text {
				t.Errorf("%s = %q, want %q", field, got[0][field], text)
			}
		}
		if len(got) != 1 || len(got[0]) != 13 || got[0]["msg"] != "audit" {
			t.Errorf("%q: log = %v", text, got)
		}
	}
}
