package dynamostore

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
	"shop/internal/user"
)

// Users keeps the accounts, by e-mail address.
type Users struct {
	Client *dynamodb.Client
	Table  string
	// Suppressed is the table of the addresses that are mailed no more.
	Suppressed string
}

// Create stores u. It returns user.ErrEmailTaken when another user has the address.
//
// The condition fails on our own write when the SDK repeats it because its answer was lost: the id, made for this attempt,
// tells.
func (s *Users) Create(ctx context.Context, u user.User) error {
	_, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                           &s.Table,
		Item:                                userItem(u),
		ConditionExpression:                 aws.String("attribute_not_exists(email)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if old, failed := conditionFailed(err); failed {
		if stored, err := readUser(old); err == nil && stored.ID == u.ID {
			return nil
		}
		return user.ErrEmailTaken
	}
	if err != nil {
		return failed("storing a user", err)
	}
	return nil
}

// ByEmail returns the user with the normalised address, or user.ErrNotFound.
func (s *Users) ByEmail(ctx context.Context, email string) (user.User, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Table, Key: userKey(email), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return user.User{}, failed("reading a user", err)
	}
	return readUser(out.Item)
}

// ForMail returns the user with the normalised address. It returns notification.ErrNobody when nobody has it, and
// notification.ErrSuppressed when it is mailed no more.
func (s *Users) ForMail(ctx context.Context, address string) (user.User, error) {
	items, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{
		s.Table:      {Keys: []attributes{userKey(address)}, ConsistentRead: aws.Bool(true)},
		s.Suppressed: {Keys: []attributes{suppressedKey(notification.AddressHash(address))}, ConsistentRead: aws.Bool(true)},
	})
	if err != nil {
		return user.User{}, err
	}
	u, err := readUser(first(items[s.Table]))
	if errors.Is(err, user.ErrNotFound) {
		return user.User{}, notification.ErrNobody
	}
	if err == nil && len(items[s.Suppressed]) > 0 {
		return user.User{}, notification.ErrSuppressed
	}
	return u, err
}

// RequireAdmin returns user.ErrNotAdmin unless the caller is an admin now.
func (s *Users) RequireAdmin(ctx context.Context, caller user.Caller) error {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Table, Key: userKey(caller.Email), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return failed("reading the caller's role", err)
	}
	return requireAdmin(out.Item, caller)
}

// SetRole gives the user with the normalised address a role. It returns user.ErrNotFound.
func (s *Users) SetRole(ctx context.Context, email string, role user.Role) error {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.Table,
		Key:                       userKey(email),
		ConditionExpression:       aws.String("attribute_exists(email)"),
		UpdateExpression:          aws.String("SET #role = :role"),
		ExpressionAttributeNames:  map[string]string{"#role": "role"},
		ExpressionAttributeValues: attributes{":role": text(string(role))},
	})
	if _, failed := conditionFailed(err); failed {
		return user.ErrNotFound
	}
	if err != nil {
		return failed("setting a role", err)
	}
	return nil
}

// EndSessions ends every session that the user with the normalised address has begun until at; the sessions themselves are
// not looked for. It returns user.ErrNotFound. An end that is later than at stays.
//
// The condition fails on our own write, or on a later one's, too: then it holds what was asked for.
func (s *Users) EndSessions(ctx context.Context, email string, at time.Time) error {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                           &s.Table,
		Key:                                 userKey(email),
		ConditionExpression:                 aws.String("attribute_exists(email) AND (attribute_not_exists(sessions_from) OR sessions_from < :at)"),
		UpdateExpression:                    aws.String("SET sessions_from = :at"),
		ExpressionAttributeValues:           attributes{":at": instant(at)},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if old, failed := conditionFailed(err); failed {
		_, err := readUser(old)
		return err
	}
	if err != nil {
		return failed("ending a user's sessions", err)
	}
	return nil
}

// requireAdmin judges the caller by the caller's stored user: an admin's, and of the same account as the token.
func requireAdmin(item attributes, caller user.Caller) error {
	u, err := readUser(item)
	if err != nil || u.Role != user.RoleAdmin || u.ID != caller.UserID {
		return user.ErrNotAdmin
	}
	return nil
}

func userKey(email string) attributes { return attributes{"email": text(email)} }

func userItem(u user.User) attributes {
	item := attributes{
		"email":         text(u.Email),
		"user_id":       text(u.ID),
		"name":          text(u.Name),
		"password_hash": text(u.PasswordHash),
		"role":          text(string(u.Role)),
		"created_at":    instant(u.CreatedAt),
	}
	if !u.SessionsFrom.IsZero() {
		item["sessions_from"] = instant(u.SessionsFrom)
	}
	if u.Unverified {
		item["unverified"] = boolean(true)
	}
	return item
}

func readUser(item attributes) (user.User, error) {
	if item == nil {
		return user.User{}, user.ErrNotFound
	}
	r := reader{item: item}
	u := user.User{
		ID: r.text("user_id"), Email: r.text("email"), Name: r.text("name"), PasswordHash: r.text("password_hash"),
		Role: user.Role(r.text("role")), CreatedAt: r.instant("created_at"), Unverified: r.has("unverified"),
	}
	if r.has("sessions_from") {
		u.SessionsFrom = r.instant("sessions_from")
	}
	return u, r.err
}
