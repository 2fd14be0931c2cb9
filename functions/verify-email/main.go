// Command verify-email serves POST /users/verification: it verifies the address of an account by the token of a mailed
// link. From then on the account can log in.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type settings struct {
	config.Front
	Users     string `env:"USERS_TABLE"`
	AuthState string `env:"AUTH_STATE_TABLE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), verifyEmail(&user.VerifyEmail{
		Links: &dynamostore.EmailVerifications{
			Client: dynamodb.NewFromConfig(aws), Users: s.Users, AuthState: s.AuthState,
		},
		Now: clock.Now,
	})))
}
