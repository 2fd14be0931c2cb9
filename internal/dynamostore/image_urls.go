package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// ImageURLs reads which picture each product has, active or not.
type ImageURLs struct {
	Client   *dynamodb.Client
	Products string
}

// Each calls visit for each product that has one, one call at a time.
func (s *ImageURLs) Each(ctx context.Context, visit func(productID, url string)) error {
	in := dynamodb.ScanInput{
		TableName: &s.Products, ConsistentRead: aws.Bool(true),
		FilterExpression: aws.String("part = :text"), ProjectionExpression: aws.String("product_id, image_url"),
		ExpressionAttributeValues: attributes{":text": text(textPart)},
	}
	return scan(ctx, s.Client, in, func(_ context.Context, items []attributes, _ time.Time) (func(), error) {
		urls := map[string]string{}
		r := reader{}
		for _, r.item = range items {
			if url := r.text("image_url"); url != "" {
				urls[r.text("product_id")] = url
			}
		}
		return func() {
			for id, url := range urls {
				visit(id, url)
			}
		}, r.err
	})
}
