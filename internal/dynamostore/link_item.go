package dynamostore

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// linkTable has what following a link needs, whatever the link is for. A link is used by deleting it in the transaction
// that does what it is for.
type linkTable struct {
	client           *dynamodb.Client
	users, authState string
}

// find returns the link with this hash, an expired one too, or user.ErrInvalidLink.
func (t linkTable) find(ctx context.Context, hash string) (user.Link, error) {
	out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &t.authState, Key: linkKey(hash), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return user.Link{}, failed("reading a link", err)
	}
	if len(out.Item) == 0 {
		return user.Link{}, user.ErrInvalidLink
	}
	return readLink(out.Item)
}

// ofLink is the condition that the user is the one that the link was made for, of the same generation, and not expired.
const ofLink = "user_id = :user AND generation = :generation AND " +
	"(attribute_not_exists(expires_at) OR expires_at > :since)"

// use deletes the link, updates its user, stores the record of the request, and does more, in one transaction.
func (t linkTable) use(
	ctx context.Context, doing string, l user.Link, now time.Time, record user.IdempotencyRecord, u types.Update,
	more ...types.TransactWriteItem,
) error {
	u.TableName, u.Key = &t.users, userKey(l.Email)
	u.ExpressionAttributeValues[":since"] = number(now.Unix())
	u.ExpressionAttributeValues[":user"] = text(l.UserID)
	u.ExpressionAttributeValues[":generation"] = number(l.Generation)
	actions := append(putRecord(t.authState, record),
		types.TransactWriteItem{Delete: &types.Delete{
			TableName: &t.authState, Key: linkKey(l.Hash), ConditionExpression: aws.String("expires_at > :now"),
			ExpressionAttributeValues: attributes{":now": number(now.Unix())},
		}},
		types.TransactWriteItem{Update: &u})
	unmet, err := transact(ctx, t.client, doing, append(actions, more...)...)
	if slices.Contains(unmet, true) {
		return user.ErrInvalidLink
	}
	return err
}

func linkKey(hash string) attributes { return attributes{"session_id": text("link#" + hash)} }

func linkItem(l user.Link) attributes {
	item := linkKey(l.Hash)
	item["hash"], item["purpose"] = text(l.Hash), text(string(l.Purpose))
	item["user_id"], item["email"] = text(l.UserID), text(l.Email)
	item["generation"], item["expires_at"] = number(l.Generation), number(l.ExpiresAt.Unix())
	return item
}

func readLink(item attributes) (user.Link, error) {
	r := reader{item: item}
	l := user.Link{
		Hash: r.text("hash"), Purpose: user.Purpose(r.text("purpose")), UserID: r.text("user_id"),
		Email: r.text("email"), Generation: r.number("generation"),
		ExpiresAt: time.Unix(r.number("expires_at"), 0).UTC(),
	}
	return l, r.err
}
