package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/password"
	"shop/internal/user"
)

// nextGeneration ends, in an update of a user, all sessions and links of the user. Its value :one is 1.
const nextGeneration = " ADD generation :one"

// addressFree and addressTaken are the conditions that nobody has an address, and that somebody has it. An account that
// was not verified in time does not count. since returns their values.
const (
	addressFree  = "attribute_not_exists(email) OR expires_at <= :since"
	addressTaken = "attribute_exists(email) AND (attribute_not_exists(expires_at) OR expires_at > :since)"
)

func since(now time.Time) attributes { return attributes{":since": number(now.Unix())} }

// findUser returns the user with the normalised address, or user.ErrNotFound.
func findUser(ctx context.Context, client *dynamodb.Client, table, email string) (user.User, error) {
	out, err := client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &table, Key: userKey(email), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return user.User{}, failed("reading a user", err)
	}
	return readUser(out.Item)
}

func userKey(email string) attributes { return attributes{"email": text(email)} }

func userItem(u user.User) attributes {
	item := attributes{
		"email":         text(u.Email),
		"user_id":       text(u.ID),
		"name":          text(u.Name),
		"password_hash": text(u.PasswordHash.PHC()),
		"role":          text(string(u.Role)),
		"created_at":    instant(u.CreatedAt),
		"generation":    number(u.Generation),
	}
	if u.Unverified {
		item["unverified"] = boolean(true)
	}
	if !u.ExpiresAt.IsZero() {
		item["expires_at"] = number(u.ExpiresAt.Unix())
	}
	return item
}

func readUser(item attributes) (user.User, error) {
	if item == nil {
		return user.User{}, user.ErrNotFound
	}
	r := reader{item: item}
	u := user.User{
		ID: r.text("user_id"), Email: r.text("email"), Name: r.text("name"),
		PasswordHash: password.Stored(r.text("password_hash")),
		Role:         user.Role(r.text("role")), CreatedAt: r.instant("created_at"), Generation: r.number("generation"),
		Unverified: r.has("unverified"),
	}
	if r.has("expires_at") {
		u.ExpiresAt = time.Unix(r.number("expires_at"), 0).UTC()
	}
	return u, r.err
}

// roleNow is the role of the caller's stored user or API key, and a customer's if that is not the token's own.
func roleNow(item attributes, caller user.Caller) user.Role {
	u, err := readUser(item)
	if err != nil || u.ID != caller.UserID {
		return user.RoleCustomer
	}
	return u.Role
}
