package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/spf13/cobra"

	"shop/cmd/shop/internal/redrive"
	"shop/internal/clock"
	"shop/internal/dynamostore"
	"shop/internal/queue"
)

// The parts of a redrive, as --only names them.
const (
	onlyMails   = "mails"
	onlyLetters = "letters"
)

// redriveCommand is one command line of shop redrive.
type redriveCommand struct {
	streams
	target *target
	yes    bool
	all    bool
	only   string
	since  time.Duration
}

func newRedrive(s streams, t *target) *cobra.Command {
	r := &redriveCommand{streams: s, target: t}
	c := &cobra.Command{
		Use:   "redrive",
		Short: "Send failed mails and dead letters again",
		Long: `redrive lists the mails that failed for good and the dead letters, and changes nothing. Fix the cause,
then run it with --yes:

  mails    Each failed mail is pending again for another 72 hours, and its order says "pending"; a mail with a
           link is pending for 30 minutes. The relay sends it within a minute or two. Mails that were sent or
           are pending stay as they are.
  letters  Each dead letter that is an event of a mail is sent to the mail queue, then deleted from the
           dead-letter queue. If the command is stopped in between, that mail gets a second event, which is
           harmless; no letter is lost. Letters that this version of shop cannot read stay; with --all they
           are sent as they are, which helps when the deployed functions are newer than this tool.

To count letters the command receives them and returns them: nobody else sees them meanwhile. If the command
is killed, they are visible again within a minute. To find failed mails it reads the whole mails table: a
million mails cost about 25,000 read request units, which is less than a cent, and --since saves none.
Run the command again to finish an interrupted run; a run after that does nothing more.

It acts with your AWS credentials. They need
  cloudformation:DescribeStacks                       on the stack
  dynamodb:Scan                                       on MailsTable; with --yes dynamodb:UpdateItem, too
  sqs:ReceiveMessage and sqs:ChangeMessageVisibility  on the queue of MailDeadLetterQueueUrl; with --yes
                                                      sqs:DeleteMessage, too
  sqs:SendMessage                                     with --yes, on the queue of MailQueueUrl
(the names are outputs of the stack).

Exit code: 0 done; 1 failed; 130 interrupted.`,
		Example: `  shop --local redrive
  shop --stack shop-production redrive --since 24h
  shop --stack shop-production redrive --yes --only letters`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return r.run(c.Context()) },
	}
	r.addFlags(c)
	return c
}

func (r *redriveCommand) addFlags(c *cobra.Command) {
	flags := c.Flags()
	flags.BoolVar(&r.yes, "yes", false, "do it; else only say what there is")
	flags.BoolVar(&r.all, "all", false, "with --yes: send dead letters that are not understood, too")
	flags.StringVar(&r.only, "only", "", "do one part only: mails or letters")
	flags.DurationVar(&r.since, "since", 0, "only mails that failed since then, such as 24h (default: all)")
}

func (r *redriveCommand) run(ctx context.Context) error {
	if err := r.checkOptions(); err != nil {
		return err
	}
	d, err := r.target.find(ctx)
	if err != nil {
		return err
	}
	// Mails first: a letter that is the event of a failed mail finds it requeued.
	if r.does(onlyMails) {
		if err := r.mails(ctx, d); err != nil {
			return err
		}
	}
	if r.does(onlyLetters) {
		if err := r.letters(ctx, d); err != nil {
			return err
		}
	}
	if !r.yes {
		say(r.out, "nothing was changed: --yes sends again")
	}
	return nil
}

func (r *redriveCommand) checkOptions() error {
	switch {
	case r.only != "" && r.only != onlyMails && r.only != onlyLetters:
		return fmt.Errorf("--only %s: there are %s and %s", r.only, onlyMails, onlyLetters)
	case r.since < 0:
		return fmt.Errorf("--since %s: not below 0", r.since)
	case r.all && !r.yes:
		return errors.New("--all changes nothing without --yes")
	}
	return nil
}

func (r *redriveCommand) does(part string) bool { return r.only == "" || r.only == part }

// mails goes through the failed mails and reports, however far it got.
func (r *redriveCommand) mails(ctx context.Context, d deployment) error {
	table, err := d.output("MailsTable")
	if err != nil {
		return err
	}
	progress := newBar(r.err, "looking for failed mails")
	outbox := &redrive.Outbox{
		Ledger:   &dynamostore.FailedMails{Client: dynamodb.NewFromConfig(d.aws), Mails: table},
		Requeue:  r.yes,
		Now:      clock.Now,
		Progress: func(n int) { progress.describe(fmt.Sprintf("failed mails: %d", n)) },
	}
	if r.since > 0 {
		outbox.Since = clock.Now().Add(-r.since)
	}
	found, err := outbox.Run(ctx)
	progress.done()
	r.reportMails(found)
	return err
}

// letters goes through the dead letters and reports, however far it got.
func (r *redriveCommand) letters(ctx context.Context, d deployment) error {
	deadURL, err := d.output("MailDeadLetterQueueUrl")
	if err != nil {
		return err
	}
	mailURL, err := d.output("MailQueueUrl")
	if err != nil {
		return err
	}
	progress := newBar(r.err, "reading dead letters")
	post := &redrive.DeadLetterRun{
		Queue:        &queue.DeadLetters{Client: sqs.NewFromConfig(d.aws), URL: deadURL, MailURL: mailURL},
		Resend:       r.yes,
		Unrecognised: r.all,
		Progress:     func(n int) { progress.describe(fmt.Sprintf("dead letters: %d", n)) },
	}
	found, err := post.Run(ctx)
	progress.done()
	r.reportLetters(found)
	return err
}

func (r *redriveCommand) reportMails(m redrive.Mails) {
	table := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	count(table, m.Found, "failed mails")
	if r.yes {
		count(table, m.Requeued, "  requeued")
	}
	_ = table.Flush()
	for _, mail := range m.First {
		say(r.out, "   %s failed at %s", mail.ID, mail.FailedAt.Format(time.RFC3339))
	}
	if more := m.Found - len(m.First); more > 0 {
		say(r.out, "   and %d more, the last at %s", more, m.Last.Format(time.RFC3339))
	}
}

func (r *redriveCommand) reportLetters(l redrive.Letters) {
	table := tabwriter.NewWriter(r.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	count(table, l.Found(), "dead letters")
	count(table, l.Understood, "  events of mails")
	count(table, l.Unrecognised, "  not understood")
	if r.yes {
		count(table, l.Resent, "  sent again")
	}
	_ = table.Flush()
	for _, id := range l.First {
		say(r.out, "   message %s is not understood", id)
	}
	if more := l.Unrecognised - len(l.First); more > 0 {
		say(r.out, "   and %d more", more)
	}
}
