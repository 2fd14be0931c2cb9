package sesmail

import (
	"context"
	"fmt"

	"golang.org/x/time/rate"

	"shop/internal/deadline"
	"shop/internal/notification"
)

// accountWorkers is how many batches of account mails are sent at once: the least that SQS's event sources can be set
// to. https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html
const accountWorkers = 2

// toSend is the time that a mail takes when its turn has come: the call to SES, and marking it sent.
const toSend = deadline.Mail + deadline.Call

// Pace spaces the calls to SES, which takes so many mails a second and refuses what is above that. Account mails have a
// part of the rate for themselves, so that a backlog of orders' mails does not hold up a reset. Processes do not know
// of each other: each takes the rate divided by how many may run at once.
type Pace struct{ orders, accounts *rate.Limiter }

// NewPace returns the pace of one process.
//   - perSecond is how many mails all processes send a second, accountsPerSecond how many of them are account mails.
//   - workers is how many batches of orders' mails are sent at once.
func NewPace(perSecond, accountsPerSecond float64, workers int) (*Pace, error) {
	if accountsPerSecond <= 0 || perSecond <= accountsPerSecond || workers < 1 {
		return nil, fmt.Errorf("%v mails a second, %v of them account mails, by %d workers: none may be 0, "+
			"and orders' mails need a part of the rate", perSecond, accountsPerSecond, workers)
	}
	return &Pace{
		orders:   rate.NewLimiter(rate.Limit((perSecond-accountsPerSecond)/float64(workers)), 1),
		accounts: rate.NewLimiter(rate.Limit(accountsPerSecond/accountWorkers), 1),
	}, nil
}

// Wait returns when it is the mail's turn, or at once an error when its turn would leave too little time to send it.
func (p *Pace) Wait(ctx context.Context, mail notification.Mail) error {
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-toSend))
		defer cancel()
	}
	turns := p.orders
	if mail.IsAccountMail() {
		turns = p.accounts
	}
	if err := turns.Wait(ctx); err != nil {
		return fmt.Errorf("waiting for the mail's turn: %w", err)
	}
	return nil
}
