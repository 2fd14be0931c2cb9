// Command place-order is the limit that functions/place-order is measured against: the same AWS calls of a checkout of
// one line (the benchmark compares them) and nothing else. It checks nothing and answers nothing but a status.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

type attributes = map[string]types.AttributeValue

type function struct {
	db                              *dynamodb.Client
	queue                           *sqs.Client
	orders, products, mails, events string
	productID                       string
}

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	f := function{
		db: dynamodb.NewFromConfig(cfg), queue: sqs.NewFromConfig(cfg),
		orders: os.Getenv("ORDERS_TABLE"), products: os.Getenv("PRODUCTS_TABLE"), mails: os.Getenv("MAILS_TABLE"),
		events: os.Getenv("MAIL_QUEUE_URL"), productID: os.Getenv("BENCH_PRODUCT"),
	}
	lambda.Start(f.handle)
}

func (f function) handle(
	ctx context.Context, e events.APIGatewayV2HTTPRequest,
) (events.APIGatewayV2HTTPResponse, error) {
	id := "ord_" + strings.ReplaceAll(e.Headers["idempotency-key"], "-", "")[:26]
	if err := f.read(ctx); err != nil {
		return events.APIGatewayV2HTTPResponse{}, fmt.Errorf("reading: %w", err)
	}
	if err := f.write(ctx, id); err != nil {
		return events.APIGatewayV2HTTPResponse{}, fmt.Errorf("writing: %w", err)
	}
	if err := f.send(ctx, id); err != nil {
		return events.APIGatewayV2HTTPResponse{}, fmt.Errorf("sending: %w", err)
	}
	return events.APIGatewayV2HTTPResponse{StatusCode: 201}, nil
}

func (f function) read(ctx context.Context) error {
	_, err := f.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
		f.products: {Keys: []attributes{f.saleKey()}, ConsistentRead: aws.Bool(true)},
	}})
	return err
}

func (f function) write(ctx context.Context, id string) error {
	_, err := f.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{
			TableName: &f.orders, Item: f.order(id), ConditionExpression: aws.String("attribute_not_exists(order_id)"),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		{Put: &types.Put{TableName: &f.mails, Item: mail(id)}},
		{Update: &types.Update{
			TableName: &f.products, Key: f.saleKey(),
			ConditionExpression: aws.String("stock > :lowAt AND low_at = :threshold AND price = :price AND " +
				"active = :true AND (attribute_not_exists(max_per_order) OR max_per_order >= :asked) AND " +
				"attribute_not_exists(counters)"),
			UpdateExpression: aws.String("SET stock = stock - :units"),
			ExpressionAttributeValues: attributes{
				":units": number(1), ":price": number(6400), ":true": &types.AttributeValueMemberBOOL{Value: true},
				":lowAt": number(1), ":threshold": number(0), ":asked": number(1),
			},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
	}})
	return err
}

func (f function) send(ctx context.Context, id string) error {
	body := `{"type":"order.placed","version":1,"mail_id":"order-placed#` + id + `","order_id":"` + id + `"}`
	trace := os.Getenv("_X_AMZN_TRACE_ID") // of the invocation: aws-lambda-go sets it
	_, err := f.queue.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: &f.events, MessageBody: &body,
		MessageSystemAttributes: map[string]sqstypes.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: &trace},
		},
	})
	return err
}

func (f function) saleKey() attributes {
	return attributes{"product_id": text(f.productID), "part": text("sale")}
}

func (f function) order(id string) attributes {
	line := attributes{
		"product_id": text(f.productID), "name": text("Brass desk lamp"), "price": number(6400), "quantity": number(1),
	}
	return attributes{
		"order_id": text(id), "user_id": text("usr_019cafb8-d247-752e-9651-0c5ca6a3a450"),
		"email": text("demo-customer@example.com"),
		"lines": &types.AttributeValueMemberL{
			Value: []types.AttributeValue{&types.AttributeValueMemberM{Value: line}},
		},
		"amount": number(6400), "currency": text("GBP"), "placed_key": text(now() + "#" + id), "shard": number(1),
		"request": &types.AttributeValueMemberB{Value: make([]byte, 32)},
	}
}

func mail(id string) attributes {
	return attributes{
		"mail_id": text("order-placed#" + id), "state": text("pending"), "created_at": text(now()),
		"attempt": number(0), "due_shard": number(1), "due_at": text(now()),
		"address_hash": text("sQBpk_nAEJ3kAQpWVBtoHaGLMPph_KRLPca7TkT0c4k"),
	}
}

func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
