package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func newRoot(s streams) *cobra.Command {
	t := &target{}
	root := &cobra.Command{
		Use:   "shop",
		Short: "The operator's tool of the store",
		Long: `shop works on one deployed store, which it finds by the outputs of its CloudFormation stack.

Which store:
  --local            the one on this machine ("make run"): the emulator at AWS_ENDPOINT_URL or,
                     when that is not set, at http://127.0.0.1:$SHOP_PORT (4566), with the keys of
                     $SHOP_DATA/root-keys.json (.shop)
  --stack NAME       the stack with that name, in the AWS account of your credentials; --region and
                     --profile choose among them as in the AWS CLI

Who you are:
  import, set-stock and replay act over HTTP as an admin of the store. They take the address from --email or
  SHOP_ADMIN_EMAIL and the password from SHOP_ADMIN_PASSWORD, or ask for it on the terminal; with
  --local and no address they take the demo admin of $SHOP_DATA/demo-credentials.json.
  grant, revoke, verify-user, api-key, unsuppress, redrive, audit, audit-stock, rebuild-sales, export,
  import-orders, split-stock, pictures, status and restore act with your AWS credentials: somebody has to be the first
  admin, and lists, mails, queues and orders with dates of their own have no route;
  so do keys and rotate-key, which change the stack.`,
		Example: `  shop --local import goods.csv
  shop --stack shop-production --region eu-west-2 grant ada@example.com admin`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	t.addFlags(root.PersistentFlags())
	root.AddCommand(newImport(s, t), newGrant(s, t), newRevoke(s, t), newAPIKeys(s, t), newVerifyUser(s, t),
		newUnsuppress(s, t), newKeys(s, t), newRotateKey(s, t), newReplay(s, t), newRedrive(s, t))
	root.AddCommand(newSetStock(s, t), newAudit(s, t), newAuditStock(s, t), newRebuildSales(s, t), newStatus(s, t),
		newRestore(s, t), newExport(s, t), newVerify(s), newImportOrders(s, t), newSplitStock(s, t), newPictures(s, t))
	return root
}

// say writes a line of a result. What can go wrong there (a closed pipe) has nobody left to be told.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
