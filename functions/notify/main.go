// Command notify gets messages of the mail queue, and sends the mails that they name.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	"github.com/google/uuid"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/deadline"
	"shop/internal/dynamostore"
	"shop/internal/notification"
	"shop/internal/notification/accountmail"
	"shop/internal/notification/confirmation"
	"shop/internal/notification/statusmail"
	"shop/internal/notification/stockmail"
	"shop/internal/observe"
	"shop/internal/queue"
	"shop/internal/sesmail"
	"shop/internal/zone"
)

type settings struct {
	Orders           string    `env:"ORDERS_TABLE"`
	Mails            string    `env:"MAILS_TABLE"`
	Suppressed       string    `env:"SUPPRESSED_ADDRESSES_TABLE"`
	Users            string    `env:"USERS_TABLE"`
	AuthState        string    `env:"AUTH_STATE_TABLE"`
	Products         string    `env:"PRODUCTS_TABLE"`
	StockAlerts      string    `env:"STOCK_ALERTS_TABLE"`
	Sender           string    `env:"SENDER"`
	ConfigurationSet string    `env:"CONFIGURATION_SET"`
	ReplyTo          string    `env:"REPLY_TO"` // may be empty
	ShopName         string    `env:"SHOP_NAME"`
	ShopURL          string    `env:"PAGES_URL"`
	TimeZone         zone.Zone `env:"TIME_ZONE"`
	MailsPerSecond   float64   `env:"MAILS_PER_SECOND"`         // what SES takes
	AccountMails     float64   `env:"ACCOUNT_MAILS_PER_SECOND"` // of these
	Workers          int       `env:"MAIL_WORKERS"`             // batches of orders' mails at once
	// Lease is above the function's timeout and below the queue's visibility timeout.
	Lease time.Duration `env:"LEASE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	pace, err := sesmail.NewPace(s.MailsPerSecond, s.AccountMails, s.Workers)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	db := dynamodb.NewFromConfig(aws)
	lambda.Start(queue.Receive(&notification.Delivery{
		Ledger:   &dynamostore.PendingMails{Client: db, Mails: s.Mails, Now: clock.Now},
		Orders:   &dynamostore.ConfirmationOrders{Client: db, Orders: s.Orders, Suppressed: s.Suppressed},
		Accounts: &dynamostore.AccountRecipients{Client: db, Users: s.Users, Suppressed: s.Suppressed},
		Links:    &dynamostore.MailedLinks{Client: db, AuthState: s.AuthState},
		Stocks: &dynamostore.StockMails{
			Client: db, StockAlerts: s.StockAlerts, Products: s.Products, Users: s.Users, Suppressed: s.Suppressed,
		},
		Mailer: &sesmail.Mailer{
			Client: ses.NewFromConfig(aws, patient),
			Sender: s.Sender, ConfigurationSet: s.ConfigurationSet, ReplyTo: s.ReplyTo,
		},
		Confirmation: confirmation.Template{ShopName: s.ShopName, Zone: s.TimeZone.Location},
		StatusMail:   statusmail.Template{ShopName: s.ShopName, Zone: s.TimeZone.Location},
		AccountMail:  accountmail.Template{ShopName: s.ShopName, ShopURL: s.ShopURL},
		StockMail:    stockmail.Template{ShopName: s.ShopName, ShopURL: s.ShopURL},
		Pace:         pace.Wait,
		Lease:        s.Lease,
		NewID:        func() string { return uuid.Must(uuid.NewV7()).String() },
		Now:          clock.Now,
		Sent:         sent,
		Kept:         kept,
	}))
}

// sent measures a mail that was sent, and how long its customer waited for it.
func sent(pending time.Duration) {
	observe.Measure(
		observe.Value{Metric: observe.MailsSent, Amount: 1},
		observe.Value{Metric: observe.MailDelay, Amount: pending.Milliseconds(), Unit: observe.Milliseconds})
}

// kept notes a request that is still there though its mail was sent. It expires.
func kept(ctx context.Context, err error) {
	observe.Log(ctx).Warn("request not removed", "error", err)
}

func patient(o *ses.Options) { o.HTTPClient = config.HTTPClient(deadline.Mail) }
