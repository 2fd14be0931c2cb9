package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/test/alarms"
	"shop/test/testenv"
)

// TestAuditFindsWhatIsPlanted: the operator's tool and the nightly function find a stock that nobody recorded and a
// mail without an order, and say no more of either once they are gone.
func TestAuditFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	ask(t, newCustomers(t, 1)[0], newProduct(t, stocked(0)).ProductID) // for the audit to read
	p, orderID := newProduct(t, stocked(5)), "ord_"+strings.ToLower(unique())
	want := []string{`stock_differs "` + p.ProductID + `"`, `mail_without_order "order-placed#` + orderID + `"`}
	mend := plant(t, p.ProductID, orderID)
	t.Cleanup(mend)

	out, failed := auditStore(t)
	for _, difference := range want {
		if !failed || !strings.Contains(out, difference) {
			t.Errorf("shop audit does not say %s:\n%s", difference, out)
		}
	}
	stocks, failed := operatorSays(t, "audit-stock")
	if !failed || !strings.Contains(stocks, want[0]) || strings.Contains(stocks, "mail_") {
		t.Errorf("shop audit-stock does not say %s, and that alone:\n%s", want[0], stocks)
	}
	if out := string(invoke(t, "AuditFunction", map[string]any{})); strings.Contains(out, "errorMessage") {
		t.Fatalf("the audit failed: %s", out)
	}
	eventually(t, time.Minute, "the function logs what it found", func() bool {
		log, err := os.ReadFile(filepath.Join(testenv.Env(t, "SHOP_DATA"), "emulator.log"))
		return err == nil && strings.Contains(string(log), `"invariant":"stock_differs","subject":"`+p.ProductID+`"`) &&
			strings.Contains(string(log), `"invariant":"mail_without_order","subject":"order-placed#`+orderID+`"`)
	})

	mend()
	out, _ = auditStore(t)
	for _, difference := range want {
		if strings.Contains(out, difference) {
			t.Errorf("shop audit still says %s:\n%s", difference, out)
		}
	}
}

// auditedPlants has the audit find what is planted.
func auditedPlants(t *testing.T) alarms.Series {
	mend := plant(t, newProduct(t, stocked(5)).ProductID, "ord_"+strings.ToLower(unique()))
	defer mend()
	return runs(t, "Audit", 1)
}

// auditStore runs shop audit, and returns what it says and whether it failed.
func auditStore(t *testing.T) (out string, failed bool) {
	t.Helper()
	out, failed = operatorSays(t, "audit")
	if !strings.Contains(out, "audited ") {
		t.Fatalf("shop audit did not audit: %s", out)
	}
	return out, failed
}

// operatorSays runs the operator's tool, and returns what it says and whether it failed.
func operatorSays(t *testing.T, arguments ...string) (out string, failed bool) {
	t.Helper()
	tool, err := operatorsTool()
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), tool, append([]string{"--local", "--stack", stackName}, arguments...)...)
	run.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+needAWS(t), "AWS_REGION="+awsRegion)
	said, err := run.CombinedOutput()
	return string(said), err != nil
}

// plant adds a unit that no movement records, and a mail without an order, and returns what takes both away.
func plant(t *testing.T, productID, orderID string) func() {
	t.Helper()
	db := dynamodb.New(dynamodb.Options{Region: awsRegion, Credentials: awsCredentials,
		BaseEndpoint: aws.String(needAWS(t))})
	add := func(n int) {
		_, err := db.UpdateItem(context.Background(), &dynamodb.UpdateItemInput{
			TableName: aws.String(lookUp(t, stackOutputs, "ProductsTable")),
			Key: map[string]types.AttributeValue{
				"product_id": &types.AttributeValueMemberS{Value: productID},
				"part":       &types.AttributeValueMemberS{Value: "sale"}},
			UpdateExpression: aws.String("ADD stock :n"),
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":n": &types.AttributeValueMemberN{Value: strconv.Itoa(n)},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	mails, key := aws.String(lookUp(t, stackOutputs,
		"MailsTable")), &types.AttributeValueMemberS{Value: "order-placed#" + orderID}
	_, err := db.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: mails,
		Item: map[string]types.AttributeValue{
			"mail_id": key, "state": &types.AttributeValueMemberS{Value: "sent"},
			"attempt":    &types.AttributeValueMemberN{Value: "0"},
			"created_at": &types.AttributeValueMemberS{Value: "2026-01-05T08:00:00.000Z"},
		}})
	if err != nil {
		t.Fatal(err)
	}
	add(1)
	mended := false
	return func() {
		if mended {
			return
		}
		mended = true
		add(-1)
		if _, err := db.DeleteItem(context.Background(), &dynamodb.DeleteItemInput{TableName: mails,
			Key: map[string]types.AttributeValue{"mail_id": key}}); err != nil {
			t.Error(err)
		}
	}
}
