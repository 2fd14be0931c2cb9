// Command view-product is the limit that functions/view-product is measured against: its one AWS call (the benchmark
// compares them) and nothing else.
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
)

type function struct {
	db       *dynamodb.Client
	products string
}

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(function{db: dynamodb.NewFromConfig(cfg), products: os.Getenv("PRODUCTS_TABLE")}.handle)
}

func (f function) handle(
	ctx context.Context, e events.APIGatewayV2HTTPRequest,
) (events.APIGatewayV2HTTPResponse, error) {
	_, err := f.db.Query(ctx, &dynamodb.QueryInput{
		TableName:              &f.products,
		KeyConditionExpression: aws.String("product_id = :id AND part >= :sale"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":id":   &types.AttributeValueMemberS{Value: e.PathParameters["product_id"]},
			":sale": &types.AttributeValueMemberS{Value: "sale"},
		},
	})
	if err != nil {
		return events.APIGatewayV2HTTPResponse{}, fmt.Errorf("reading: %w", err)
	}
	return events.APIGatewayV2HTTPResponse{StatusCode: 200}, nil
}
