package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/dynamostore"
	"shop/internal/password"
	"shop/internal/user"
)

func TestApisFailOnWarningsAndAreThrottled(t *testing.T) {
	tpl := Need(t)
	for name, api := range tpl.OfType("AWS::ApiGatewayV2::Api") {
		if At(api, "Properties", "FailOnWarnings") != true {
			t.Errorf("%s does not fail on warnings: routes could vanish from a deployment that looks green", name)
		}
	}
	for name, stage := range tpl.OfType("AWS::ApiGatewayV2::Stage") {
		if rate := tpl.number(At(stage, "Properties", "DefaultRouteSettings", "ThrottlingRateLimit")); rate <= 0 {
			t.Errorf("%s is not throttled", name)
		}
	}
	// A flood of what needs no account would take the processes that checkouts need, and of resets the mail queue, too.
	whole := At(tpl.Resources["ApiApiGatewayDefaultStage"], "Properties")
	for route, most := range map[string]float64{
		"POST /users": 200, "POST /sessions": 400, "POST /browser-sessions": 400, "POST /password-resets": 50,
		"POST /machine-sessions": 50,
	} {
		for _, limit := range []string{"ThrottlingRateLimit", "ThrottlingBurstLimit"} {
			if n := tpl.number(At(whole, "RouteSettings", route, limit)); n <= 0 || n > most ||
				n >= tpl.number(At(whole, "DefaultRouteSettings", limit)) {
				t.Errorf("%s of %s is %v", limit, route, n)
			}
		}
	}
	// Each sign-up sends an account mail where addresses are verified. Resets need the other half.
	ref := func(name string) float64 { return tpl.number(Object{"Ref": name}) }
	if signUps, mails := ref("SignUpRate"), ref("AccountMailsPerSecond"); signUps > mails/2 {
		t.Errorf("%v sign-ups a second may fill the queue of %v account mails a second", signUps, mails)
	}
	for _, dependency := range []string{
		"IssuerApiGatewayDefaultStage", "PublishKeysFunctionDiscoveryPermission", "PublishKeysFunctionKeysPermission",
	} {
		if !slices.Contains(tpl.Resources["Api"]["DependsOn"].([]any), any(dependency)) ||
			tpl.Resources[dependency] == nil {
			t.Errorf("the API does not wait for %s, which its authorizer needs", dependency)
		}
	}
}

// TestConcurrencyIsReservedForNone unless its parameter says so: each of the functions that may need it has one of its
// own. So place-order can be kept from taking what notify, relay-mail and log-in need while one product is hot.
func TestConcurrencyIsReservedForNone(t *testing.T) {
	tpl := Need(t)
	var found []string
	for name, function := range tpl.Functions() {
		reserved := At(function, "Properties", "ReservedConcurrentExecutions")
		if reserved == nil {
			continue
		}
		of := strings.TrimSuffix(name, "Function")
		found = append(found, of)
		wantJSON(t, reserved, `{"Fn::If":["Reserves`+of+`",{"Ref":"`+of+`Concurrency"},{"Ref":"AWS::NoValue"}]}`)
		if value := tpl.Parameters[of+"Concurrency"]["Default"]; value != "" {
			t.Errorf("%s reserves %v", name, value)
		}
	}
	slices.Sort(found)
	if want := []string{
		"ChangePassword", "DeleteAccount", "EndSessions", "LogIn", "Notify", "PlaceOrder", "PublishKeys", "RelayMail",
		"ResetPassword", "SignUp",
	}; !slices.Equal(found, want) {
		t.Errorf("got %v, want %v", found, want)
	}
}

// TestAccessLogSaysWhoWasRefused: what API Gateway refuses at the door reaches no function, so the access log alone has
// it. It has no path, which is the client's own text and may be anything.
func TestAccessLogSaysWhoWasRefused(t *testing.T) {
	for name, stage := range Need(t).OfType("AWS::ApiGatewayV2::Stage") {
		settings := At(stage, "Properties", "AccessLogSettings")
		if At(settings, "DestinationArn") == nil {
			t.Fatalf("%s has no access log", name)
		}
		format := fmt.Sprint(At(settings, "Format"))
		for _, variable := range []string{
			"requestTime", "requestId", "routeKey", "status", "identity.sourceIp", "error.message", "authorizer.error",
			"integrationErrorMessage", "integration.requestId",
		} {
			if !strings.Contains(format, `"$context.`+variable+`"`) {
				t.Errorf("the access log of %s lacks %s: %s", name, variable, format)
			}
		}
		if strings.Contains(strings.ToLower(format), "path") {
			t.Errorf("the access log of %s has a path: %s", name, format)
		}
	}
}

// The times that depend on each other: timeout < lease < visibility, and visibility at least six timeouts.
func TestQueueTimes(t *testing.T) {
	tpl := Need(t)
	notify := tpl.Resources["NotifyFunction"]
	timeout := time.Duration(At(notify, "Properties", "Timeout").(float64)) * time.Second
	lease, err := time.ParseDuration(At(notify, "Properties", "Environment", "Variables", "LEASE").(string))
	if err != nil {
		t.Fatal(err)
	}
	for mapping, queue := range map[string]string{
		"NotifyFunctionMailPending": "MailQueue", "NotifyFunctionAccountMailPending": "AccountMailQueue",
	} {
		visibility := time.Duration(At(tpl.Resources[queue], "Properties", "VisibilityTimeout").(float64)) * time.Second
		if lease != timeout+5*time.Second || lease >= visibility || visibility < 6*timeout {
			t.Errorf("%s: timeout %v, lease %v, visibility timeout %v", queue, timeout, lease, visibility)
		}
		if At(tpl.Resources[queue], "Properties", "RedrivePolicy", "maxReceiveCount") != 5.0 {
			t.Errorf("%s: a message is not received five times before it goes to the dead-letter queue", queue)
		}
		types := fmt.Sprint(At(tpl.Resources[mapping], "Properties", "FunctionResponseTypes"))
		if types != "[ReportBatchItemFailures]" { // else one failure repeats the whole batch
			t.Errorf("%s: response types: got %s, want ReportBatchItemFailures", queue, types)
		}
	}
	// Reserved concurrency would bound them, too, but a message that is throttled there has used up a receive.
	least := regexp.MustCompile("^" + fmt.Sprint(tpl.Parameters["NotifyConcurrency"]["AllowedPattern"]) + "$")
	concurrency := func(event string) any {
		return At(tpl.Resources["NotifyFunction"+event], "Properties", "ScalingConfig", "MaximumConcurrency")
	}
	workers, accounts := concurrency("MailPending"), concurrency("AccountMailPending")
	if fmt.Sprint(workers) != "map[Ref:MailWorkers]" || accounts != 2.0 ||
		least.MatchString("3") || !least.MatchString("4") {
		t.Errorf("the event sources bound to %v and %v how many batches are sent at once", workers, accounts)
	}
	for _, queue := range []string{"MailDeadLetterQueue", "SuppressionDeadLetterQueue"} {
		if At(tpl.Resources[queue], "Properties", "MessageRetentionPeriod") != 1209600.0 {
			t.Errorf("%s does not keep dead letters for 14 days", queue)
		}
	}
}

// TestDataIsEncrypted: by the key that AWS owns, which costs nothing, or by the operator's.
func TestDataIsEncrypted(t *testing.T) {
	tpl := Need(t)
	const key, none = `{"Ref":"KmsKeyArn"}`, `{"Ref":"AWS::NoValue"}`
	for name, table := range tpl.OfType("AWS::DynamoDB::Table") {
		wantJSON(t, At(table, "Properties", "SSESpecification"),
			`{"Fn::If":["HasKmsKey",{"SSEEnabled":true,"SSEType":"KMS","KMSMasterKeyId":`+key+`},`+none+`]}`)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	for _, queue := range tpl.OfType("AWS::SQS::Queue") {
		wantJSON(t, At(queue, "Properties", "SqsManagedSseEnabled"), `{"Fn::If":["HasKmsKey",`+none+`,true]}`)
		wantJSON(t, At(queue, "Properties", "KmsMasterKeyId"), `{"Fn::If":["HasKmsKey",`+key+`,`+none+`]}`)
	}
	for _, logs := range tpl.OfType("AWS::Logs::LogGroup") {
		wantJSON(t, At(logs, "Properties", "KmsKeyId"), `{"Fn::If":["HasKmsKey",`+key+`,`+none+`]}`)
	}
}

// TestSender: one of two identities is made, or none where SES has it already; none of them has bounces mailed to the
// sender, and a domain's comes with the records that make mails arrive.
func TestSender(t *testing.T) {
	tpl := Need(t)
	identities := tpl.OfType("AWS::SES::EmailIdentity")
	wantJSON(t, At(identities["SenderIdentity"]),
		`{"Type":"AWS::SES::EmailIdentity","Condition":"MakesSenderAddress","Properties":
		{"EmailIdentity":{"Ref":"Sender"},"FeedbackAttributes":{"EmailForwardingEnabled":false}}}`)
	wantJSON(t, At(identities["SenderDomainIdentity"]),
		`{"Type":"AWS::SES::EmailIdentity","Condition":"MakesSenderDomain","Properties":
		{"EmailIdentity":{"Ref":"SenderDomain"},"DkimAttributes":{"SigningEnabled":true},"DkimSigningAttributes":{"NextSigningKeyLength":"RSA_2048_BIT"},
		"FeedbackAttributes":{"EmailForwardingEnabled":false},
		"MailFromAttributes":{"MailFromDomain":{"Fn::Sub":"mail.${SenderDomain}"},"BehaviorOnMxFailure":"USE_DEFAULT_VALUE"}}}`)
	known := `{"Fn::Equals":[{"Ref":"SenderIsKnown"},"false"]}]}`
	none := `{"Fn::Equals":[{"Ref":"SenderDomain"},""]}`
	wantJSON(t, At(tpl.Conditions, "MakesSenderAddress"), `{"Fn::And":[`+none+`,`+known)
	wantJSON(t, At(tpl.Conditions, "MakesSenderDomain"), `{"Fn::And":[{"Fn::Not":[`+none+`]},`+known)
	for _, output := range []string{"Dkim1", "Dkim2", "Dkim3", "MailFromMx", "MailFromSpf", "Dmarc"} {
		if At(tpl.Outputs["SenderDns"+output], "Condition") != "MakesSenderDomain" {
			t.Errorf("the stack does not tell the record %s", output)
		}
	}
}

// outlivesItsStack reports whether a resource stays when the stack is deleted, or something takes its place, but not
// when its own creation is rolled back: then it would be in the way of the next try.
func outlivesItsStack(r Object) bool {
	return r["DeletionPolicy"] == "RetainExceptOnCreate" && r["UpdateReplacePolicy"] == "Retain"
}

func TestQueuesLogsAndPagesAreKept(t *testing.T) {
	tpl, count := Need(t), 0
	for _, kind := range []string{"AWS::SQS::Queue", "AWS::Logs::LogGroup", "AWS::S3::Bucket"} {
		for name, resource := range tpl.OfType(kind) {
			if count++; !outlivesItsStack(resource) {
				t.Errorf("%s goes with its stack", name)
			}
		}
	}
	if count < 6 {
		t.Errorf("got %d queues, log groups and buckets, too few to be all", count)
	}
}

// The way of a bounce and of a complaint: SES publishes those two to the default bus, and nothing else; one rule takes
// those of our mails to SuppressAddressFunction; what fails there is kept, and what EventBridge cannot deliver to it,
// in a queue that takes messages of that rule.
func TestReportsOfMails(t *testing.T) {
	tpl := Need(t)
	destinations := tpl.OfType("AWS::SES::ConfigurationSetEventDestination")
	if len(destinations) != 1 {
		t.Errorf("got %d event destinations, want 1", len(destinations))
	}
	wantJSON(t, At(destinations["MailReports"], "Properties"), `{
		"ConfigurationSetName": {"Ref": "MailConfiguration"},
		"EventDestination": {
			"Enabled": true,
			"MatchingEventTypes": ["bounce", "complaint"],
			"EventBridgeDestination": {"EventBusArn": {"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"}}
		}}`)
	wantJSON(t, At(tpl.Resources["SuppressAddressFunctionMailReported"], "Properties"), `{
		"EventPattern": {
			"source": ["aws.ses"],
			"detail-type": ["Email Bounced", "Email Complaint Received"],
			"detail": {"mail": {"tags": {"ses:configuration-set": [{"Ref": "MailConfiguration"}]}}}
		},
		"Targets": [{"Arn": {"Fn::GetAtt": ["SuppressAddressFunction", "Arn"]}, "Id": "SuppressAddressFunctionMailReportedLambdaTarget",
			"DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["SuppressionDeadLetterQueue", "Arn"]}}}]}`)
	wantJSON(t, At(tpl.Resources["SuppressionDeadLetterPolicy"], "Properties"), `{
		"Queues": [{"Ref": "SuppressionDeadLetterQueue"}],
		"PolicyDocument": {"Version": "2012-10-17", "Statement": [{
			"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
			"Resource": {"Fn::GetAtt": ["SuppressionDeadLetterQueue", "Arn"]},
			"Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["SuppressAddressFunctionMailReported", "Arn"]}}}
		}]}}`)
	wantJSON(t, At(tpl.Resources["SuppressAddressFunctionEventInvokeConfig"], "Properties"), `{
		"FunctionName": {"Ref": "SuppressAddressFunction"}, "Qualifier": "$LATEST",
		"DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["SuppressionDeadLetterQueue", "Arn"]}}}}`)
}

// Answers to the mails go where the operator says, and to the sender where nothing is said.
func TestReplyTo(t *testing.T) {
	tpl := Need(t)
	notify := tpl.Resources["NotifyFunction"]
	wantJSON(t, At(notify, "Properties", "Environment", "Variables", "REPLY_TO"), `{"Ref": "ReplyTo"}`)
}

func wantJSON(t *testing.T, got any, want string) {
	t.Helper()
	var wanted any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, wanted) {
		t.Errorf("got\n%v, want\n%v", got, wanted)
	}
}

// TestExpiry: DynamoDB removes what has expired, of users too: accounts that nobody verified.
func TestExpiry(t *testing.T) {
	expiring := map[string]bool{"Users": true, "AuthState": true, "Mails": true, "StockAlerts": true}
	for name, table := range Need(t).OfType("AWS::DynamoDB::Table") {
		want := "null"
		if expiring[name] {
			want = `{"AttributeName":"expires_at","Enabled":true}`
		}
		wantJSON(t, At(table, "Properties", "TimeToLiveSpecification"), want)
	}
}

func TestTablesAreKept(t *testing.T) {
	tables := Need(t).OfType("AWS::DynamoDB::Table")
	if len(tables) != 10 {
		t.Errorf("got %d tables, want 10", len(tables))
	}
	for name, table := range tables {
		properties := table["Properties"].(Object)
		checks := map[string]bool{
			"is kept when the stack goes": outlivesItsStack(table),
			"is on demand":                properties["BillingMode"] == "PAY_PER_REQUEST",
			"is recoverable to a point in time": At(properties, "PointInTimeRecoverySpecification",
				"PointInTimeRecoveryEnabled") == true,
			"is protected in production": fmt.Sprint(
				properties["DeletionProtectionEnabled"],
			) == "map[Fn::If:[IsProduction true false]]",
			"has no name of its own": properties["TableName"] == nil,
		}
		for what, ok := range checks {
			if !ok {
				t.Errorf("it does not hold that %s %s", name, what)
			}
		}
	}
}

// The two keys that sign tokens: there is always one, and while StandbyKey is published both are there and published. A
// key that leaves the stack is kept, because only an operator may end it.
func TestSigningKeys(t *testing.T) {
	tpl := Need(t)
	keys := tpl.OfType("AWS::KMS::Key")
	if len(keys) != 2 {
		t.Errorf("got %d keys, want 2", len(keys))
	}
	for _, name := range []string{"SigningKey", "SecondSigningKey"} {
		key := keys[name]
		if !outlivesItsStack(key) {
			t.Errorf("%s is not kept when it leaves the stack", name)
		}
		if At(key, "Properties", "KeySpec") != "RSA_2048" || At(key, "Properties", "KeyUsage") != "SIGN_VERIFY" {
			t.Errorf("%s is no key that signs RS256: %v", name, key["Properties"])
		}
		if key["Condition"] != "Has"+name {
			t.Errorf("%s is there under the condition %v", name, key["Condition"])
		}
	}
	wantJSON(t, At(tpl.Resources["PublishKeysFunction"], "Properties", "Environment", "Variables", "PUBLISHED_KEY_IDS"),
		`{"Fn::If": ["HasStandbyKey",
		{"Fn::Sub": "${SigningKey.Arn},${SecondSigningKey.Arn}"},
		{"Fn::If": ["SigningKeySigns", {"Fn::GetAtt": ["SigningKey", "Arn"]}, {"Fn::GetAtt": ["SecondSigningKey", "Arn"]}]}]}`)
	for _, signer := range []string{"LogInFunction", "OpenMachineSessionFunction", "RefreshSessionFunction"} {
		wantJSON(t, At(tpl.Resources[signer], "Properties", "Environment", "Variables", "SIGNING_KEY_ID"),
			`{"Fn::If": ["SigningKeySigns",
			{"Fn::GetAtt": ["SigningKey", "Arn"]}, {"Fn::GetAtt": ["SecondSigningKey", "Arn"]}]}`)
	}
}

// grants is all that each function's role allows, as action and resource.
var grants = map[string][]string{
	"PublishKeysFunction": {"kms:GetPublicKey SecondSigningKey", "kms:GetPublicKey SigningKey"},
	"LogInFunction": {
		"dynamodb:BatchGetItem AuthState", "dynamodb:BatchGetItem Users", "dynamodb:DeleteItem AuthState",
		"dynamodb:PutItem AuthState", "dynamodb:UpdateItem AuthState", "dynamodb:UpdateItem Users",
		"kms:GetPublicKey SecondSigningKey", "kms:GetPublicKey SigningKey", "kms:Sign SecondSigningKey",
		"kms:Sign SigningKey",
	},
	"OpenMachineSessionFunction": {
		"dynamodb:BatchGetItem AuthState", "dynamodb:BatchGetItem Users", "dynamodb:DeleteItem AuthState",
		"dynamodb:PutItem AuthState", "dynamodb:UpdateItem AuthState", "dynamodb:UpdateItem Users",
		"kms:GetPublicKey SecondSigningKey", "kms:GetPublicKey SigningKey", "kms:Sign SecondSigningKey",
		"kms:Sign SigningKey",
	},
	"RefreshSessionFunction": {
		"dynamodb:DeleteItem AuthState", "dynamodb:GetItem AuthState", "dynamodb:GetItem Users",
		"dynamodb:UpdateItem AuthState", "kms:GetPublicKey SecondSigningKey", "kms:GetPublicKey SigningKey",
		"kms:Sign SecondSigningKey", "kms:Sign SigningKey",
	},
	"LogOutFunction": {"dynamodb:DeleteItem AuthState"},
	"EndSessionsFunction": {
		"dynamodb:BatchGetItem AuthState", "dynamodb:BatchGetItem Users", "dynamodb:DeleteItem AuthState",
		"dynamodb:PutItem AuthState", "dynamodb:UpdateItem AuthState", "dynamodb:UpdateItem Users",
	},
	"ViewAccountFunction": {
		"dynamodb:GetItem Users", "dynamodb:Query Orders/index/by_customer", "dynamodb:Query StockAlerts",
	},
	"RenameAccountFunction": {"dynamodb:GetItem Users", "dynamodb:UpdateItem Users"},
	"ChangePasswordFunction": {
		"dynamodb:BatchGetItem AuthState", "dynamodb:BatchGetItem Users", "dynamodb:DeleteItem AuthState",
		"dynamodb:GetItem AuthState", "dynamodb:PutItem Mails", "dynamodb:PutItem AuthState",
		"dynamodb:UpdateItem AuthState", "dynamodb:UpdateItem Users", "sqs:SendMessage AccountMailQueue",
	},
	"SignUpFunction": {
		"dynamodb:ConditionCheckItem Users if VerifiesEmail", "dynamodb:GetItem AuthState with [done#*]",
		"dynamodb:GetItem Users if VerifiesEmail",
		"dynamodb:PutItem Mails if VerifiesEmail", "dynamodb:PutItem AuthState with [done#*]", "dynamodb:PutItem Users",
		"sqs:SendMessage AccountMailQueue if VerifiesEmail",
	},
	"VerifyEmailFunction": {
		"dynamodb:DeleteItem AuthState", "dynamodb:GetItem AuthState", "dynamodb:PutItem AuthState",
		"dynamodb:UpdateItem Users",
	},
	"RequestResetFunction": {"dynamodb:PutItem Mails", "sqs:SendMessage AccountMailQueue"},
	"ResetPasswordFunction": {
		"dynamodb:DeleteItem AuthState", "dynamodb:GetItem AuthState", "dynamodb:PutItem AuthState",
		"dynamodb:UpdateItem Mails", "dynamodb:UpdateItem Users",
	},
	"DeleteAccountFunction": {
		"dynamodb:BatchGetItem AuthState", "dynamodb:BatchGetItem Users", "dynamodb:DeleteItem Users",
		"dynamodb:DeleteItem StockAlerts", "dynamodb:GetItem Users", "dynamodb:PutItem AccountDeletions",
		"dynamodb:Query Orders/index/by_customer", "dynamodb:Query StockAlerts",
		"dynamodb:UpdateItem Mails", "dynamodb:UpdateItem Orders", "dynamodb:UpdateItem AuthState",
	},
	"KeepAuditFunction": {},
	"EraseDeletedAccountsFunction": {
		"dynamodb:DeleteItem AccountDeletions", "dynamodb:DeleteItem StockAlerts",
		"dynamodb:Query Orders/index/by_customer", "dynamodb:Query StockAlerts",
		"dynamodb:Scan AccountDeletions", "dynamodb:UpdateItem Mails", "dynamodb:UpdateItem Orders",
	},
	"BrowseProductsFunction": {"dynamodb:BatchGetItem Products", "dynamodb:Query Products/index/by_name"},
	"ViewProductFunction":    {"dynamodb:Query Products"},
	"AwaitProductFunction": {
		"dynamodb:BatchGetItem Products", "dynamodb:DeleteItem StockAlerts", "dynamodb:GetItem StockAlerts",
		"dynamodb:Query StockAlerts", "dynamodb:UpdateItem StockAlerts",
	},
	"PlaceOrderFunction": {
		"dynamodb:BatchGetItem Products", "dynamodb:GetItem Orders", "dynamodb:PutItem Mails",
		"dynamodb:PutItem Orders", "dynamodb:UpdateItem Products", "sqs:SendMessage MailQueue",
	},
	"ViewOrderFunction": {
		"dynamodb:BatchGetItem Mails", "dynamodb:BatchGetItem Orders", "dynamodb:BatchGetItem Users",
	},
	"ChangeOrderFunction": {
		"dynamodb:BatchGetItem Products", "dynamodb:GetItem Orders", "dynamodb:GetItem Users",
		"dynamodb:PutItem Mails", "dynamodb:PutItem StockMovements", "dynamodb:UpdateItem Orders",
		"dynamodb:UpdateItem Products", "sqs:SendMessage MailQueue",
	},
	"ListMyOrdersFunction": {"dynamodb:Query Orders/index/by_customer"},
	"NotifyFunction": {
		"dynamodb:BatchGetItem Orders", "dynamodb:BatchGetItem Products", "dynamodb:BatchGetItem SuppressedAddresses",
		"dynamodb:BatchGetItem Users", "dynamodb:DeleteItem StockAlerts", "dynamodb:GetItem StockAlerts",
		"dynamodb:UpdateItem StockAlerts",
		"dynamodb:PutItem AuthState", "dynamodb:UpdateItem Mails",
		"ses:SendEmail configuration-set/MailConfiguration from Sender", "ses:SendEmail identity/* from Sender",
	},
	"SuppressAddressFunction": {
		"dynamodb:PutItem SuppressedAddresses", "dynamodb:UpdateItem Mails",
		"sqs:SendMessage SuppressionDeadLetterQueue",
	},
	"RelayMailFunction": {
		"dynamodb:BatchGetItem Products", "dynamodb:GetItem Orders", "dynamodb:PutItem Mails",
		"dynamodb:PutItem StockMovements", "dynamodb:Query Mails/index/due", "dynamodb:Query Orders/index/unfinished",
		"dynamodb:Query Products/index/by_name",
		"dynamodb:UpdateItem Mails", "dynamodb:UpdateItem Orders", "dynamodb:UpdateItem Products",
		"sqs:SendMessage AccountMailQueue", "sqs:SendMessage MailQueue",
	},
	"AuditFunction": {
		"dynamodb:BatchGetItem Mails", "dynamodb:BatchGetItem Orders", "dynamodb:GetItem AccountDeletions",
		"dynamodb:GetItem Mails", "dynamodb:GetItem Orders",
		"dynamodb:GetItem Products", "dynamodb:GetItem SalesByDay", "dynamodb:GetItem StockAlerts",
		"dynamodb:GetItem Users", "dynamodb:Query Orders/index/feed",
		"dynamodb:Query SalesByDay", "dynamodb:Query StockMovements", "dynamodb:Scan Mails", "dynamodb:Scan Orders",
		"dynamodb:Scan Products", "dynamodb:Scan StockAlerts", "dynamodb:Scan StockMovements",
	},
	"ViewInventoryFunction": {
		"dynamodb:BatchGetItem Products", "dynamodb:GetItem Users", "dynamodb:Query Products/index/by_name",
		"dynamodb:Query Products/index/low_stock",
	},
	"SaveProductFunction": {
		"dynamodb:DeleteItem Products", "dynamodb:GetItem Products", "dynamodb:Query Products",
		"dynamodb:BatchGetItem Products", "dynamodb:GetItem Users", "dynamodb:PutItem Products",
		"dynamodb:PutItem StockMovements", "dynamodb:UpdateItem Products",
	},
	"UpdateStockFunction": {
		"dynamodb:BatchGetItem Products", "dynamodb:GetItem StockMovements", "dynamodb:GetItem Users",
		"dynamodb:PutItem StockMovements", "dynamodb:Query StockMovements", "dynamodb:UpdateItem Products",
	},
	"UploadPictureFunction": {
		"dynamodb:GetItem Users", "s3:DeleteObject PictureUploads/uploads/*", "s3:GetObject PictureUploads/uploads/*",
		"s3:ListBucket PagesBucket with images/*", "s3:ListBucket PictureUploads with uploads/*",
		"s3:PutObject PagesBucket/images/*", "s3:PutObject PictureUploads/uploads/*",
	},
	"ListOrdersFunction": {
		"dynamodb:GetItem Users", "dynamodb:Query Orders/index/by_customer", "dynamodb:Query Orders/index/by_status",
		"dynamodb:Query Orders/index/feed",
	},
	"SummarizeOrdersFunction": {
		"dynamodb:GetItem SalesByDay", "dynamodb:GetItem Users", "dynamodb:Query Orders/index/feed",
		"dynamodb:Query SalesByDay",
	},
	"CountSalesFunction": {
		"dynamodb:DeleteItem SalesByDay", "dynamodb:GetItem SalesByDay", "dynamodb:PutItem SalesByDay",
		"dynamodb:Query Orders/index/feed", "dynamodb:Query Orders/index/sales_corrections",
		"dynamodb:Query SalesByDay",
		"dynamodb:UpdateItem Orders",
	},
	"WatchStockFunction": {
		"dynamodb:BatchGetItem Products", "dynamodb:PutItem Mails",
		"dynamodb:Query Products/index/low_stock if TellsShopOfStocks",
		"dynamodb:Query StockAlerts if TellsShopOfStocks", "dynamodb:Query StockAlerts/index/waiting",
		"dynamodb:UpdateItem StockAlerts",
	},
	"SyntheticCustomerFunction": {
		"secretsmanager:GetSecretValue SyntheticCustomerPassword",
	},
}

// Every function has a role of its own, with no permission but those above and the managed policies that SAM adds: to
// write logs, to be traced, and to receive from a queue.
func TestRolesAllowNoMore(t *testing.T) {
	tpl := Need(t)
	for name, function := range tpl.Functions() {
		role := name + "Role"
		if got := fmt.Sprint(At(function, "Properties", "Role")); got != fmt.Sprintf("map[Fn::GetAtt:[%s Arn]]", role) {
			t.Errorf("%s has the role %s", name, got)
		}
		want := append([]string{"policy AWSLambdaBasicExecutionRole", "policy AWSXrayWriteOnlyAccess"}, grants[name]...)
		if name == "NotifyFunction" {
			want = append(want, "policy AWSLambdaSQSQueueExecutionRole")
		}
		slices.Sort(want)
		if got := tpl.Granted(name); !slices.Equal(got, want) {
			t.Errorf("%s allows\n%q, want\n%q", role, got, want)
		}
		if runtime := At(function, "Properties", "Runtime"); runtime != "provided.al2023" {
			t.Errorf("%s: runtime %v", name, runtime)
		}
	}
}

// TestWhoMayWriteAUser: the functions that only change a user may name no attribute but those that they need, in
// whatever expression, and may have no other answered. On AWS none of them makes an admin. The local emulator does not
// look at attributes: what the store's own updates name, a store of the tests says.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
func TestWhoMayWriteAUser(t *testing.T) {
	named := updatedAttributes(t)
	tpl := Need(t)
	for function := range tpl.Functions() {
		for _, statement := range tpl.Statements(function) {
			if !slices.Contains(permissions(statement), "dynamodb:UpdateItem Users") {
				continue
			}
			want, known := named[function]
			got := At(statement, "Condition", "ForAllValues:StringEquals", "dynamodb:Attributes")
			if !known || fmt.Sprint(got) != fmt.Sprint(want) || slices.Contains(want, "role") {
				t.Errorf("%s may update users by the attributes %v, want %v", function, got, want)
			}
			wantJSON(t, At(statement, "Condition", "StringEqualsIfExists"),
				`{"dynamodb:ReturnValues":["NONE","UPDATED_OLD","UPDATED_NEW"]}`)
			delete(named, function)
		}
	}
	if len(named) > 0 {
		t.Errorf("%v may not update users", named)
	}
}

// updatedAttributes returns the attributes of a user that each function's updates name, sorted.
func updatedAttributes(t *testing.T) map[string][]string {
	ctx := t.Context()
	l := user.Link{UserID: "usr_1", Email: "ann@example.com"}
	named := map[string][]string{}
	for function, update := range map[string]func(*dynamodb.Client){
		"VerifyEmailFunction": func(c *dynamodb.Client) {
			_ = (&dynamostore.EmailVerifications{
				Client: c, Users: "Users", AuthState: "AuthState",
			}).Verify(ctx, l, time.Now(), user.IdempotencyRecord{})
		},
		"ResetPasswordFunction": func(c *dynamodb.Client) {
			_ = (&dynamostore.PasswordResets{
				Client: c, Users: "Users", AuthState: "AuthState", Mails: "Mails",
			}).SetPassword(ctx, l, password.Stored("h"), user.Attempt{Email: l.Email}, user.IdempotencyRecord{})
		},
		"LogInFunction": func(c *dynamodb.Client) {
			_ = (&dynamostore.PasswordHashes{Client: c, Users: "Users"}).ReplaceHash(ctx, l.Email, password.Stored("h"),
				password.Stored("i"))
		},
		"OpenMachineSessionFunction": func(c *dynamodb.Client) {
			_ = (&dynamostore.APIKeyUses{Client: c, Users: "Users", AuthState: "AuthState"}).Used(ctx, "shopkey_a",
				time.Now(), time.Now())
		},
		"EndSessionsFunction": func(c *dynamodb.Client) {
			_ = (&dynamostore.UserSessions{Client: c, Users: "Users", AuthState: "AuthState"}).EndSessions(ctx,
				user.User{ID: "usr_1", Email: l.Email}, user.Attempt{Email: l.Email})
		},
		"RenameAccountFunction": func(c *dynamodb.Client) {
			_ = (&dynamostore.Accounts{Client: c, Users: "Users"}).Rename(ctx,
				user.Caller{UserID: "usr_1", Email: l.Email}, "Ann")
		},
		"ChangePasswordFunction": func(c *dynamodb.Client) {
			_, _ = (&dynamostore.PasswordChanges{
				Client: c, Users: "Users", AuthState: "AuthState", Mails: "Mails",
			}).ChangePassword(ctx, user.PasswordChange{
				User: user.User{ID: "usr_1", Email: l.Email}, Hash: password.Stored("h"), SessionID: "ses_1",
				Attempt: user.Attempt{Email: l.Email},
			})
		},
	} {
		var body string
		update(dynamodb.New(dynamodb.Options{
			Region: "local", Credentials: aws.AnonymousCredentials{}, RetryMaxAttempts: 1,
			HTTPClient: requestTo(func(r *http.Request) { text, _ := io.ReadAll(r.Body); body = string(text) }),
		}))
		named[function] = attributesOf(t, body)
	}
	return named
}

type requestTo func(*http.Request)

// Do answers nothing that a client understands.
func (do requestTo) Do(r *http.Request) (*http.Response, error) {
	do(r)
	return nil, errors.New("no answer")
}

// word is a name in an expression: no value, and no function.
var word = regexp.MustCompile(`(^|[^:a-z_])([a-z][a-z_]*)\b([^(]|$)`)

// attributesOf returns the key and the names in the expressions of the one update of Users in a request.
func attributesOf(t *testing.T, body string) []string {
	t.Helper()
	type update struct {
		TableName, ConditionExpression, UpdateExpression string
		Key                                              map[string]any
	}
	var request struct {
		update
		TransactItems []struct{ Update *update }
	}
	if err := json.Unmarshal([]byte(body), &request); err != nil {
		t.Fatalf("%v: %q", err, body)
	}
	found := request.update
	for _, item := range request.TransactItems {
		if item.Update != nil && item.Update.TableName == "Users" {
			found = *item.Update
		}
	}
	names := slices.Collect(maps.Keys(found.Key))
	for _, match := range word.FindAllStringSubmatch(strings.NewReplacer("(", "( ").
		Replace(found.ConditionExpression+" ; "+found.UpdateExpression), -1) {
		names = append(names, match[2])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestRolesHaveNoPoliciesElsewhere: what a role allows stands in the role, where the tests read it.
func TestRolesHaveNoPoliciesElsewhere(t *testing.T) {
	for name, r := range Need(t).Resources {
		switch r["Type"] {
		case "AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy", "AWS::IAM::UserPolicy",
			"AWS::IAM::GroupPolicy":
			t.Errorf("%s is a policy of its own", name)
		}
	}
}

// TestGranted: what stands in a role is listed whole, in whichever form it is written.
func TestGranted(t *testing.T) {
	statement := func(text string) any {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	tpl := &Template{Resources: map[string]Object{"FRole": {"Properties": Object{
		"ManagedPolicyArns": []any{"arn:aws:iam::aws:policy/service-role/P"},
		"Policies": []any{
			Object{
				"PolicyDocument": Object{"Statement": statement(`{"Effect":"Allow","Action":"a:One","Resource":"*"}`)},
			},
			Object{"PolicyDocument": Object{"Statement": []any{
				statement(
					`{"Effect":"Allow","Action":["a:Two","a:*"],"Resource":[{"Fn::GetAtt":["T","Arn"]},{"Fn::Sub":"${T.Arn}/index/i"}]}`,
				),
				statement(`{"Effect":"Allow","NotAction":"a:Three","Resource":"*"}`),
				statement(`{"Effect":"Allow","Action":"a:Four","NotResource":"r"}`),
			}}},
		},
	}}}}
	want := []string{
		"* but a:Three", "* but r", "a:* T", "a:* T/index/i", "a:One *", "a:Two T", "a:Two T/index/i", "policy P",
	}
	if got := tpl.Granted("F"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A secret does not belong into a function's environment.
func TestEnvironmentsHoldNoSecret(t *testing.T) {
	for name, function := range Need(t).Functions() {
		variables, _ := At(function, "Properties", "Environment", "Variables").(Object)
		for variable := range variables {
			for _, word := range []string{"SECRET", "PASSWORD", "PRIVATE", "CREDENTIAL"} {
				if strings.Contains(variable, word) {
					t.Errorf("%s has %s", name, variable)
				}
			}
		}
		if len(variables) == 0 {
			t.Errorf("%s has no environment", name)
		}
	}
}

// One word for one flow: the folder and the function's name.
func TestFunctionsAreNamedAfterTheirFolders(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(Root(), "functions/*"))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, folder := range folders {
		name := ""
		for word := range strings.SplitSeq(filepath.Base(folder), "-") {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
		want = append(want, name+"Function")
	}
	got := slices.Sorted(maps.Keys(Need(t).Functions()))
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
