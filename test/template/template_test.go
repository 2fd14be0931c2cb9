// Package template holds what must be true of the template that is deployed, as SAM translates it.
package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shop/test/contract"
	"shop/test/need"
)

const root = "../.."

// The store's routes, and the scope of a token that each asks for; "" is open to anyone. A route that is not here fails.
var routes = map[string]string{
	"POST /users":                                         "",
	"POST /sessions":                                      "",
	"POST /sessions/refresh":                              "",
	"POST /sessions/revoke":                               "",
	"POST /users/verification":                            "",
	"DELETE /users/me":                                    "customer",
	"POST /password-resets":                               "",
	"PUT /password-resets":                                "",
	"GET /products":                                       "",
	"GET /products/{product_id}":                          "",
	"POST /orders":                                        "customer",
	"GET /orders":                                         "customer",
	"GET /orders/{order_id}":                              "customer",
	"GET /admin/products":                                 "admin",
	"GET /admin/products/{product_id}":                    "admin",
	"PUT /admin/products/{product_id}":                    "admin",
	"PUT /admin/products/{product_id}/stock":              "admin",
	"POST /admin/products/{product_id}/stock/adjustments": "admin",
	"GET /admin/products/{product_id}/stock/movements":    "admin",
	"GET /admin/orders":                                   "admin",
	"GET /admin/orders/summary":                           "admin",
}

var issuerRoutes = map[string]string{
	"GET /.well-known/openid-configuration": "",
	"GET /.well-known/jwks.json":            "",
}

type object = map[string]any

// translated returns the resources of the template. It is translated once for all tests.
func translated(t *testing.T) map[string]object {
	t.Helper()
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	python := need.File(t, filepath.Join(top, ".tools/emulator/bin/python"))
	resources, err := translateOnce(python, top)
	if err != nil {
		t.Fatalf("translating the template: %v", err)
	}
	return resources
}

var (
	once      sync.Once
	resources map[string]object
	failure   error
)

func translateOnce(python, top string) (map[string]object, error) {
	once.Do(func() {
		command := exec.Command(python, "infra/local/translate.py", "template.yaml", "Sender=shop@example.com")
		command.Dir = top
		var out []byte
		if out, failure = command.Output(); failure != nil {
			return
		}
		var template struct{ Resources map[string]object }
		failure = json.Unmarshal(out, &template)
		resources = template.Resources
	})
	return resources, failure
}

// at follows names into v; nil where there is nothing.
func at(v any, names ...string) any {
	for _, name := range names {
		m, ok := v.(object)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func ofType(resources map[string]object, kind string) map[string]object {
	found := map[string]object{}
	for name, r := range resources {
		if r["Type"] == kind {
			found[name] = r
		}
	}
	if len(found) == 0 {
		panic("no resource of type " + kind)
	}
	return found
}

// routesOf reads the routes that SAM wrote into an API, and the scope of each.
func routesOf(t *testing.T, api object) map[string]string {
	t.Helper()
	found := map[string]string{}
	paths, _ := at(api, "Properties", "Body", "paths").(object)
	for path, methods := range paths {
		for method, operation := range methods.(object) {
			scope := ""
			if security, ok := at(operation, "security").([]any); ok {
				scopes := fmt.Sprint(at(security[0], "Token"))
				scope = strings.Trim(scopes, "[]")
			}
			found[strings.ToUpper(method)+" "+path] = scope
		}
	}
	return found
}

func TestRoutesAndScopes(t *testing.T) {
	resources := translated(t)
	for name, want := range map[string]map[string]string{"Api": routes, "Issuer": issuerRoutes} {
		if got := routesOf(t, resources[name]); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestRoutesAreThoseOfTheContract(t *testing.T) {
	c, err := contract.Load(filepath.Join(root, "docs/openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(maps.Keys(routes))
	for route := range issuerRoutes {
		want = append(want, route)
	}
	slices.Sort(want)
	got := c.Routes()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestApisFailOnWarningsAndAreThrottled(t *testing.T) {
	resources := translated(t)
	for name, api := range ofType(resources, "AWS::ApiGatewayV2::Api") {
		if at(api, "Properties", "FailOnWarnings") != true {
			t.Errorf("%s does not fail on warnings: routes could vanish from a deployment that looks green", name)
		}
	}
	for name, stage := range ofType(resources, "AWS::ApiGatewayV2::Stage") {
		if rate, _ := at(stage, "Properties", "DefaultRouteSettings", "ThrottlingRateLimit").(float64); rate <= 0 {
			t.Errorf("%s is not throttled", name)
		}
	}
	// A flood of them would hold up the confirmations, which the same queue has.
	if rate, _ := at(resources["ApiApiGatewayDefaultStage"], "Properties", "RouteSettings", "POST /password-resets", "ThrottlingRateLimit").(float64); rate <= 0 || rate > 50 {
		t.Errorf("requests of resets may come at %v a second", rate)
	}
	if at(resources["ApiApiGatewayDefaultStage"], "Properties", "AccessLogSettings", "DestinationArn") == nil {
		t.Error("the API has no access log")
	}
	for _, dependency := range []string{"IssuerApiGatewayDefaultStage", "PublishKeysFunctionDiscoveryPermission", "PublishKeysFunctionKeysPermission"} {
		if !slices.Contains(resources["Api"]["DependsOn"].([]any), any(dependency)) || resources[dependency] == nil {
			t.Errorf("the API does not wait for %s, which its authorizer needs", dependency)
		}
	}
}

// The times that depend on each other: timeout < lease < visibility, and visibility at least six timeouts.
func TestQueueTimes(t *testing.T) {
	resources := translated(t)
	notify := resources["NotifyFunction"]
	timeout := time.Duration(at(notify, "Properties", "Timeout").(float64)) * time.Second
	visibility := time.Duration(at(resources["MailQueue"], "Properties", "VisibilityTimeout").(float64)) * time.Second
	lease, err := time.ParseDuration(at(notify, "Properties", "Environment", "Variables", "LEASE").(string))
	if err != nil {
		t.Fatal(err)
	}
	if lease != timeout+5*time.Second || lease >= visibility || visibility < 6*timeout {
		t.Errorf("timeout %v, lease %v, visibility timeout %v", timeout, lease, visibility)
	}
	mapping := at(resources["NotifyFunctionMailOwed"], "Properties")
	if got := fmt.Sprint(at(mapping, "FunctionResponseTypes")); got != "[ReportBatchItemFailures]" {
		t.Errorf("response types: got %s, want ReportBatchItemFailures: else one failure repeats the whole batch", got)
	}
	if at(mapping, "ScalingConfig", "MaximumConcurrency") == nil {
		t.Error("nothing bounds how many mails are sent at once")
	}
	if at(resources["MailQueue"], "Properties", "RedrivePolicy", "maxReceiveCount") != 5.0 {
		t.Error("a message is not received five times before it goes to the dead-letter queue")
	}
	for _, queue := range []string{"MailDeadLetterQueue", "SuppressionDeadLetterQueue"} {
		if at(resources[queue], "Properties", "MessageRetentionPeriod") != 1209600.0 {
			t.Errorf("%s does not keep dead letters for 14 days", queue)
		}
	}
}

func TestQueuesAreEncrypted(t *testing.T) {
	queues := ofType(translated(t), "AWS::SQS::Queue")
	if len(queues) != 3 {
		t.Errorf("got %d queues, want 3", len(queues))
	}
	for name, queue := range queues {
		if at(queue, "Properties", "SqsManagedSseEnabled") != true {
			t.Errorf("%s is not encrypted", name)
		}
	}
}

// The way of a bounce and of a complaint: SES publishes those two to the default bus, and nothing else; one rule takes those
// of our mails to SuppressAddressFunction; what fails there is kept.
func TestReportsOfMails(t *testing.T) {
	resources := translated(t)
	destinations := ofType(resources, "AWS::SES::ConfigurationSetEventDestination")
	if len(destinations) != 1 {
		t.Errorf("got %d event destinations, want 1", len(destinations))
	}
	wantJSON(t, at(destinations["MailReports"], "Properties"), `{
		"ConfigurationSetName": {"Ref": "MailConfiguration"},
		"EventDestination": {
			"Enabled": true,
			"MatchingEventTypes": ["bounce", "complaint"],
			"EventBridgeDestination": {"EventBusArn": {"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"}}
		}}`)
	wantJSON(t, at(resources["SuppressAddressFunctionMailReported"], "Properties"), `{
		"EventPattern": {
			"source": ["aws.ses"],
			"detail-type": ["Email Bounced", "Email Complaint Received"],
			"detail": {"mail": {"tags": {"ses:configuration-set": [{"Ref": "MailConfiguration"}]}}}
		},
		"Targets": [{"Arn": {"Fn::GetAtt": ["SuppressAddressFunction", "Arn"]}, "Id": "SuppressAddressFunctionMailReportedLambdaTarget"}]}`)
	wantJSON(t, at(resources["SuppressAddressFunctionEventInvokeConfig"], "Properties"), `{
		"FunctionName": {"Ref": "SuppressAddressFunction"}, "Qualifier": "$LATEST",
		"DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["SuppressionDeadLetterQueue", "Arn"]}}}}`)
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

func TestTablesAreKept(t *testing.T) {
	tables := ofType(translated(t), "AWS::DynamoDB::Table")
	if len(tables) != 8 {
		t.Errorf("got %d tables, want 8", len(tables))
	}
	for name, table := range tables {
		properties := table["Properties"].(object)
		checks := map[string]bool{
			"is kept when the stack goes":       table["DeletionPolicy"] == "Retain" && table["UpdateReplacePolicy"] == "Retain",
			"is on demand":                      properties["BillingMode"] == "PAY_PER_REQUEST",
			"is recoverable to a point in time": at(properties, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") == true,
			"is encrypted":                      at(properties, "SSESpecification", "SSEEnabled") == true,
			"is protected in production":        fmt.Sprint(properties["DeletionProtectionEnabled"]) == "map[Fn::If:[IsProduction true false]]",
			"has no name of its own":            properties["TableName"] == nil,
		}
		for what, ok := range checks {
			if !ok {
				t.Errorf("it does not hold that %s %s", name, what)
			}
		}
	}
}

// grants is all that each function's role allows, as action and resource.
var grants = map[string][]string{
	"PublishKeysFunction":     {"kms:GetPublicKey SigningKey"},
	"LogInFunction":           {"dynamodb:BatchGetItem Sessions", "dynamodb:BatchGetItem Users", "dynamodb:DeleteItem Sessions", "dynamodb:PutItem Sessions", "dynamodb:UpdateItem Sessions", "kms:GetPublicKey SigningKey", "kms:Sign SigningKey"},
	"RefreshSessionFunction":  {"dynamodb:DeleteItem Sessions", "dynamodb:GetItem Sessions", "dynamodb:GetItem Users", "dynamodb:UpdateItem Sessions", "kms:GetPublicKey SigningKey", "kms:Sign SigningKey"},
	"LogOutFunction":          {"dynamodb:DeleteItem Sessions"},
	"SignUpFunction":          {"dynamodb:ConditionCheckItem Users", "dynamodb:GetItem Users", "dynamodb:PutItem Mails", "dynamodb:PutItem Users", "sqs:SendMessage MailQueue"},
	"VerifyEmailFunction":     {"dynamodb:DeleteItem Sessions", "dynamodb:GetItem Sessions", "dynamodb:UpdateItem Users"},
	"RequestResetFunction":    {"dynamodb:PutItem Mails", "sqs:SendMessage MailQueue"},
	"ResetPasswordFunction":   {"dynamodb:DeleteItem Sessions", "dynamodb:GetItem Sessions", "dynamodb:UpdateItem Users"},
	"DeleteAccountFunction":   {"dynamodb:BatchGetItem Sessions", "dynamodb:BatchGetItem Users", "dynamodb:DeleteItem Users", "dynamodb:GetItem Users", "dynamodb:PutItem Removals", "dynamodb:Query Orders/index/by_customer", "dynamodb:UpdateItem Mails", "dynamodb:UpdateItem Orders", "dynamodb:UpdateItem Sessions", "kms:GetPublicKey SigningKey"},
	"EraseTracesFunction":     {"dynamodb:DeleteItem Removals", "dynamodb:Query Orders/index/by_customer", "dynamodb:Scan Removals", "dynamodb:UpdateItem Mails", "dynamodb:UpdateItem Orders"},
	"BrowseProductsFunction":  {"dynamodb:BatchGetItem Products", "dynamodb:Query Products/index/catalogue"},
	"ViewProductFunction":     {"dynamodb:Query Products"},
	"PlaceOrderFunction":      {"dynamodb:BatchGetItem Products", "dynamodb:GetItem Orders", "dynamodb:PutItem Mails", "dynamodb:PutItem Orders", "dynamodb:UpdateItem Products", "kms:GetPublicKey SigningKey", "sqs:SendMessage MailQueue"},
	"ViewOrderFunction":       {"dynamodb:BatchGetItem Mails", "dynamodb:BatchGetItem Orders", "dynamodb:BatchGetItem Users", "kms:GetPublicKey SigningKey"},
	"ListMyOrdersFunction":    {"dynamodb:Query Orders/index/by_customer", "kms:GetPublicKey SigningKey"},
	"NotifyFunction":          {"dynamodb:BatchGetItem Orders", "dynamodb:BatchGetItem SuppressedAddresses", "dynamodb:BatchGetItem Users", "dynamodb:PutItem Sessions", "dynamodb:UpdateItem Mails", "ses:SendEmail configuration-set/MailConfiguration from Sender", "ses:SendEmail identity/* from Sender"},
	"SuppressAddressFunction": {"dynamodb:PutItem SuppressedAddresses", "dynamodb:UpdateItem Mails", "sqs:SendMessage SuppressionDeadLetterQueue"},
	"RelayMailFunction":       {"dynamodb:Query Mails/index/due", "dynamodb:UpdateItem Mails", "sqs:SendMessage MailQueue"},
	"ViewInventoryFunction":   {"dynamodb:BatchGetItem Products", "dynamodb:BatchGetItem Users", "dynamodb:GetItem Users", "dynamodb:Query Products/index/catalogue", "kms:GetPublicKey SigningKey"},
	"SaveProductFunction":     {"dynamodb:BatchGetItem Products", "dynamodb:BatchGetItem Users", "dynamodb:PutItem Products", "dynamodb:PutItem StockMovements", "dynamodb:UpdateItem Products", "kms:GetPublicKey SigningKey"},
	"UpdateStockFunction":     {"dynamodb:BatchGetItem Products", "dynamodb:BatchGetItem Users", "dynamodb:GetItem StockMovements", "dynamodb:GetItem Users", "dynamodb:PutItem StockMovements", "dynamodb:Query StockMovements", "dynamodb:UpdateItem Products", "kms:GetPublicKey SigningKey"},
	"ListOrdersFunction":      {"dynamodb:GetItem Users", "dynamodb:Query Orders/index/by_customer", "dynamodb:Query Orders/index/feed", "kms:GetPublicKey SigningKey"},
	"SummarizeOrdersFunction": {"dynamodb:GetItem Users", "dynamodb:Query Orders/index/feed", "kms:GetPublicKey SigningKey"},
}

// Every function has a role of its own, with no permission but those above and the managed policies that SAM adds: to write
// logs, and to receive from a queue.
func TestRolesAllowNoMore(t *testing.T) {
	resources := translated(t)
	for name, function := range ofType(resources, "AWS::Lambda::Function") {
		role := name + "Role"
		if got := fmt.Sprint(at(function, "Properties", "Role")); got != fmt.Sprintf("map[Fn::GetAtt:[%s Arn]]", role) {
			t.Errorf("%s has the role %s", name, got)
		}
		if got := granted(resources[role]); !slices.Equal(got, grants[name]) {
			t.Errorf("%s allows\n%q, want\n%q", role, got, grants[name])
		}
		managed := "[arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]"
		if name == "NotifyFunction" {
			managed = "[arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole]"
		}
		if got := fmt.Sprint(at(resources[role], "Properties", "ManagedPolicyArns")); got != managed {
			t.Errorf("%s has the managed policies %s, want %s", role, got, managed)
		}
		if runtime := at(function, "Properties", "Runtime"); runtime != "provided.al2023" {
			t.Errorf("%s: runtime %v", name, runtime)
		}
	}
}

// granted lists what a role allows, each action on each resource.
func granted(role object) []string {
	var found []string
	policies, _ := at(role, "Properties", "Policies").([]any)
	for _, policy := range policies {
		for _, statement := range at(policy, "PolicyDocument", "Statement").([]any) {
			condition := ""
			if at(statement, "Condition") != nil {
				condition = " from " + fmt.Sprint(at(statement, "Condition", "StringEquals", "ses:FromAddress", "Ref"))
			}
			for _, action := range list(at(statement, "Action")) {
				for _, resource := range list(at(statement, "Resource")) {
					found = append(found, fmt.Sprint(action, " ", resourceName(resource), condition))
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

func list(v any) []any {
	if many, ok := v.([]any); ok {
		return many
	}
	return []any{v}
}

// resourceName shortens the ARN of a resource, or of a table's index, to the resource's logical id.
func resourceName(v any) string {
	if get, ok := at(v, "Fn::GetAtt").([]any); ok {
		return fmt.Sprint(get[0])
	}
	arn := fmt.Sprint(at(v, "Fn::Sub"))
	arn = strings.TrimPrefix(arn, "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:")
	return strings.NewReplacer("${", "", ".Arn}", "", "}", "").Replace(arn)
}

// A secret does not belong into a function's environment.
func TestEnvironmentsHoldNoSecret(t *testing.T) {
	for name, function := range ofType(translated(t), "AWS::Lambda::Function") {
		variables, _ := at(function, "Properties", "Environment", "Variables").(object)
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
	folders, err := filepath.Glob(filepath.Join(root, "functions/*"))
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
	got := slices.Sorted(maps.Keys(ofType(translated(t), "AWS::Lambda::Function")))
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
