package sesmail

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"

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
	// notSent is the complaintSubType of a mail that SES took but did not send, because its address is on the account's own list.
	notSent = "OnAccountSuppressionList"
	// notSpam is the complaintFeedbackType that takes an earlier complaint back.
	notSpam = "not-spam"
)

// event is what matters here of an event that SES publishes of a mail.
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
type event struct {
	Type   string `json:"eventType"`
	Bounce struct {
		Type       string      `json:"bounceType"`
		Recipients []recipient `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint struct {
		SubType    string      `json:"complaintSubType"`
		Type       string      `json:"complaintFeedbackType"`
		Recipients []recipient `json:"complainedRecipients"`
	} `json:"complaint"`
	Mail struct {
		Destination []string            `json:"destination"`
		Tags        map[string][]string `json:"tags"`
	} `json:"mail"`
}

type recipient struct {
	Address string `json:"emailAddress"`
}

// DecodeReport reads the detail of an event that SES publishes of a mail. It returns ErrUnknown for anything but a bounce or a
// complaint about an address; its errors hold no address.
func DecodeReport(detail []byte) (notification.Report, error) {
	var e event
	if err := json.Unmarshal(detail, &e); err != nil {
		return notification.Report{}, fmt.Errorf("%w: not the event's JSON", ErrUnknown)
	}
	r, err := e.report()
	if err != nil {
		return notification.Report{}, err
	}
	r.MailID, r.Addresses = e.mailID(), e.addresses()
	if len(r.Addresses) == 0 {
		return notification.Report{}, fmt.Errorf("%w: a %s of no address", ErrUnknown, r.Reason)
	}
	return r, nil
}

// report tells what follows from the event. A bounce that is not permanent says nothing about later mails: a full mailbox, a
// server that is down, an answer from an absent person.
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

// addresses returns whom the event speaks of, normalised: its recipients, and whom the mail was for. The two differ where mail
// is forwarded, because a bounce names the address that it came back from. A mail of ours is for one address; were it for
// several, it would not be known whose the report is.
func (e event) addresses() []string {
	var found []string
	for _, r := range append(e.Bounce.Recipients, e.Complaint.Recipients...) {
		found = append(found, address(r.Address)...)
	}
	if len(e.Mail.Destination) == 1 {
		found = append(found, address(e.Mail.Destination[0])...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// address returns what "Name <a@b>" or "a@b" is, normalised; nothing where it is no address that a customer could have.
func address(s string) []string {
	if parsed, err := mail.ParseAddress(s); err == nil {
		s = parsed.Address
	}
	normal, err := user.NormalizeEmail(s)
	if err != nil {
		return nil
	}
	return []string{normal}
}
