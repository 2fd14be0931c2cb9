package httpapitest

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/user"
)

// CheckAuditByPassword calls the handler of event.json, which ends with err, for what a caller does by the password: it
// is audited as did, each guess at the password as a failed log-in, and an outage not at all.
func CheckAuditByPassword(t *testing.T, handler func(err error) httpapi.Handler, did observe.Kind) {
	t.Helper()
	id := Customer.UserID
	for name, c := range map[string]struct {
		err  error
		want []observe.Event
	}{
		"done":     {nil, []observe.Event{{Kind: did, UserID: id, Subject: id}}},
		"wrong":    {&user.WrongPasswordError{UserID: id}, []observe.Event{failedLogIn("invalid_credentials")}},
		"too many": {&user.TooManyGuessesError{}, []observe.Event{failedLogIn("too_many_requests")}},
		"failing":  {errors.New("down"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := ReadEvent(t)
			a := Call(t, handler(c.err), e)
			a.CheckAudit(t, e, c.want...)
			if strings.Contains(a.Log, Password) {
				t.Errorf("the log tells the password: %s", a.Log)
			}
		})
	}
}

func failedLogIn(reason string) observe.Event {
	return observe.Event{Kind: observe.LogInFailed, UserID: Customer.UserID, Reason: reason}
}

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
