package dynamostore

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/password"
	"shop/internal/user"
)

// Links keeps the links that were mailed, by the hashes of their tokens, in the table AuthState. A link is used by deleting it in
// the transaction that does what it is for.
type Links struct {
	Client *dynamodb.Client
	Table  string
	Users  string
	Mails  string
}

// Save stores a link, whose hash is new.
func (s *Links) Save(ctx context.Context, l user.Link) error {
	if _, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Table, Item: linkItem(l)}); err != nil {
		return failed("storing a link", err)
	}
	return nil
}

// Link returns the link with this hash, an expired one too, or user.ErrInvalidLink.
func (s *Links) Link(ctx context.Context, hash string) (user.Link, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Table, Key: linkKey(hash), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return user.Link{}, failed("reading a link", err)
	}
	if len(out.Item) == 0 {
		return user.Link{}, user.ErrInvalidLink
	}
	return readLink(out.Item)
}

// ofLink is the condition that the user is the one that the link was made for, of the same generation, and not expired.
const ofLink = "user_id = :user AND generation = :generation AND (attribute_not_exists(expires_at) OR expires_at > :since)"

// Verify uses the link up and verifies the address of its user, all or nothing. It returns user.ErrInvalidLink when the link is
// gone, void or expired, or its user is another or verified, or done was kept before.
func (s *Links) Verify(ctx context.Context, l user.Link, now time.Time, done user.Done) error {
	return s.use(ctx, "verifying an address", l, now, done, types.Update{
		ConditionExpression:       aws.String(ofLink + " AND attribute_exists(unverified)"),
		UpdateExpression:          aws.String("REMOVE unverified, expires_at"),
		ExpressionAttributeValues: attributes{},
	})
}

// SetPassword uses the link up, gives its user the password and the next generation, and verifies the address: all or nothing. The
// generation ends the user's sessions and makes the other links void. The counts of guesses at the address begin anew, the
// source of a is known from now on, and the address may be mailed the next reset at once. It returns user.ErrInvalidLink when the link is gone, void or expired, or its user is another, or
// done was kept before.
func (s *Links) SetPassword(ctx context.Context, l user.Link, hash password.Hash, a user.Attempt, done user.Done) error {
	return s.use(ctx, "setting a password", l, a.At, done, types.Update{
		ConditionExpression:       aws.String(ofLink),
		UpdateExpression:          aws.String("SET password_hash = :hash REMOVE unverified, expires_at" + nextGeneration),
		ExpressionAttributeValues: attributes{":hash": text(hash.PHC()), ":one": number(1)},
	}, append((&Guesses{Table: s.Table}).reset(a), endCooldown(s.Mails, l.Email, a.At))...)
}

// Done returns what was kept of a request with this name, also when it expired, or the zero Done.
func (s *Links) Done(ctx context.Context, name string) (user.Done, error) {
	return findDone(ctx, s.Client, s.Table, name)
}

// use deletes the link, updates its user, keeps what was done, and does more, in one transaction.
func (s *Links) use(
	ctx context.Context, doing string, l user.Link, now time.Time, done user.Done, u types.Update, more ...types.TransactWriteItem,
) error {
	u.TableName, u.Key = &s.Users, userKey(l.Email)
	u.ExpressionAttributeValues[":since"] = number(now.Unix())
	u.ExpressionAttributeValues[":user"], u.ExpressionAttributeValues[":generation"] = text(l.UserID), number(l.Generation)
	actions := append(keep(s.Table, done),
		types.TransactWriteItem{Delete: &types.Delete{
			TableName: &s.Table, Key: linkKey(l.Hash), ConditionExpression: aws.String("expires_at > :now"),
			ExpressionAttributeValues: attributes{":now": number(now.Unix())},
		}},
		types.TransactWriteItem{Update: &u})
	unmet, err := transact(ctx, s.Client, doing, append(actions, more...)...)
	if slices.Contains(unmet, true) {
		return user.ErrInvalidLink
	}
	return err
}

func linkKey(hash string) attributes { return attributes{"session_id": text("link#" + hash)} }

func linkItem(l user.Link) attributes {
	item := linkKey(l.Hash)
	item["hash"], item["purpose"], item["user_id"], item["email"] = text(l.Hash), text(string(l.Purpose)), text(l.UserID), text(l.Email)
	item["generation"], item["expires_at"] = number(l.Generation), number(l.ExpiresAt.Unix())
	return item
}

func readLink(item attributes) (user.Link, error) {
	r := reader{item: item}
	l := user.Link{
		Hash: r.text("hash"), Purpose: user.Purpose(r.text("purpose")), UserID: r.text("user_id"), Email: r.text("email"),
		Generation: r.number("generation"), ExpiresAt: time.Unix(r.number("expires_at"), 0).UTC(),
	}
	return l, r.err
}
