// Command notify is the limit that functions/notify is measured against: the same AWS calls of one confirmation (the
// benchmark compares them) and nothing else. The messages that the benchmark makes are named after their orders.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	sestypes "github.com/aws/aws-sdk-go-v2/service/ses/types"
)

type attributes = map[string]types.AttributeValue

type function struct {
	db                    *dynamodb.Client
	mailer                *ses.Client
	orders, mails, sender string
	suppressed            string
	configurationSet      string
	text, html            string
}

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	f := function{
		db: dynamodb.NewFromConfig(cfg), mailer: ses.NewFromConfig(cfg),
		orders: os.Getenv("ORDERS_TABLE"), mails: os.Getenv("MAILS_TABLE"),
		suppressed: os.Getenv("SUPPRESSED_ADDRESSES_TABLE"),
		sender:     os.Getenv("SENDER"), configurationSet: os.Getenv("CONFIGURATION_SET"),
		text: os.Getenv("BENCH_TEXT"), html: os.Getenv("BENCH_HTML"),
	}
	lambda.Start(f.handle)
}

func (f function) handle(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	for _, message := range e.Records {
		if err := f.deliver(ctx, message.MessageId); err != nil {
			return events.SQSEventResponse{}, err
		}
	}
	return events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}, nil
}

func (f function) deliver(ctx context.Context, id string) error {
	if err := f.claim(ctx, id); err != nil {
		return fmt.Errorf("claiming: %w", err)
	}
	address := attributes{"address_hash": text("sQBpk_nAEJ3kAQpWVBtoHaGLMPph_KRLPca7TkT0c4k")}
	keys := map[string]types.KeysAndAttributes{
		f.orders:     {Keys: []attributes{{"order_id": text(id)}}, ConsistentRead: aws.Bool(true)},
		f.suppressed: {Keys: []attributes{address}, ConsistentRead: aws.Bool(true)},
	}
	if _, err := f.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: keys}); err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	sent, err := f.send(ctx, id)
	if err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	if err := f.mark(ctx, id, aws.ToString(sent.MessageId)); err != nil {
		return fmt.Errorf("marking: %w", err)
	}
	return nil
}

func (f function) claim(ctx context.Context, id string) error {
	_, err := f.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &f.mails, Key: mailKey(id),
		ConditionExpression: aws.String("attribute_exists(mail_id) AND #state = :pending AND " +
			"(attribute_not_exists(lease_id) OR lease_until < :now OR lease_id = :lease)"),
		UpdateExpression:         aws.String("SET lease_id = :lease, lease_until = :until"),
		ExpressionAttributeNames: map[string]string{"#state": "state"},
		ExpressionAttributeValues: attributes{
			":pending": text("pending"), ":now": text("2026-03-14T15:09:26.535Z"), ":lease": text(id),
			":until": text("2026-03-14T15:10:01.535Z"),
		},
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	return err
}

func (f function) send(ctx context.Context, id string) (*ses.SendEmailOutput, error) {
	return f.mailer.SendEmail(ctx, &ses.SendEmailInput{
		Source: &f.sender, ConfigurationSetName: &f.configurationSet,
		Destination: &sestypes.Destination{ToAddresses: []string{"demo-customer@example.com"}},
		Message: &sestypes.Message{
			Subject: content("Your order at The Shop (" + id + ")"),
			Body:    &sestypes.Body{Text: content(f.text), Html: content(f.html)},
		},
		Tags: []sestypes.MessageTag{
			{Name: aws.String("mail_kind"), Value: aws.String("order-placed")},
			{Name: aws.String("mail_subject"), Value: &id},
		},
	})
}

func (f function) mark(ctx context.Context, id, message string) error {
	_, err := f.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &f.mails, Key: mailKey(id),
		ConditionExpression: aws.String("#state = :pending AND NOT contains(lost_messages, :message)"),
		UpdateExpression: aws.String("SET #state = :state, settled_at = :now, message_id = :message" +
			" REMOVE due_shard, due_at, lease_id, lease_until, email"),
		ExpressionAttributeNames: map[string]string{"#state": "state"},
		ExpressionAttributeValues: attributes{
			":pending": text("pending"), ":state": text("sent"), ":now": text("2026-03-14T15:09:26.535Z"),
			":message": text(message),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	return err
}

func mailKey(id string) attributes { return attributes{"mail_id": text("order-placed#" + id)} }

func content(s string) *sestypes.Content {
	return &sestypes.Content{Data: &s, Charset: aws.String("UTF-8")}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
