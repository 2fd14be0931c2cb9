// Command upload-picture serves POST /admin/pictures and POST /admin/pictures/{sha256}/completion: it takes pictures of
// products.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/jwks"
	"shop/internal/observe"
	"shop/internal/picture"
	"shop/internal/s3pictures"
	"shop/internal/storeapi"
)

type settings struct {
	config.Front
	config.Tokens
	Users      string `env:"USERS_TABLE"`
	Uploads    string `env:"UPLOADS_BUCKET"`
	UploadsURL string `env:"UPLOADS_URL"`
	Pages      string `env:"PAGES_BUCKET"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	client := s3pictures.NewClient(aws)
	guard := httpapi.Guard{
		Tokens: jwks.NewVerifier(s.Tokens),
		Rights: &dynamostore.Rights{Client: dynamodb.NewFromConfig(aws), Users: s.Users},
	}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), uploadPicture(guard, &picture.Upload{
		Uploads:  &s3pictures.Uploads{Client: client, Bucket: s.Uploads, URL: s.UploadsURL, Now: clock.Now},
		Pictures: &s3pictures.Pictures{Client: client, Bucket: s.Pages},
		Kept:     kept,
	})))
}

// kept notes that an upload stays until the bucket's rule removes it.
func kept(ctx context.Context, err error) { observe.Log(ctx).Warn("upload not removed", "error", err) }
