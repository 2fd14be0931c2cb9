package httpapitest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"shop/internal/observe"
)

// auditLine is a line of the audit log.
type auditLine struct {
	Msg         string
	Event       observe.Kind
	UserID      string `json:"user_id"`
	AddressHash string `json:"address_hash"`
	Subject     string
	Before      string
	After       string
	Reason      string
	SourceIP    string `json:"source_ip"`
	RequestID   string `json:"request_id"`
}

// CheckAudit compares what the function had audited, meanwhile, with what is expected, in its order. Each line has to
// tell where the request came from as API Gateway says, and the gateway's id.
func (a Answer) CheckAudit(t testing.TB, e Event, want ...observe.Event) {
	t.Helper()
	var got []observe.Event
	for text := range strings.Lines(a.Log) {
		var l auditLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v: %q", err, text)
		}
		if l.Msg != "audit" {
			continue
		}
		if l.SourceIP != e.RequestContext.HTTP.SourceIP || l.RequestID != e.RequestContext.RequestID ||
			l.SourceIP == "" {
			t.Errorf("audited from %q, request %q, want %q and %q",
				l.SourceIP, l.RequestID, e.RequestContext.HTTP.SourceIP, e.RequestContext.RequestID)
		}
		got = append(got, observe.Event{
			Kind: l.Event, UserID: l.UserID, AddressHash: l.AddressHash, Subject: l.Subject, Before: l.Before,
			After: l.After, Reason: l.Reason,
		})
	}
	if !slices.Equal(got, want) {
		t.Errorf("audited\n%+v, want\n%+v", got, want)
	}
}
