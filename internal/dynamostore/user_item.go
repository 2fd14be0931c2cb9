package dynamostore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
	"shop/internal/password"
	"shop/internal/user"
)

// Users keeps the accounts, by e-mail address.
type Users struct {
	Client *dynamodb.Client
	Table  string
	// Suppressed is the table of the addresses that are mailed no more.
	Suppressed string
	// AuthState is the table that keeps which sign-ups with an Idempotency-Key were done.
	AuthState string
}

// Create stores u, and keeps done in the same write. It returns user.ErrEmailTaken when another user has the address, or when done
// was kept before.
func (s *Users) Create(ctx context.Context, u user.User, done user.Done) error {
	if !done.Kept() {
		return s.create(ctx, u)
	}
	unmet, err := transact(ctx, s.Client, "storing a user", append(keep(s.AuthState, done), types.TransactWriteItem{Put: &types.Put{
		TableName: &s.Table, Item: userItem(u), ConditionExpression: aws.String(free), ExpressionAttributeValues: since(u.CreatedAt),
	}})...)
	if slices.Contains(unmet, true) {
		return user.ErrEmailTaken
	}
	return err
}

// Done returns what was kept of a request with this name, also when it expired, or the zero Done.
func (s *Users) Done(ctx context.Context, name string) (user.Done, error) {
	return findDone(ctx, s.Client, s.AuthState, name)
}

// create is Create for a request without a key.
//
// The condition fails on our own write when the SDK repeats it because its answer was lost: the id, made for this attempt,
// tells.
func (s *Users) create(ctx context.Context, u user.User) error {
	_, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                           &s.Table,
		Item:                                userItem(u),
		ConditionExpression:                 aws.String(free),
		ExpressionAttributeValues:           since(u.CreatedAt),
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

// RenewHash stores the hash renewed in the place of old, unless the user has another hash by now.
func (s *Users) RenewHash(ctx context.Context, email string, old, renewed password.Hash) error {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.Table,
		Key:                       userKey(email),
		ConditionExpression:       aws.String("password_hash = :old"),
		UpdateExpression:          aws.String("SET password_hash = :renewed"),
		ExpressionAttributeValues: attributes{":old": text(old.PHC()), ":renewed": text(renewed.PHC())},
	})
	if _, changed := conditionFailed(err); changed {
		return nil
	}
	if err != nil {
		return failed("renewing a hash", err)
	}
	return nil
}

// ForMail returns the user with the normalised address. It returns notification.ErrNoRecipient when nobody has it, and
// notification.ErrSuppressed when it is mailed no more.
func (s *Users) ForMail(ctx context.Context, address string) (user.User, error) {
	items, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{
		s.Table:      {Keys: []attributes{userKey(address)}, ConsistentRead: aws.Bool(true)},
		s.Suppressed: {Keys: []attributes{suppressedKey(user.AddressHash(address))}, ConsistentRead: aws.Bool(true)},
	})
	if err != nil {
		return user.User{}, err
	}
	u, err := readUser(first(items[s.Table]))
	if errors.Is(err, user.ErrNotFound) {
		return user.User{}, notification.ErrNoRecipient
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

// SetRole changes a role, ends the user's sessions, and keeps beside the role who changed it and when. It returns the user as it was
// before; with the role that it was to get, nothing was changed. It returns user.ErrNotFound, also when the address has another
// account by now, and user.ErrUnverified for one that nobody verified and that was to become an admin's.
//
// The condition fails on our own write when the SDK repeats it because its answer was lost: the time and the operator tell.
func (s *Users) SetRole(ctx context.Context, c user.RoleChange) (user.User, error) {
	condition := "user_id = :user AND #role <> :role"
	if c.Role == user.RoleAdmin {
		condition += " AND attribute_not_exists(unverified)"
	}
	out, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                &s.Table,
		Key:                      userKey(c.Email),
		ConditionExpression:      &condition,
		UpdateExpression:         aws.String("SET #role = :role, role_changed_at = :at, role_changed_by = :by" + nextGeneration),
		ExpressionAttributeNames: map[string]string{"#role": "role"},
		ExpressionAttributeValues: attributes{
			":user": text(c.UserID), ":role": text(string(c.Role)), ":at": instant(c.At), ":by": text(c.By), ":one": number(1),
		},
		ReturnValues:                        types.ReturnValueAllOld,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if old, failed := conditionFailed(err); failed {
		return roleBefore(old, c)
	}
	if err != nil {
		return user.User{}, failed("setting a role", err)
	}
	return readUser(out.Attributes)
}

// roleBefore reads the user that has the role already, or may not have it. If this change gave it, the user had the other one
// before.
func roleBefore(item attributes, c user.RoleChange) (user.User, error) {
	u, err := readUser(item)
	switch {
	case err == nil && u.ID != c.UserID:
		return user.User{}, user.ErrNotFound
	case err == nil && u.Role != c.Role:
		return user.User{}, user.ErrUnverified
	}
	r := reader{item: item}
	if err == nil && r.has("role_changed_at") && r.instant("role_changed_at").Equal(c.At) && r.text("role_changed_by") == c.By {
		u.Role = user.RoleAdmin
		if c.Role == user.RoleAdmin {
			u.Role = user.RoleCustomer
		}
	}
	return u, err
}

// Verify lets the user of an address log in, as its link would, and keeps who said so and when. It returns user.ErrNotFound when the
// address has another account by now, or none, or one that expired; and nil for one that is verified already.
//
// It changes nothing the second time, so that a repeat of the SDK's, whose first answer was lost, is like the first.
func (s *Users) Verify(ctx context.Context, v user.Verification) error {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                           &s.Table,
		Key:                                 userKey(v.Email),
		ConditionExpression:                 aws.String("user_id = :user AND attribute_exists(unverified) AND " + here),
		UpdateExpression:                    aws.String("SET verified_at = :at, verified_by = :by REMOVE unverified, expires_at"),
		ExpressionAttributeValues:           attributes{":user": text(v.UserID), ":since": number(v.At.Unix()), ":at": instant(v.At), ":by": text(v.By)},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if old, unmet := conditionFailed(err); unmet {
		u, err := readUser(old)
		if err == nil && (u.ID != v.UserID || u.Unverified) {
			return user.ErrNotFound
		}
		return err
	}
	if err != nil {
		return failed("verifying a user", err)
	}
	return nil
}

// nextGeneration ends, in an update of a user, all sessions and links of the user. Its value :one is 1.
const nextGeneration = " ADD generation :one"

// requireAdmin judges the caller by the caller's stored user: an admin's, and of the same account as the token.
func requireAdmin(item attributes, caller user.Caller) error {
	u, err := readUser(item)
	if err != nil || u.Role != user.RoleAdmin || u.ID != caller.UserID {
		return user.ErrNotAdmin
	}
	return nil
}

// free and here are the conditions that nobody has an address, and that somebody has it: who signed up and was not verified in time
// has it no more. Their value is of since.
const (
	free = "attribute_not_exists(email) OR expires_at <= :since"
	here = "attribute_exists(email) AND (attribute_not_exists(expires_at) OR expires_at > :since)"
)

func since(now time.Time) attributes { return attributes{":since": number(now.Unix())} }

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
		ID: r.text("user_id"), Email: r.text("email"), Name: r.text("name"), PasswordHash: password.Stored(r.text("password_hash")),
		Role: user.Role(r.text("role")), CreatedAt: r.instant("created_at"), Generation: r.number("generation"),
		Unverified: r.has("unverified"),
	}
	if r.has("expires_at") {
		u.ExpiresAt = time.Unix(r.number("expires_at"), 0).UTC()
	}
	return u, r.err
}
