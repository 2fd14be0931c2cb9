package queue

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

const (
	orderID = "ord_7vtcxc6t7ggcx267wchbxpn4v3"
	mailID  = "order-placed#" + orderID
	written = `{"type":"order.placed","version":1,"mail_id":"order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3","order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3"}`
)

func TestEncode(t *testing.T) {
	if got, err := encode(orderID); err != nil || got != written {
		t.Errorf("got %s, %v, want %s", got, err, written)
	}
}

func TestDecode(t *testing.T) {
	for name, body := range map[string]string{
		"as written":      written,
		"another order":   `{"order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3","version":1,"mail_id":"order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3","type":"order.placed"}`,
		"with blanks":     "\n" + strings.ReplaceAll(written, ",", " , ") + " ",
		"one member more": strings.Replace(written, "{", `{"trace":"abc",`, 1),
	} {
		if got, err := decode(body); err != nil || got != mailID {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, mailID)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(written, old, new, 1) }
	for name, body := range map[string]string{
		"nothing":               "",
		"null":                  "null",
		"no JSON":               "order.placed",
		"list":                  "[" + written + "]",
		"empty":                 "{}",
		"cut":                   written[:len(written)-1],
		"trailing data":         written + "x",
		"it twice":              written + written,
		"the version before":    change(`"version":1`, `"version":0`),
		"the next version":      change(`"version":1`, `"version":2`),
		"no version":            change(`"version":1,`, ``),
		"version as text":       change(`"version":1`, `"version":"1"`),
		"version 1.5":           change(`"version":1`, `"version":1.5`),
		"another type":          change("order.placed", "order.shipped"),
		"no type":               change(`"type":"order.placed",`, ``),
		"type in capitals":      change(`"type"`, `"Type"`),
		"a mail of another":     change("#ord_7", "#ord_8"),
		"another kind of mail":  change("order-placed#", "order-shipped#"),
		"no mail":               change(`"mail_id":"order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3",`, ``),
		"no order":              change(`,"order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3"`, ``),
		"duplicate member":      change("{", `{"version":1,`),
		"invalid UTF-8":         change("ord_7", "\xff"),
		"SNS's envelope":        `{"Type":"Notification","Message":"{}"}`,
		"S3's test event":       `{"Service":"Amazon S3","Event":"s3:TestEvent"}`,
		"lower-case first type": change("order.placed", "Order.placed"),
	} {
		if got, err := decode(body); !errors.Is(err, ErrUnknown) || got != "" {
			t.Errorf("%s: got %q, %v, want %v", name, got, err, ErrUnknown)
		}
	}
}

// TestRefusalsKeepTheBodyToThemselves: what a message holds may be personal, and must not get into a log.
func TestRefusalsKeepTheBodyToThemselves(t *testing.T) {
	for _, body := range []string{`{"type":1,"email":"ada@example.com"}`, `ada@example.com`, strings.Replace(written, "ord_7", "ada@example.com", 1)} {
		if _, err := decode(body); err == nil || strings.Contains(err.Error(), "ada@example.com") {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

// FuzzDecode: no message is taken but one that speaks of an order's own mail.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		written, "", "null", "{}", "[]", strings.Replace(written, ":1", ":2", 1), strings.Replace(written, "ord_7", "ord_8", 1),
		`{"type":"order.placed","version":1,"mail_id":"order-placed#","order_id":""}`, "{\"type\":\"\xff\"}", strings.Repeat(`{"a":`, 100),
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		id, err := decode(body)
		if err != nil {
			if !errors.Is(err, ErrUnknown) || id != "" {
				t.Fatalf("got %q, %v", id, err)
			}
			return
		}
		var e event
		if err := json.Unmarshal([]byte(body), &e); err != nil || e.Type != "order.placed" || e.Version != 1 || id != "order-placed#"+e.OrderID || id != e.MailID {
			t.Errorf("%s was taken as %q", body, id)
		}
	})
}

// FuzzEncode: whatever the order's id, what is written is read as its mail.
func FuzzEncode(f *testing.F) {
	f.Add(orderID)
	f.Add("")
	f.Add(`"#{}é`)
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, id string) {
		body, err := encode(id)
		if err != nil {
			return // not UTF-8
		}
		if got, err := decode(body); err != nil || got != "order-placed#"+id {
			t.Errorf("%q: got %q, %v", id, got, err)
		}
	})
}
