package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func verifyEmail(token string) call {
	return call{method: "POST", path: "/users/verification", body: map[string]string{"token": token}}
}

func requestReset(email string) call {
	return call{method: "POST", path: "/password-resets", body: map[string]string{"email": email}}
}

func resetPassword(token, password string) call {
	return call{method: "PUT", path: "/password-resets", body: map[string]string{"token": token, "password": password}}
}

// hashOf is how the store names addresses and tokens that it does not keep.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

var linkPattern = regexp.MustCompile(`(?m)^(\S+/)(verify-email|reset-password)#token=([A-Za-z0-9_-]{43})$`)

// link is the URL in a mail that brings one, or empty.
func (m mail) link() string { return linkPattern.FindString(m.BodyText) }

// tokenOf is the token that the mail brings to a page of the shop.
// Both parts of the mail have the same link.
func tokenOf(t *testing.T, m mail, page string) string {
	t.Helper()
	found := linkPattern.FindStringSubmatch(m.BodyText)
	if found == nil || found[1] != os.Getenv("SHOP_PAGES_URL")+"/" || found[2] != page ||
		!strings.Contains(m.BodyHTML, `href="`+found[0]+`"`) {
		t.Fatalf("the mail %q brings no link to %s: %s", m.Subject, page, m.BodyText)
	}
	return found[3]
}

// linksTo are the mails with a link to the address.
func linksTo(t *testing.T, address string) []mail {
	t.Helper()
	var found []mail
	for _, m := range mailsTo(t, address) {
		if m.link() != "" {
			found = append(found, m)
		}
	}
	return found
}

// awaitLinks returns the mails with a link once there are n. That there are no
// more at the end, the check of the whole run tells: see journal.linked.
func awaitLinks(t *testing.T, address string, n int) []mail {
	t.Helper()
	var mails []mail
	eventually(t, mailPatience, "mails with links: "+strconv.Itoa(n), func() bool {
		mails = linksTo(t, address)
		return len(mails) >= n
	})
	if len(mails) != n {
		t.Fatalf("%d mails with a link to %s, want %d", len(mails), address, n)
	}
	return mails
}

// resetToken asks for a mail to the customer, and is the token in it.
func resetToken(t *testing.T, c caller) string {
	t.Helper()
	journal.linked(c.Email, 1)
	send(t, requestReset(c.Email)).want(t, http.StatusAccepted)
	return tokenOf(t, awaitLinks(t, c.Email, 1)[0], "reset-password")
}

// badToken fails the test unless the answer says that the token is no good.
func (a answer) badToken(t *testing.T) {
	t.Helper()
	p := a.refused(t, http.StatusBadRequest, "invalid_request")
	if len(p.Errors) != 1 || p.Errors[0].Field != "token" {
		t.Errorf("errors = %+v, want one of the field token", p.Errors)
	}
}

func database(t *testing.T) *dynamodb.Client {
	t.Helper()
	return dynamodb.New(dynamodb.Options{
		Region: awsRegion, Credentials: awsCredentials, BaseEndpoint: aws.String(needAWS(t)),
	})
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func seconds(at time.Time) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(at.Unix(), 10)}
}

func stamp(at time.Time) types.AttributeValue {
	return text(at.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// stored is an item of a table of the stack, by its key, or nil.
func stored(t *testing.T, table, key, value string) map[string]types.AttributeValue {
	t.Helper()
	out, err := database(t).GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String(lookUp(t, stackOutputs, table)), Key: map[string]types.AttributeValue{key: text(value)},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Item
}

// attribute is a text of an item, or empty.
func attribute(item map[string]types.AttributeValue, name string) string {
	if v, ok := item[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// rewrite changes an item of a table of the stack.
func rewrite(t *testing.T, table, key, value, update string, values map[string]types.AttributeValue) {
	t.Helper()
	names := map[string]string{}
	if strings.Contains(update, "#state") {
		names["#state"] = "state"
	}
	in := &dynamodb.UpdateItemInput{
		TableName: aws.String(lookUp(t, stackOutputs, table)), Key: map[string]types.AttributeValue{key: text(value)},
		ConditionExpression: aws.String("attribute_exists(" + key + ")"), UpdateExpression: &update,
		ExpressionAttributeValues: values,
	}
	if len(names) > 0 {
		in.ExpressionAttributeNames = names
	}
	if _, err := database(t).UpdateItem(t.Context(), in); err != nil {
		t.Fatalf("rewriting %s %s: %v", table, value, err)
	}
}

// expire ends the time of a link.
func expire(t *testing.T, token string, at time.Time) {
	t.Helper()
	rewrite(t, "AuthStateTable", "session_id", "link#"+hashOf(token), "SET expires_at = :at",
		map[string]types.AttributeValue{":at": seconds(at)})
}

// requeueLink makes an account mail pending once more, since the given time, and
// due now, as it is after nothing came of it; the store's schedule or the
// test's own relay sends it.
func requeueLink(t *testing.T, mailID, address string, since time.Time) {
	t.Helper()
	rewrite(t, "MailsTable", "mail_id", mailID,
		"SET #state = :pending, email = :email, created_at = :since, due_shard = :shard, due_at = :due REMOVE settled_at, message_id",
		map[string]types.AttributeValue{
			":pending": text("pending"), ":email": text(address), ":since": stamp(since),
			":due": stamp(time.Now().Add(-time.Second)), ":shard": &types.AttributeValueMemberN{Value: "3"},
		})
}

func relayMails(t *testing.T) {
	t.Helper()
	if out := string(invoke(t, "RelayMailFunction", map[string]any{})); strings.Contains(out, "errorMessage") {
		t.Fatalf("the relay failed: %s", out)
	}
}

func awaitState(t *testing.T, mailID, state string) {
	t.Helper()
	eventually(t, mailPatience, mailID+" is "+state,
		func() bool { return attribute(stored(t, "MailsTable", "mail_id", mailID), "state") == state })
}
