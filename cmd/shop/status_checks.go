package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	sestypes "github.com/aws/aws-sdk-go-v2/service/ses/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"shop/internal/clock"
	"shop/internal/dynamostore"
)

const (
	// relayLate is how long after it was due a mail is rescheduled at the latest: the relay runs every minute.
	relayLate = 3 * time.Minute
	// mailLate is how long a mail may be pending before somebody should look.
	mailLate = 15 * time.Minute
	// sandboxQuota is what SES lets an account send in 24 hours that it has not moved out of its sandbox.
	// https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html
	sandboxQuota = 200
	// quotaUsed is the share of SES's quota from which on somebody should ask for more.
	quotaUsed = 0.8
)

func (d deployment) checks(t *target) []check {
	all := []check{
		{"stack", d.askStack},
		{"API", func(ctx context.Context) []finding { return get(ctx, d.apiURL, "/products?limit=1") }},
		{"pages", d.askPages},
		{"issuer", func(ctx context.Context) []finding {
			return get(ctx, d.named("IssuerUrl"), "/.well-known/openid-configuration")
		}},
		{"keys", func(ctx context.Context) []finding { return askKeys(ctx, t) }},
	}
	for _, output := range slices.Sorted(maps.Keys(d.outputs)) {
		if strings.HasSuffix(output, "Table") {
			name := d.outputs[output]
			all = append(all, check{"table " + strings.TrimSuffix(output, "Table"),
				func(ctx context.Context) []finding { return d.askTable(ctx, name) }})
		}
	}
	for _, output := range slices.Sorted(maps.Keys(d.outputs)) {
		if name, isQueue := strings.CutSuffix(output, "QueueUrl"); isQueue {
			all = append(all, check{"queue " + name, func(ctx context.Context) []finding {
				return d.askQueue(ctx,
					output)
			}})
		}
	}
	return append(all, check{"mails", d.askMails}, check{"SES", d.askSES}, check{"sender", d.askSender})
}

func (d deployment) askStack(ctx context.Context) []finding {
	out, err := cloudformation.NewFromConfig(d.aws).DescribeStacks(ctx,
		&cloudformation.DescribeStacksInput{StackName: &d.stack})
	if err != nil || len(out.Stacks) == 0 {
		return one(wrong, "CloudFormation: %v", err)
	}
	state := string(out.Stacks[0].StackStatus)
	bad := strings.Contains(state, "FAILED") || strings.HasPrefix(state, "ROLLBACK") || strings.HasPrefix(state,
		"DELETE")
	return one(judge(bad), "%s", state)
}

// named finds an output.
func (d deployment) named(output string) func() (string, error) {
	return func() (string, error) { return d.output(output) }
}

// get asks for a page below a base, which find finds.
func get(ctx context.Context, find func() (base string, err error), path string) []finding {
	url, err := find()
	if err != nil {
		return one(wrong, "%v", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
	if err != nil {
		return one(wrong, "%v", err)
	}
	began := time.Now()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return one(wrong, "%v", err)
	}
	_ = response.Body.Close()
	return one(judge(response.StatusCode != http.StatusOK), "%s%s answers %d in %d ms", url, path,
		response.StatusCode, time.Since(began).Milliseconds())
}

func (d deployment) askPages(ctx context.Context) []finding {
	if d.outputs["PagesUrl"] == "" {
		return one(unknown, "the stack serves none")
	}
	if d.mailURL != "" { // the emulator's distribution has a port that the stack does not know
		return one(unknown, "make pages-url says where they are")
	}
	return get(ctx, d.named("PagesUrl"), "/")
}

func askKeys(ctx context.Context, t *target) []finding {
	k, err := findKeys(ctx, t)
	if err != nil {
		return one(wrong, "%v", err)
	}
	state, err := k.state(ctx)
	switch {
	case err != nil:
		return one(wrong, "%v", err)
	case !state.Signing.Enabled:
		return one(wrong, "%s signs, and is disabled: nobody can log in", state.Signing.ID)
	case !state.Signing.Published:
		return one(wrong, "%s signs, and the issuer does not publish it", state.Signing.ID)
	case state.Standby == nil:
		return one(wrong, "there is no standby key: shop rotate-key makes one")
	case !state.Standby.Enabled || !state.Standby.Published:
		return one(wrong, "the standby key %s is disabled or not published", state.Standby.ID)
	}
	return one(good, "one signs, one stands by, both are published")
}

func (d deployment) askTable(ctx context.Context, name string) []finding {
	client := dynamodb.NewFromConfig(d.aws)
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		return one(wrong, "%v", err)
	}
	table := out.Table
	for _, index := range table.GlobalSecondaryIndexes {
		if state := index.IndexStatus; state != dynamotypes.IndexStatusActive &&
			state != "" { // the emulator tells none
			return one(wrong, "the index %s is %s", aws.ToString(index.IndexName), index.IndexStatus)
		}
	}
	if table.TableStatus != dynamotypes.TableStatusActive && table.TableStatus != dynamotypes.TableStatusUpdating {
		return one(wrong, "it is %s", table.TableStatus)
	}
	return d.askBackups(ctx, client, name, fmt.Sprintf("%s, some %d items, %d KB", table.TableStatus,
		aws.ToInt64(table.ItemCount), aws.ToInt64(table.TableSizeBytes)/1000))
}

// askBackups asks whether the table can be restored to a moment. The emulator makes tables without that, whatever the
// template says.
func (d deployment) askBackups(ctx context.Context, client *dynamodb.Client, name, size string) []finding {
	if d.mailURL != "" {
		return one(good, "%s", size)
	}
	out, err := client.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &name})
	if err != nil || out.ContinuousBackupsDescription == nil ||
		out.ContinuousBackupsDescription.PointInTimeRecoveryDescription == nil {
		return one(good, "%s; whether it can be restored is not known", size)
	}
	state := out.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus
	if state != dynamotypes.PointInTimeRecoveryStatusEnabled {
		return one(wrong, "%s; point-in-time recovery is off", size)
	}
	return one(good, "%s", size)
}

// askQueue reports a dead-letter queue that has messages as wrong. How long the mail queue's messages have waited, the
// check of the mails shows.
func (d deployment) askQueue(ctx context.Context, output string) []finding {
	out, err := sqs.NewFromConfig(d.aws).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl:       aws.String(d.outputs[output]),
		AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll},
	})
	if err != nil {
		return one(wrong, "%v", err)
	}
	count := func(name sqstypes.QueueAttributeName) int {
		n, _ := strconv.Atoi(out.Attributes[string(name)])
		return n
	}
	waiting := count(sqstypes.QueueAttributeNameApproximateNumberOfMessages)
	underWay := count(sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible)
	dead := strings.Contains(output, "DeadLetter")
	return one(judge(dead && waiting+underWay > 0), "%d waiting, %d under way", waiting, underWay)
}

func (d deployment) askMails(ctx context.Context) []finding {
	table, err := d.output("MailsTable")
	if err != nil {
		return one(wrong, "%v", err)
	}
	now := clock.Now()
	mails := &dynamostore.MailBacklog{Client: dynamodb.NewFromConfig(d.aws), Mails: table}
	b, err := mails.Count(ctx, now.Add(-relayLate))
	if err != nil {
		return one(wrong, "%v", err)
	}
	if b.Pending == 0 {
		return one(good, "none is pending")
	}
	more, age := "", now.Sub(b.Oldest).Round(time.Second)
	if b.AtLeast {
		more = "at least "
	}
	bad := b.Overdue > 0 || age > mailLate
	return one(judge(bad), "%s%d pending, the oldest for %s; %d that the relay should have rescheduled", more,
		b.Pending, age, b.Overdue)
}

func (d deployment) askSES(ctx context.Context) []finding {
	client := ses.NewFromConfig(d.aws)
	quota, err := client.GetSendQuota(ctx, &ses.GetSendQuotaInput{})
	if err != nil {
		return one(wrong, "%v", err)
	}
	found := judgeQuota(quota.SentLast24Hours, quota.Max24HourSend, quota.MaxSendRate)
	enabled, err := client.GetAccountSendingEnabled(ctx, &ses.GetAccountSendingEnabledInput{})
	switch {
	case err != nil && d.mailURL != "":
	case err != nil:
		found = append(found, finding{condition: unknown, detail: fmt.Sprintf("whether sending is paused: %v", err)})
	case !enabled.Enabled:
		found = append(found, finding{condition: wrong, detail: "sending is paused for the whole account"})
	}
	return found
}

func judgeQuota(sent, most, rate float64) []finding {
	text := fmt.Sprintf("%.0f of %.0f mails sent in 24 hours, at most %.0f a second", sent, most, rate)
	switch {
	case most == sandboxQuota:
		return one(wrong, "%s: that is SES's sandbox, which sends to verified addresses only", text)
	case most > 0 && sent > quotaUsed*most:
		return one(wrong, "%s: the quota is nearly used up", text)
	}
	return one(good, "%s", text)
}

func (d deployment) askSender(ctx context.Context) []finding {
	address := d.params["Sender"]
	if address == "" {
		return one(unknown, "the stack has no parameter Sender")
	}
	identities := []string{address, address[strings.LastIndex(address, "@")+1:]}
	out, err := ses.NewFromConfig(d.aws).GetIdentityVerificationAttributes(ctx,
		&ses.GetIdentityVerificationAttributesInput{Identities: identities})
	if err != nil {
		return one(wrong, "%v", err)
	}
	for _, identity := range identities {
		if out.VerificationAttributes[identity].VerificationStatus == sestypes.VerificationStatusSuccess {
			return one(good, "%s is verified", identity)
		}
	}
	return one(wrong, "neither %s is verified: SES takes no mail from it", strings.Join(identities, " nor "))
}
