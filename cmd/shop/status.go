package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// How a thing is.
type condition string

const (
	good    condition = "ok"
	unknown condition = "?"     // it was not asked, or does not answer here
	wrong   condition = "WRONG" // somebody has to do something
)

// finding is one line of the page.
type finding struct {
	condition
	subject, detail string
}

func newStatus(s streams, t *target) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Check everything that the store depends on",
		Long: `status checks everything that the store depends on: the stack, the API and its pages, the issuer and the
keys, each table and its indexes, the queues, the dead letters, the mails that are pending, and SES. It changes
nothing. docs/operations.md says what to do about each line that says WRONG.

A line with "?" could not be checked and says why: your credentials may not see it, or the local store does not
have it.

It acts with your AWS credentials. They need
  cloudformation:DescribeStacks and DescribeStackResource    on the stack
  dynamodb:DescribeTable, DescribeContinuousBackups          on its tables
  dynamodb:Query                                             on the index "due" of MailsTable
  sqs:GetQueueAttributes                                     on its queues
  kms:DescribeKey, GetPublicKey                              on its keys
  ses:GetSendQuota, GetAccountSendingEnabled, GetIdentityVerificationAttributes

Exit code: 0 nothing is wrong; 1 something is, or the stack was not found; 130 interrupted.`,
		Example: `  shop --local status
  shop --stack shop-production status`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return status(c.Context(), s, t) },
	}
}

func status(ctx context.Context, s streams, t *target) error {
	d, err := t.find(ctx)
	if err != nil {
		return err
	}
	say(s.out, "%s, %s", d.stack, time.Now().UTC().Format(time.RFC3339))
	problems := writePage(s, askAll(ctx, d.checks(t)))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case problems == 1:
		return errors.New("1 thing is wrong")
	case problems > 0:
		return fmt.Errorf("%d things are wrong", problems)
	}
	say(s.out, "nothing is wrong")
	return nil
}

// check asks one dependency.
type check struct {
	subject string
	ask     func(context.Context) []finding
}

// patienceOfStatus bounds each check.
const patienceOfStatus = 20 * time.Second

// askAll makes all checks at once, and returns what they found in their order.
func askAll(ctx context.Context, checks []check) []finding {
	answers := make([][]finding, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, patienceOfStatus)
			defer cancel()
			answers[i] = c.ask(ctx)
			for n := range answers[i] {
				if answers[i][n].subject == "" {
					answers[i][n].subject = c.subject
				}
			}
		})
	}
	all.Wait()
	var found []finding
	for _, answer := range answers {
		found = append(found, answer...)
	}
	return found
}

// writePage writes the page and returns how many lines are wrong.
func writePage(s streams, found []finding) (problems int) {
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, f := range found {
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.condition, f.subject, f.detail)
		if f.condition == wrong {
			problems++
		}
	}
	_ = table.Flush()
	return problems
}

func one(c condition, format string, args ...any) []finding {
	return []finding{{condition: c, detail: fmt.Sprintf(format, args...)}}
}

// judge is good, or wrong where a thing is.
func judge(bad bool) condition {
	if bad {
		return wrong
	}
	return good
}
