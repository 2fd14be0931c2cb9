package queue

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"shop/internal/notification"
)

const (
	orderID = "ord_7vtcxc6t7ggcx267wchbxpn4v3"
	mailID  = "order-placed#" + orderID
	written = `{"type":"order.placed","version":1,"mail_id":"order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3","order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3"}`

	resetID     = "password-reset#tfyF5VdV-eDQMKEKtEKbaylEhV-aDWAHf-gyvsvEHXI"
	resetEvent  = `{"type":"mail.pending","version":1,"mail_id":"password-reset#tfyF5VdV-eDQMKEKtEKbaylEhV-aDWAHf-gyvsvEHXI"}`
	verifyID    = "verify-email#usr_019cafb8-d247-752e-9651-0c5ca6a3a450"
	verifyEvent = `{"type":"mail.pending","version":1,"mail_id":"verify-email#usr_019cafb8-d247-752e-9651-0c5ca6a3a450"}`
)

// goldenMails are the mails of the golden files, by type.
var goldenMails = map[string]string{"order.placed": mailID, "mail.pending": resetID}

func mailOf(id string) notification.Mail { return notification.Mail{ID: id} }

func TestEncode(t *testing.T) {
	for id, want := range map[string]string{mailID: written, resetID: resetEvent, verifyID: verifyEvent} {
		if got, err := encode(mailOf(id)); err != nil || got != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

// TestEncodeRefuses: nothing is sent that would be refused.
func TestEncodeRefuses(t *testing.T) {
	for name, id := range map[string]string{
		"too long": "order-placed#" + strings.Repeat("a", maxBody/2), "invalid UTF-8": "order-placed#\xff",
		"unknown kind":      "order-returned#ord_1",
		"long account mail": "password-reset#" + strings.Repeat("a", maxBody), "no kind": "password-reset",
	} {
		if got, err := encode(mailOf(id)); err == nil || got != "" {
			t.Errorf("%s: got %q, %v, want an error", name, got, err)
		}
	}
}

// TestVersions: of each type the newest version and the one before it are understood. Who adds a version adds its
// golden file, and cannot drop the one before.
func TestVersions(t *testing.T) {
	if len(versions) != len(goldenMails) {
		t.Errorf("there are %d types, want the %d that have golden files", len(versions), len(goldenMails))
	}
	for kind, newest := range versions {
		for _, complaint := range judgeVersions(kind, newest, decode) {
			t.Error(complaint)
		}
		want, err := encode(mailOf(goldenMails[kind]))
		if err != nil {
			t.Fatal(err)
		}
		if golden, err := readGolden(kind, newest); err != nil || golden != want {
			t.Errorf("golden file of %s's newest version: %q, %v, want what is written, %q", kind, golden, err, want)
		}
	}
}

// TestVersionsAreJudged: the rule above is broken by who adds a version without its golden file, or drops the one
// before.
func TestVersionsAreJudged(t *testing.T) {
	for kind, version := range versions {
		onlyNew := func(body string) (string, error) {
			if strings.Contains(body, fmt.Sprintf(`"version":%d`, version)) {
				return "", ErrUnknown
			}
			return goldenMails[kind], nil
		}
		if got := judgeVersions(kind, version+1, decode); len(got) != 1 ||
			!strings.Contains(got[0], fmt.Sprintf("%s-v%d.json", kind, version+1)) {
			t.Errorf("a version without its golden file: %q", got)
		}
		if got := judgeVersions(kind, version+1, onlyNew); len(got) != 2 {
			t.Errorf("the version before is not understood: %q", got)
		}
	}
}

// judgeVersions says what is missing for the newest version of a type to be sent.
func judgeVersions(kind string, newest int, decode func(string) (string, error)) (complaints []string) {
	for v := max(newest-1, 1); v <= newest; v++ {
		golden, err := readGolden(kind, v)
		if err != nil {
			complaints = append(complaints, err.Error())
			continue
		}
		head := fmt.Sprintf(`{"type":%q,"version":%d,`, kind, v)
		if got, err := decode(golden); err != nil || got != goldenMails[kind] || !strings.HasPrefix(golden, head) {
			complaints = append(complaints,
				fmt.Sprintf("%s of version %d: %s is decoded as %q, %v", kind, v, golden, got, err))
		}
	}
	return complaints
}

func readGolden(kind string, version int) (string, error) {
	golden, err := os.ReadFile(fmt.Sprintf("testdata/%s-v%d.json", kind, version))
	return strings.TrimSuffix(string(golden), "\n"), err
}

func TestDecode(t *testing.T) {
	for name, body := range map[string]string{
		"as written":        written,
		"another order":     `{"order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3","version":1,"mail_id":"order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3","type":"order.placed"}`,
		"with blanks":       "\n" + strings.ReplaceAll(written, ",", " , ") + " ",
		"one member more":   strings.Replace(written, "{", `{"trace":"abc",`, 1),
		"as long as may be": written + strings.Repeat(" ", maxBody-len(written)),
	} {
		if got, err := decode(body); err != nil || got != mailID {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, mailID)
		}
	}
	shipped := `{"type":"mail.pending","version":1,"mail_id":"order-shipped#ord_1"}`
	for id, body := range map[string]string{
		"order-shipped#ord_1": shipped, resetID: resetEvent,
		verifyID: strings.Replace(verifyEvent, "{", `{"trace":[],`, 1),
	} {
		if got, err := decode(body); err != nil || got != id {
			t.Errorf("%s: got %q, %v, want %q", body, got, err, id)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(written, old, new, 1) }
	for name, body := range map[string]string{
		"nothing":                           "",
		"null":                              "null",
		"no JSON":                           "order.placed",
		"list":                              "[" + written + "]",
		"empty":                             "{}",
		"cut":                               written[:len(written)-1],
		"trailing data":                     written + "x",
		"it twice":                          written + written,
		"the version before":                change(`"version":1`, `"version":0`),
		"the next version":                  change(`"version":1`, `"version":2`),
		"no version":                        change(`"version":1,`, ``),
		"version as text":                   change(`"version":1`, `"version":"1"`),
		"version 1.5":                       change(`"version":1`, `"version":1.5`),
		"another type":                      change("order.placed", "order.shipped"),
		"no type":                           change(`"type":"order.placed",`, ``),
		"type in capitals":                  change(`"type"`, `"Type"`),
		"a mail of another":                 change("#ord_7", "#ord_8"),
		"another kind of mail":              change("order-placed#", "order-returned#"),
		"no mail":                           change(`"mail_id":"order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3",`, ``),
		"no order":                          change(`,"order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3"`, ``),
		"duplicate member":                  change("{", `{"version":1,`),
		"invalid UTF-8":                     change("ord_7", "\xff"),
		"SNS's envelope":                    `{"Type":"Notification","Message":"{}"}`,
		"S3's test event":                   `{"Service":"Amazon S3","Event":"s3:TestEvent"}`,
		"type with a capital":               change("order.placed", "Order.placed"),
		"too long by a byte":                written + strings.Repeat(" ", maxBody-len(written)+1),
		"256 KiB":                           change("{", `{"pad":"`+strings.Repeat("a", 256<<10-len(written)-9)+`",`),
		"1 MiB":                             change("{", `{"pad":"`+strings.Repeat("a", 1<<20-len(written)-9)+`",`),
		"an order's mail by the other type": `{"type":"mail.pending","version":1,"mail_id":"` + mailID + `"}`,
		"an account mail by an order's":     change(mailID, resetID),
		"account mail of a later version":   strings.Replace(resetEvent, ":1", ":2", 1),
		"account mail of no kind":           strings.Replace(resetEvent, "password-reset", "password", 1),
		"a status of no order":              `{"type":"mail.pending","version":1,"mail_id":"order-shipped#"}`,
		"no account mail":                   `{"type":"mail.pending","version":1}`,
		"deep":                              strings.Repeat(`{"a":`, 600) + "1" + strings.Repeat("}", 600),
	} {
		if got, err := decode(body); !errors.Is(err, ErrUnknown) || got != "" {
			t.Errorf("%s: got %q, %v, want %v", name, got, err, ErrUnknown)
		}
	}
}

// TestRefusalsKeepTheBodyToThemselves: what a message holds may be personal, and must not get into a log.
func TestRefusalsKeepTheBodyToThemselves(t *testing.T) {
	change := func(old, new string) string { return strings.Replace(written, old, new, 1) }
	for _, body := range []string{
		`{"type":1,"email":"ada@example.com"}`, `ada@example.com`, change("ord_7", "ada@example.com"),
		change("order.placed", "ada@example.com"),
		change(":1", `:"ada@example.com"`), change(":1", ":2"+`,"ada@example.com":1`),
		strings.Repeat("ada@example.com", 1000),
	} {
		if _, err := decode(body); err == nil || strings.Contains(err.Error(), "ada@example.com") {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

// TestHugeBodiesAreCheap: a body that is too long is not read. What else runs in this process allocates, too, so the
// least of some runs counts.
func TestHugeBodiesAreCheap(t *testing.T) {
	huge, least := strings.Repeat("[", 1<<20), math.Inf(1)
	for range 20 {
		least = min(least, testing.AllocsPerRun(1, func() { _, _ = decode(huge) }))
	}
	if least > 3 {
		t.Errorf("%v allocations, want those of an error only", least)
	}
}

var accountKinds = []string{"verify-email", "sign-up-attempt", "password-reset"}

// FuzzDecode: no message is taken but one that speaks of an order's own mail, or of an account mail.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		written, "", "null", "{}", "[]", strings.Replace(written, ":1", ":2", 1),
		strings.Replace(written, "ord_7", "ord_8", 1),
		`{"type":"order.placed","version":1,"mail_id":"order-placed#","order_id":""}`, "{\"type\":\"\xff\"}",
		strings.Repeat(`{"a":`, 100), resetEvent, verifyEvent, strings.Replace(resetEvent, "#", "", 1),
		written + strings.Repeat(" ", 4096), strings.Replace(written, "{", `{"trace":{"a":[]},`, 1),
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
		if err := json.Unmarshal([]byte(body), &e); err != nil || len(body) > 4096 || e.Version != 1 || id != e.MailID {
			t.Errorf("%s was taken as %q", body, id)
		}
		kind, _, _ := strings.Cut(id, "#")
		if (e.Type != "order.placed" ||
			id != "order-placed#"+e.OrderID) && (e.Type != "mail.pending" || !slices.Contains(accountKinds, kind)) {
			t.Errorf("%s was taken as %q", body, id)
		}
	})
}

// FuzzEncode: whatever the mail's id, what is written is read as that mail.
func FuzzEncode(f *testing.F) {
	for _, id := range []string{
		mailID, resetID, verifyID, "", "order-placed#", `verify-email#"#{}é`, "order-placed#\xff",
	} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		body, err := encode(mailOf(id))
		if err != nil {
			return // no known kind, not UTF-8, or too long
		}
		if got, err := decode(body); err != nil || got != id {
			t.Errorf("%q: got %q, %v", id, got, err)
		}
	})
}
