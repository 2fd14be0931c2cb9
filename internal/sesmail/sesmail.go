// Package sesmail sends mails through Amazon SES, and reads its reports of bounces and complaints.
package sesmail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	"github.com/aws/aws-sdk-go-v2/service/ses/types"
	"github.com/aws/smithy-go"

	"shop/internal/notification"
)

// Mailer is a notification.Mailer over SES.
type Mailer struct {
	Client           *ses.Client
	Sender           string // an address that SES has verified
	ConfigurationSet string
	ReplyTo          string // the address that answers go to; empty means the sender's
}

// Send makes one attempt and returns SES's message id. It returns notification.ErrRefused for an address that SES calls
// none, and notification.ErrNoAnswer where the call reached SES and no answer came. An answer is believed: a 5xx says
// that SES failed. All else, a sender that is not verified or sending that is paused included, is for the operator to
// mend, and the mail to be sent later.
func (m *Mailer) Send(ctx context.Context, message notification.Message) (string, error) {
	var connected atomic.Bool
	out, err := m.Client.SendEmail(noting(ctx, &connected), m.input(message), onlyThrottlesAgain)
	switch {
	case err == nil:
		return aws.ToString(out.MessageId), nil
	case refused(err):
		return "", fmt.Errorf("%w: %w", notification.ErrRefused, withoutAddress(err))
	case connected.Load() && !answered(err):
		return "", fmt.Errorf("%w: %w", notification.ErrNoAnswer, withoutAddress(err))
	}
	return "", fmt.Errorf("sending a mail: %w", withoutAddress(err))
}

// noting returns a ctx with which a call notes whether its last attempt had a connection. Without one nothing reached
// SES.
func noting(ctx context.Context, connected *atomic.Bool) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { connected.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
}

// answered reports whether a failed call was answered with an error. A success of which the id cannot be read is no
// answer.
func answered(err error) bool {
	var answer interface{ HTTPStatusCode() int }
	return errors.As(err, &answer) && answer.HTTPStatusCode() >= http.StatusMultipleChoices
}

func (m *Mailer) input(message notification.Message) *ses.SendEmailInput {
	in := &ses.SendEmailInput{
		Source:               &m.Sender,
		ConfigurationSetName: &m.ConfigurationSet,
		Destination:          &types.Destination{ToAddresses: []string{message.To}},
		Message: &types.Message{
			Subject: utf8(message.Subject),
			Body:    &types.Body{Text: utf8(message.Text), Html: utf8(message.HTML)},
		},
		Tags: tags(message.MailID),
	}
	if m.ReplyTo != "" {
		in.ReplyToAddresses = []string{m.ReplyTo}
	}
	return in
}

// The tags by which a report names its mail. SES allows letters, digits, _ and - in a value, so the mail's id goes in
// two parts.
const (
	kindTag    = "mail_kind"
	subjectTag = "mail_subject"
)

func tags(mailID string) []types.MessageTag {
	kind, subject := notification.CutMailID(mailID)
	return []types.MessageTag{
		{Name: aws.String(kindTag), Value: &kind}, {Name: aws.String(subjectTag), Value: &subject},
	}
}

func utf8(s string) *types.Content { return &types.Content{Data: &s, Charset: aws.String("UTF-8")} }

// onlyThrottlesAgain keeps the SDK from repeating a call that SES may have carried out: SES takes no idempotency token,
// so a repeat after a timeout or a 5xx could be a second mail. A throttled call was not carried out.
func onlyThrottlesAgain(o *ses.Options) {
	o.Retryer = retry.NewStandard(func(s *retry.StandardOptions) {
		s.Retryables = []retry.IsErrorRetryable{retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes}}
	})
}

// withoutAddress names an error of SES by its code: its message may hold the address.
func withoutAddress(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		return errors.New("SES answered " + api.ErrorCode())
	}
	return err
}

// refused reports whether SES calls the address none: the only parameter of ours that comes from a customer.
func refused(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "InvalidParameterValue"
}
