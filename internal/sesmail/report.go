package sesmail

import (
	"errors"
	"fmt"
	"net/mail"

	"github.com/go-json-experiment/json"

	"shop/internal/notification"
	"shop/internal/user"
)

// ErrUnknown says that an event is no bounce and no complaint as SES writes them.
var ErrUnknown = errors.New("unknown report")

// The values of SES's events that make a difference.
const (
	bounceEvent    = "Bounce"
	complaintEvent = "Complaint"
	permanent      = "Permanent"
	transient      = "Transient"
	undetermined   = "Undetermined"
	// notSent is the complaintSubType of a mail that SES took but did not send, because its address is on the account's
	// own list.
	notSent = "OnAccountSuppressionList"
	// notSpam is the complaintFeedbackType that takes an earlier complaint back.
	notSpam = "not-spam"
)

// event is what matters here of an event that SES publishes of a mail.
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
type event struct {
	Type   string `json:"eventType"`
	Bounce struct {
		Type string `json:"bounceType"`
	} `json:"bounce"`
	Complaint struct {
		SubType string `json:"complaintSubType"`
		Type    string `json:"complaintFeedbackType"`
	} `json:"complaint"`
	Mail struct {
		MessageID   string              `json:"messageId"`
		Destination []string            `json:"destination"`
		Tags        map[string][]string `json:"tags"`
	} `json:"mail"`
}

// DecodeReport reads the detail of an event that SES publishes of a mail. It returns ErrUnknown for anything but a
// bounce or a complaint about a mail of ours, which is for one address; its errors hold no address.
//
// The address is the one that SES was given with the mail. The recipients that a bounce or a complaint names
// (bouncedRecipients, complainedRecipients) are not read: they are what a remote server wrote, and could be anybody's.
func DecodeReport(detail []byte) (notification.Report, error) {
	var e event
	if err := json.Unmarshal(detail, &e); err != nil {
		return notification.Report{}, fmt.Errorf("%w: not the event's JSON", ErrUnknown)
	}
	r, err := e.report()
	if err != nil {
		return notification.Report{}, err
	}
	address, ok := e.address()
	if !ok || e.Mail.MessageID == "" {
		return notification.Report{}, fmt.Errorf("%w: a %s of no mail to one address", ErrUnknown, r.Reason)
	}
	r.MailID, r.MessageID, r.Address = e.mailID(), e.Mail.MessageID, address
	return r, nil
}

// report returns what the event means for the address and the mail. A bounce that is not permanent says nothing about
// later mails: a full mailbox, a server that is down, an answer from an absent person.
func (e event) report() (notification.Report, error) {
	switch {
	case e.Type == complaintEvent:
		unwanted, lost := e.Complaint.Type != notSpam, e.Complaint.SubType == notSent
		return notification.Report{Reason: notification.Complained, Suppress: unwanted, Lost: lost}, nil
	case e.Type == bounceEvent && e.Bounce.Type == permanent:
		return notification.Report{Reason: notification.Bounced, Suppress: true, Lost: true}, nil
	case e.Type == bounceEvent && (e.Bounce.Type == transient || e.Bounce.Type == undetermined):
		return notification.Report{Reason: notification.Bounced}, nil
	}
	return notification.Report{}, fmt.Errorf("%w: neither a complaint nor a bounce of a known type", ErrUnknown)
}

// mailID returns the id that Send put into the tags, or nothing for a mail that has none.
func (e event) mailID() string {
	kind, subject := e.Mail.Tags[kindTag], e.Mail.Tags[subjectTag]
	if len(kind) != 1 || len(subject) != 1 {
		return ""
	}
	return notification.MailID(kind[0], subject[0])
}

// address returns whom the mail was for, normalised. It returns none if the mail was for several addresses, as none of
// our mails is: the report would not say which it is about.
func (e event) address() (string, bool) {
	if len(e.Mail.Destination) != 1 {
		return "", false
	}
	address := e.Mail.Destination[0]
	if parsed, err := mail.ParseAddress(address); err == nil {
		address = parsed.Address
	}
	normal, err := user.NormalizeEmail(address)
	return normal, err == nil
}
