package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"shop/test/template"
)

// exemptions are what roles allow and no run of the tests can show that it is
// needed, with the reason, by function and grant; "*" is every function. One
// that no role allows, or that turns out to be used, fails.
var exemptions = map[string]string{
	"* policy AWSLambdaBasicExecutionRole": "Lambda writes the function's logs by it; SAM adds it",
	"* policy AWSXrayWriteOnlyAccess":      "Lambda traces the function by it; SAM adds it",

	"NotifyFunction policy AWSLambdaSQSQueueExecutionRole": "Lambda receives from the queue by it; SAM adds it",
	"NotifyFunction ses:SendEmail identity/* from Sender": "in its sandbox SES asks for the recipient's identity, too; " +
		"the condition holds the sender",

	"UploadPictureFunction s3:PutObject PictureUploads/uploads/*": "browsers use it, by forms that the function signs",

	"SuppressAddressFunction sqs:SendMessage SuppressionDeadLetterQueue": "Lambda sends by it what failed three times",
}

// permissionFailures compares what the role of each function allows with what
// the function did since its proxy was started, demo data included. That a
// role allows enough, the emulator has seen to.
func permissionFailures(ctx context.Context) []string {
	if os.Getenv("SHOP_PROXY_URL") == "" && os.Getenv("CI") != "true" {
		return nil
	}
	deployed, err := template.Read()
	if err != nil {
		return []string{err.Error()}
	}
	functions, err := accessKeys(slices.Collect(maps.Keys(deployed.Functions())))
	if err != nil {
		return []string{err.Error()}
	}
	used, failures := usedPermissions(ctx, functions)
	granted := map[string][]string{}
	for function := range deployed.Functions() {
		maps.Copy(granted, grantedTo(function, deployed.Granted(function)))
	}
	return append(failures, judgePermissions(granted, used, exemptions)...)
}

// grantedTo lists what the role of a function allows as it is deployed. What it
// has under a condition, which does not hold there, a copy of the function has
// besides, which is judged under a name of its own.
func grantedTo(function string, grants []string) map[string][]string {
	granted := map[string][]string{function: {}}
	conditions := map[string]bool{}
	for _, grant := range grants {
		if _, condition, under := strings.Cut(grant, " if "); under {
			conditions[condition] = true
		} else {
			granted[function] = append(granted[function], grant)
		}
	}
	for condition := range conditions {
		for _, grant := range grants {
			grant, of, under := strings.Cut(grant, " if ")
			if !under || of == condition {
				granted[function+" if "+condition] = append(granted[function+" if "+condition], grant)
			}
		}
	}
	return granted
}

// judgePermissions names each grant that was not used and has no exemption,
// each with a wildcard that has none, and each exemption that is stale.
func judgePermissions(granted map[string][]string, used map[string]map[string]bool, exempt map[string]string) []string {
	var failures []string
	needed := map[string]bool{}
	for function, grants := range granted {
		for _, grant := range grants {
			permission, _, _ := strings.Cut(grant, " from ") // a condition is the template's test's
			permission, _, _ = strings.Cut(permission, " with ")
			reason := ""
			for _, key := range []string{function + " " + grant, "* " + grant} {
				if exempt[key] != "" && !used[function][permission] {
					reason, needed[key] = exempt[key], true
				}
			}
			switch {
			case reason != "", used[function][permission]:
			case strings.Contains(permission, "*"):
				failures = append(failures,
					fmt.Sprintf("%s may %s: a wildcard allows more than is used", function, grant))
			default:
				failures = append(failures, fmt.Sprintf("%s may %s, and never did", function, grant))
			}
		}
	}
	for key := range exempt {
		if !needed[key] {
			failures = append(failures, fmt.Sprintf("the exemption of %s is stale", key))
		}
	}
	slices.Sort(failures)
	return failures
}

// usedPermissions asks the proxy, and names functions and resources by their
// logical ids. Calls that no function signed are failures.
func usedPermissions(ctx context.Context, functions map[string]string) (map[string]map[string]bool, []string) {
	byKey, err := recordedPermissions(ctx)
	if err != nil {
		return nil, []string{err.Error()}
	}
	resources, err := stackResources()
	if err != nil {
		return nil, []string{err.Error()}
	}
	var failures []string
	used := map[string]map[string]bool{}
	for key, permissions := range byKey {
		function := functions[key]
		if function == "" {
			failures = append(failures,
				fmt.Sprintf("the credentials %s are no function's, and used %q", key, permissions))
			continue
		}
		if used[function] == nil {
			used[function] = map[string]bool{}
		}
		for _, permission := range permissions {
			used[function][inLogicalIDs(permission, resources)] = true
		}
	}
	return used, failures
}

// recordedPermissions is what the proxy has seen: lists of actions on
// resources, by the access key.
func recordedPermissions(ctx context.Context) (map[string][]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		strings.TrimSuffix(os.Getenv("SHOP_PROXY_URL"), "/")+"/permissions", nil)
	if err != nil {
		return nil, err
	}
	resp, err := transport.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking the proxy what was used: %w", err)
	}
	defer resp.Body.Close()
	var byKey map[string][]string
	if err := json.NewDecoder(resp.Body).Decode(&byKey); err != nil {
		return nil, fmt.Errorf("reading what was used: %w", err)
	}
	return byKey, nil
}

// inLogicalIDs names the resource of a permission as the template does: a
// queue's URL and a key's ARN end in what the stack calls them.
func inLogicalIDs(permission string, resources map[string]string) string {
	action, resource, _ := strings.Cut(permission, " ")
	for logical, physical := range resources {
		name := lastPart(physical)
		switch {
		case resource == name, lastPart(resource) == name && !strings.Contains(resource, "/index/") &&
			!strings.HasPrefix(action, "ses:"):
			return action + " " + logical
		case strings.HasPrefix(resource, name+"/index/"), strings.HasPrefix(resource, name+"/") &&
			strings.HasPrefix(action, "s3:"):
			return action + " " + logical + strings.TrimPrefix(resource, name)
		case resource == "configuration-set/"+name:
			return action + " configuration-set/" + logical
		}
	}
	return permission
}

func lastPart(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// accessKeys tells whose access key is whose. The emulator makes a function's
// key of the ARNs of the function and its role (ministack, execution_credentials).
func accessKeys(functions []string) (map[string]string, error) {
	resources, err := stackResources()
	if err != nil {
		return nil, err
	}
	outputs, err := stackOutputs()
	if err != nil {
		return nil, err
	}
	key := strings.Split(outputs["SigningKeyArn"], ":")
	if len(key) < 6 {
		return nil, fmt.Errorf("the stack's key %q does not tell the account", outputs["SigningKeyArn"])
	}
	region, account := key[3], key[4]
	byKey := map[string]string{}
	add := func(name, role, function string) {
		arns := fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s:arn:aws:iam::%s:role/%s",
			region, account, name, account, role)
		sum := sha256.Sum256([]byte(arns))
		byKey["ASIA"+strings.ToUpper(hex.EncodeToString(sum[:8]))] = function
	}
	for _, function := range functions {
		add(resources[function], resources[function+"Role"], function)
	}
	copies.Range(func(name, of any) bool { add(name.(string), of.(copied).role, of.(copied).function); return true })
	return byKey, nil
}

// copies are the functions that tests made of deployed ones: name → copied.
var copies sync.Map

// copied says what a copy was made of: the logical id of a function, with the
// condition that holds for the copy alone, and the name of the copy's role.
type copied struct{ function, role string }

// TestJudgePermissions shows that the check at the end of a run can fail.
func TestJudgePermissions(t *testing.T) {
	t.Parallel()
	granted := map[string][]string{
		"A": {"dynamodb:GetItem T", "dynamodb:Query T/index/i", "policy P"},
		"B": {"policy P", "ses:SendEmail identity/* from Sender", "ses:SendEmail configuration-set/S from Sender"},
	}
	exempt := map[string]string{"* policy P": "always", "B ses:SendEmail identity/* from Sender": "why"}
	all := func() map[string]map[string]bool {
		return map[string]map[string]bool{
			"A": {"dynamodb:GetItem T": true, "dynamodb:Query T/index/i": true},
			"B": {"ses:SendEmail identity/a@b.c": true, "ses:SendEmail configuration-set/S": true},
		}
	}
	for name, c := range map[string]struct {
		spoil func(granted map[string][]string, used map[string]map[string]bool, exempt map[string]string)
		want  string
	}{
		"nothing": {func(map[string][]string, map[string]map[string]bool, map[string]string) {}, ""},
		"an action too many": {func(g map[string][]string, _ map[string]map[string]bool, _ map[string]string) {
			g["A"] = append(g["A"], "dynamodb:PutItem T")
		}, "A may dynamodb:PutItem T, and never did"},
		"another function's": {func(g map[string][]string, _ map[string]map[string]bool, _ map[string]string) {
			g["B"] = append(g["B"], "dynamodb:GetItem T")
		}, "B may dynamodb:GetItem T, and never did"},
		"a resource too many": {func(g map[string][]string, _ map[string]map[string]bool, _ map[string]string) {
			g["A"] = append(g["A"], "dynamodb:Query T")
		}, "A may dynamodb:Query T, and never did"},
		"every action": {func(g map[string][]string, _ map[string]map[string]bool, _ map[string]string) {
			g["A"] = append(g["A"], "dynamodb:* T")
		}, "A may dynamodb:* T: a wildcard allows more than is used"},
		"every resource": {func(g map[string][]string, _ map[string]map[string]bool, _ map[string]string) {
			g["A"] = append(g["A"], "dynamodb:GetItem *")
		}, "A may dynamodb:GetItem *: a wildcard allows more than is used"},
		"with a condition, and used": {func(g map[string][]string, u map[string]map[string]bool, _ map[string]string) {
			g["A"] = append(g["A"], "dynamodb:PutItem T with [a#*]")
			u["A"]["dynamodb:PutItem T"] = true
		}, ""},
		"with a condition, and not used": {func(
			g map[string][]string, _ map[string]map[string]bool, _ map[string]string,
		) {
			g["A"] = append(g["A"], "dynamodb:PutItem T with [a#*]")
		}, "A may dynamodb:PutItem T with [a#*], and never did"},
		"a managed policy": {func(g map[string][]string, _ map[string]map[string]bool, _ map[string]string) {
			g["A"] = append(g["A"], "policy Admin")
		}, "A may policy Admin, and never did"},
		"not used any more": {func(_ map[string][]string, u map[string]map[string]bool, _ map[string]string) {
			delete(u["A"], "dynamodb:GetItem T")
		}, "A may dynamodb:GetItem T, and never did"},
		"not granted": {func(_ map[string][]string, _ map[string]map[string]bool, e map[string]string) {
			e["A dynamodb:PutItem T"] = "why"
		}, "the exemption of A dynamodb:PutItem T is stale"},
		"exempt and used": {func(_ map[string][]string, _ map[string]map[string]bool, e map[string]string) {
			e["A dynamodb:GetItem T"] = "why"
		}, "the exemption of A dynamodb:GetItem T is stale"},
		"of nobody": {func(_ map[string][]string, _ map[string]map[string]bool, e map[string]string) {
			e["* policy Q"] = "why"
		}, "the exemption of * policy Q is stale"},
	} {
		g, u, e := maps.Clone(granted), all(), maps.Clone(exempt)
		c.spoil(g, u, e)
		if got := strings.Join(judgePermissions(g, u, e), "; "); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestGrantedTo: what is allowed under a condition is to be used by the copy for
// which it holds, and what is allowed always by both.
func TestGrantedTo(t *testing.T) {
	t.Parallel()
	got := grantedTo("A", []string{"dynamodb:GetItem T if C", "dynamodb:PutItem T with [a#*]", "policy P"})
	want := map[string][]string{
		"A":      {"dynamodb:PutItem T with [a#*]", "policy P"},
		"A if C": {"dynamodb:GetItem T", "dynamodb:PutItem T with [a#*]", "policy P"},
	}
	if !maps.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("got %v, want %v", got, want)
	}
	used := map[string]map[string]bool{
		"A": {"dynamodb:PutItem T": true, "dynamodb:GetItem T": true}, "A if C": {"dynamodb:PutItem T": true},
	}
	failures := judgePermissions(got, used, map[string]string{"* policy P": "always"})
	if !slices.Equal(failures, []string{"A if C may dynamodb:GetItem T, and never did"}) {
		t.Errorf("got %q", failures)
	}
}

func TestInLogicalIDs(t *testing.T) {
	t.Parallel()
	resources := map[string]string{
		"Orders": "shop-Orders-1", "OrdersOther": "shop-Orders-12",
		"MailQueue": "http://127.0.0.1:1/000000000000/shop-MailQueue-2", "SigningKey": "0a1b",
		"MailConfiguration": "shop-Mail-3", "SenderIdentity": "shop@example.com", "PagesBucket": "shop-pages-4",
	}
	for permission, want := range map[string]string{
		"dynamodb:PutItem shop-Orders-1":                                   "dynamodb:PutItem Orders",
		"dynamodb:PutItem shop-Orders-12":                                  "dynamodb:PutItem OrdersOther",
		"dynamodb:Query shop-Orders-1/index/feed":                          "dynamodb:Query Orders/index/feed",
		"sqs:SendMessage http://127.0.0.1:2/000000000000/shop-MailQueue-2": "sqs:SendMessage MailQueue",
		"kms:Sign arn:aws:kms:eu-west-1:000000000000:key/0a1b":             "kms:Sign SigningKey",

		"ses:SendEmail configuration-set/shop-Mail-3": "ses:SendEmail configuration-set/MailConfiguration",
		"ses:SendEmail identity/shop@example.com":     "ses:SendEmail identity/shop@example.com",
		"s3:PutObject shop-pages-4/images/*":          "s3:PutObject PagesBucket/images/*",
		"s3:ListBucket shop-pages-4":                  "s3:ListBucket PagesBucket",
		"dynamodb:PutItem another":                    "dynamodb:PutItem another",
	} {
		if got := inLogicalIDs(permission, resources); got != want {
			t.Errorf("%s: got %s, want %s", permission, got, want)
		}
	}
}
