package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// OperatorAccounts changes accounts for the operator, who runs the command shop.
type OperatorAccounts struct {
	Client *dynamodb.Client
	Users  string
}

// ByEmail returns the user with the normalised address, or user.ErrNotFound.
func (s *OperatorAccounts) ByEmail(ctx context.Context, email string) (user.User, error) {
	return findUser(ctx, s.Client, s.Users, email)
}

const setRole = "SET #role = :role, role_changed_at = :at, role_changed_by = :by"

// SetRole changes a role, ends the user's sessions, and keeps beside the role who changed it and when. It returns the
// user as it was before; with the role that it was to get, nothing was changed. It returns user.ErrNotFound, also when
// the address has another account by now, user.ErrUnverified for one that nobody verified and that was to become
// staff's, and user.ErrAccountChanged when the account is of another generation. So a grant that was late on its way,
// and arrives after the role was revoked, grants nothing.
//
// The condition fails on our own write when the SDK repeats it because its answer was lost: the time and the operator
// tell.
func (s *OperatorAccounts) SetRole(ctx context.Context, c user.RoleChange) (user.User, error) {
	condition := "user_id = :user AND generation = :generation AND #role <> :role"
	if c.Role != user.RoleCustomer {
		condition += " AND attribute_not_exists(unverified)"
	}
	out, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                &s.Users,
		Key:                      userKey(c.Email),
		ConditionExpression:      &condition,
		UpdateExpression:         aws.String(setRole + nextGeneration),
		ExpressionAttributeNames: map[string]string{"#role": "role"},
		ExpressionAttributeValues: attributes{
			":user": text(c.UserID), ":generation": number(c.Generation), ":role": text(string(c.Role)),
			":at": instant(c.At), ":by": text(c.By), ":one": number(1),
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

// roleBefore reads the user that has the role already, or may not have it. If this change gave it, the user had the
// one before that the operator saw: every change of role makes another generation.
func roleBefore(item attributes, c user.RoleChange) (user.User, error) {
	u, err := readUser(item)
	switch {
	case err == nil && u.ID != c.UserID:
		return user.User{}, user.ErrNotFound
	case err == nil && u.Role != c.Role && c.Role != user.RoleCustomer && u.Unverified:
		return user.User{}, user.ErrUnverified
	case err == nil && u.Role != c.Role:
		return user.User{}, user.ErrAccountChanged
	}
	r := reader{item: item}
	ours := r.has("role_changed_at") && r.instant("role_changed_at").Equal(c.At) && r.text("role_changed_by") == c.By
	if err == nil && ours {
		u.Role = c.From
	}
	return u, err
}

// Verify lets the user of an address log in, as its link would, and keeps who said so and when. It returns
// user.ErrNotFound when the address has another account by now, or none, or one that expired; and nil for one that is
// verified already.
//
// It changes nothing the second time, so that a repeat of the SDK's, whose first answer was lost, is like the first.
func (s *OperatorAccounts) Verify(ctx context.Context, v user.Verification) error {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &s.Users,
		Key:                 userKey(v.Email),
		ConditionExpression: aws.String("user_id = :user AND attribute_exists(unverified) AND " + addressTaken),
		UpdateExpression:    aws.String("SET verified_at = :at, verified_by = :by REMOVE unverified, expires_at"),
		ExpressionAttributeValues: attributes{
			":user": text(v.UserID), ":since": number(v.At.Unix()), ":at": instant(v.At), ":by": text(v.By),
		},
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
