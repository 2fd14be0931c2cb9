// Command synthetic-customer is called every five minutes: it does over HTTP what a customer does, so that the operator
// learns that the store sells before customers say that it does not.
package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/uuid"

	"shop/internal/config"
)

type settings struct {
	API     string `env:"API_URL"`
	Email   string `env:"SYNTHETIC_CUSTOMER"`
	Secret  string `env:"ACCOUNT_ARN"` // of the secret with the password
	Product string `env:"SYNTHETIC_PRODUCT"`
}

// answerWithin is longer than the API waits for a function.
const answerWithin = 31 * time.Second

func main() {
	s, aws := config.MustLoad[settings]()
	c := &customer{
		store:   store{base: s.API, client: &http.Client{Timeout: answerWithin}},
		email:   s.Email,
		product: s.Product,
		secret:  secretOf(secretsmanager.NewFromConfig(aws), s.Secret),
		key:     uuid.NewString,
		poll:    time.Second,
	}
	lambda.Start(c.visit)
}

// secretOf reads the password anew for each visit, so that a changed one is used at once.
func secretOf(client *secretsmanager.Client, arn string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn})
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		return aws.ToString(out.SecretString), nil
	}
}
