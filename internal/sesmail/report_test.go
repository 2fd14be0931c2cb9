package sesmail

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"shop/internal/notification"
	"shop/internal/user"
)

// bounced and complained are details of events as AWS documents them:
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html
const bounced = `{
  "eventType": "Bounce",
  "bounce": {
    "bounceType": "Permanent", "bounceSubType": "General",
    "bouncedRecipients": [
      {"emailAddress": "ada@example.com", "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    ],
    "timestamp": "2026-03-14T15:09:28.669Z", "feedbackId": "0102019ced-feedback-000000", "reportingMTA": "dsn; mta.example.com"
  },
  "mail": {
    "timestamp": "2026-03-14T15:09:27.012Z", "source": "shop@shop.example",
    "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/shop@shop.example", "sendingAccountId": "123456789012",
    "messageId": "0102019ced-message-000000", "destination": ["ada@example.com"], "headersTruncated": false,
    "headers": [{"name": "From", "value": "shop@shop.example"}, {"name": "To", "value": "ada@example.com"}],
    "commonHeaders": {"from": ["shop@shop.example"], "to": ["ada@example.com"], "subject": "Your order"},
    "tags": {
      "ses:configuration-set": ["shop-mails"], "ses:source-ip": ["192.0.2.0"], "ses:from-domain": ["shop.example"],
      "ses:caller-identity": ["notify"], "mail_kind": ["order-placed"], "mail_subject": ["ord_7"]
    }
  }
}`

const complained = `{
  "eventType": "Complaint",
  "complaint": {
    "complainedRecipients": [{"emailAddress": "ada@example.com"}],
    "timestamp": "2026-03-14T16:09:28.669Z", "feedbackId": "0102019ced-feedback-000000", "userAgent": "AnyCompany feedback loop",
    "complaintSubType": null, "complaintFeedbackType": "abuse", "arrivalDate": "2026-03-14T16:09:28.669Z"
  },
  "mail": {
    "timestamp": "2026-03-14T15:09:27.012Z", "messageId": "0102019ced-message-000000", "destination": ["ada@example.com"],
    "tags": {"ses:configuration-set": ["shop-mails"], "mail_kind": ["order-placed"], "mail_subject": ["ord_7"]}
  }
}`

const messageID = "0102019ced-message-000000"

// lost and unwanted are what follows from the two.
var (
	lost = notification.Report{
		MailID: "order-placed#ord_7", MessageID: messageID, Address: "ada@example.com", Reason: notification.Bounced,
		Suppress: true, Lost: true,
	}
	unwanted = notification.Report{
		MailID: "order-placed#ord_7", MessageID: messageID, Address: "ada@example.com", Reason: notification.Complained,
		Suppress: true,
	}
)

// changed is r with something else in it.
func changed(r notification.Report, change func(*notification.Report)) notification.Report {
	change(&r)
	return r
}

func TestDecodeReport(t *testing.T) {
	passing := func(r *notification.Report) { r.Suppress, r.Lost = false, false }
	nameless := func(r *notification.Report) { r.MailID = "" }
	const recipient, destination = `"emailAddress": "ada@example.com"`, `"destination": ["ada@example.com"]`
	for name, c := range map[string]struct {
		event    string
		old, new string // replaced in the event
		want     notification.Report
	}{
		"a bounce for good":      {bounced, "", "", lost},
		"a bounce for now":       {bounced, "Permanent", "Transient", changed(lost, passing)},
		"a bounce for who knows": {bounced, "Permanent", "Undetermined", changed(lost, passing)},
		"on the account's list":  {bounced, "General", "OnAccountSuppressionList", lost},
		"a complaint":            {complained, "", "", unwanted},
		"a complaint of no kind": {complained, `"complaintFeedbackType": "abuse", `, "", unwanted},
		"a complaint taken back": {complained, "abuse", "not-spam", changed(unwanted, passing)},
		"kept for an earlier complaint": {complained, "null", `"OnAccountSuppressionList"`, changed(unwanted,
			func(r *notification.Report) { r.Lost = true })},
		"with a name":   {bounced, destination, `"destination": ["Ada <ada@example.com>"]`, lost},
		"in mixed case": {complained, destination, `"destination": [" Ada@EXAMPLE.com"]`, unwanted},
		"with a name, in mixed case": {
			bounced, destination, `"destination": ["\"Lovelace, Ada\" <ADA@Example.Com>"]`, lost,
		},
		"forwarded":                    {bounced, recipient, `"emailAddress": "ada@new.example"`, lost},
		"a bounce of somebody else":    {bounced, recipient, `"emailAddress": "admin@example.com"`, lost},
		"a complaint of somebody else": {complained, recipient, `"emailAddress": "admin@example.com"`, unwanted},
		"a recipient that is no text":  {bounced, recipient, `"emailAddress": 7`, lost},
		"no recipients":                {complained, "{" + recipient + "}", "", unwanted},
		"several recipients": {
			bounced, "{" + recipient, `{"emailAddress": "bob@example.com"}, {` + recipient, lost,
		},
		"no tags": {
			bounced, `"mail_kind": ["order-placed"], "mail_subject": ["ord_7"]`, `"other": ["x"]`,
			changed(lost, nameless),
		},
		"half the tags": {bounced, `"mail_kind": ["order-placed"], `, "", changed(lost, nameless)},
		"a tag twice":   {bounced, `["ord_7"]`, `["ord_7", "ord_8"]`, changed(lost, nameless)},
		"members of a later version": {
			bounced, `"headersTruncated": false`, `"headersTruncated": false, "later": {"a": [1]}`, lost,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(c.event, c.old) {
				t.Fatalf("the event has no %s", c.old)
			}
			got, err := DecodeReport([]byte(strings.Replace(c.event, c.old, c.new, 1)))
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

// unknown are details that are no report.
var unknown = map[string]string{
	"nothing":             "",
	"null":                "null",
	"no JSON":             `{"eventType": "Bounce"`,
	"a list":              "[" + bounced + "]",
	"empty":               "{}",
	"another event":       strings.Replace(bounced, `"Bounce"`, `"Delivery"`, 1),
	"an identity's":       strings.Replace(bounced, "eventType", "notificationType", 1),
	"a bounce of no type": strings.Replace(bounced, "Permanent", "", 1),
	"a bounce of another": strings.Replace(bounced, "Permanent", "permanent", 1),
	"a bounce of a bool":  strings.Replace(bounced, `"Permanent"`, "true", 1),
	"of nobody":           strings.ReplaceAll(bounced, "ada@example.com", ""),
	"to nobody":           strings.Replace(complained, `["ada@example.com"]`, "[]", 1),
	"to several": strings.Replace(bounced, `["ada@example.com"],`, `["ada@example.com", "bob@example.com"],`,
		1),
	"of no sending":      strings.Replace(bounced, messageID, "", 1),
	"of no address":      strings.ReplaceAll(complained, "ada@example.com", "ada at example.com"),
	"a tag that is none": strings.Replace(bounced, `["ord_7"]`, `"ord_7"`, 1),
	"a member twice":     strings.Replace(bounced, `"bounceSubType"`, `"bounceType": "Transient", "bounceSubType"`, 1),
}

func TestDecodeReportOfUnknown(t *testing.T) {
	for name, detail := range unknown {
		t.Run(name, func(t *testing.T) {
			got, err := DecodeReport([]byte(detail))
			if !errors.Is(err, ErrUnknown) || !reflect.DeepEqual(got, notification.Report{}) {
				t.Errorf("got %+v, %v, want %v", got, err, ErrUnknown)
			}
			if strings.Contains(fmt.Sprint(err), "ada") {
				t.Errorf("the error tells an address: %v", err)
			}
		})
	}
}

// TestTagsComeBack: what Send tells SES in tags, a report names the mail by.
func TestTagsComeBack(t *testing.T) {
	detail := bounced
	for _, tag := range tags("order-placed#ord_8") {
		detail = strings.NewReplacer(`"`+*tag.Name+`": ["ord_7"]`, `"`+*tag.Name+`": ["`+*tag.Value+`"]`).
			Replace(detail)
	}
	if got, err := DecodeReport([]byte(detail)); err != nil || got.MailID != "order-placed#ord_8" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func FuzzDecodeReport(f *testing.F) {
	f.Add([]byte(bounced))
	f.Add([]byte(complained))
	for _, detail := range unknown {
		f.Add([]byte(detail))
	}
	f.Fuzz(func(t *testing.T, detail []byte) {
		r, err := DecodeReport(detail)
		if err != nil {
			if !errors.Is(err, ErrUnknown) || strings.Contains(err.Error(), "@") ||
				!reflect.DeepEqual(r, notification.Report{}) {
				t.Errorf("got %+v, %v", r, err)
			}
			return
		}
		if r.MessageID == "" || r.Reason == notification.Bounced && r.Lost != r.Suppress {
			t.Errorf("got %+v", r)
		}
		if normal, err := user.NormalizeEmail(r.Address); err != nil || normal != r.Address {
			t.Errorf("%q is not normalised", r.Address)
		}
	})
}
