package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/spf13/cobra"

	"shop/internal/dynamostore"
	"shop/internal/notification"
	"shop/internal/user"
)

func newUnsuppress(s streams, t *target) *cobra.Command {
	return &cobra.Command{
		Use:   "unsuppress EMAIL",
		Short: "Let an address that bounced or complained get mails again",
		Long: `unsuppress removes the address from the store's list of addresses that get no more mail, because of a
permanent bounce or a complaint. Later orders are confirmed by mail again; the mails that failed meanwhile
stay failed.

SES keeps a list of its own for the whole AWS account, and may still not send the mails:
  aws sesv2 delete-suppressed-destination --email-address EMAIL

It acts with your AWS credentials. They need cloudformation:DescribeStacks on the stack, and dynamodb:DeleteItem on
its table of suppressed addresses.`,
		Example: `  shop --local unsuppress ada@example.com
  shop --stack shop-production unsuppress ada@example.com`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return unsuppress(c.Context(), s, t, args[0]) },
	}
}

func unsuppress(ctx context.Context, s streams, t *target, address string) error {
	email, err := parseAddress(address)
	if err != nil {
		return err
	}
	d, table, err := t.findTable(ctx, "SuppressedAddressesTable")
	if err != nil {
		return err
	}
	list := &dynamostore.Suppressions{Client: dynamodb.NewFromConfig(d.aws), Suppressed: table}
	err = list.Lift(ctx, user.AddressHash(email))
	if errors.Is(err, notification.ErrNotSuppressed) {
		return fmt.Errorf("the stack %s does not suppress %s: %w", d.stack, email, err)
	}
	if err != nil {
		return err
	}
	say(s.out, "%s is mailed again", email)
	return nil
}
