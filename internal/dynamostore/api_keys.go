package dynamostore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/password"
	"shop/internal/user"
)

// APIKeys keeps API keys for the operator, in the Users table: an item for each, whose key is the API key's id, and one
// that lists the ids, so that nobody has to read all users to find them.
type APIKeys struct {
	Client *dynamodb.Client
	Users  string
}

// apiKeyList is the key of the item that lists the ids. No address has this form, and no API key.
const apiKeyList = "api-keys"

// keepRevoked is how long the item of a revoked key stays: longer than a request to make it can be on its way.
const keepRevoked = 24 * time.Hour

func apiKeyItem(k user.APIKey) attributes {
	return attributes{
		"email": text(k.ID), "user_id": text(k.ID), "name": text(k.Name), "role": text(string(k.Role)),
		"password_hash": text(k.SecretHash.PHC()), "created_at": instant(k.CreatedAt), "created_by": text(k.CreatedBy),
		"generation": number(0),
	}
}

func readAPIKey(item attributes) (user.APIKey, error) {
	r := reader{item: item}
	k := user.APIKey{
		ID: r.text("user_id"), Name: r.text("name"), SecretHash: password.Stored(r.text("password_hash")),
		Role: user.Role(r.text("role")), CreatedAt: r.instant("created_at"), CreatedBy: r.text("created_by"),
	}
	if r.has("last_used_at") {
		k.LastUsedAt = r.instant("last_used_at")
	}
	return k, r.err
}

// Create stores the key, or returns user.ErrTooManyAPIKeys. A repeat of the SDK's, whose first answer was lost, finds
// the key.
func (s *APIKeys) Create(ctx context.Context, k user.APIKey) error {
	unmet, err := transact(ctx, s.Client, "storing an API key",
		types.TransactWriteItem{Put: &types.Put{
			TableName: &s.Users, Item: apiKeyItem(k), ConditionExpression: aws.String("attribute_not_exists(email)"),
		}},
		types.TransactWriteItem{Update: &types.Update{
			TableName: &s.Users, Key: userKey(apiKeyList), UpdateExpression: aws.String("ADD key_ids :id"),
			ConditionExpression: aws.String("attribute_not_exists(key_ids) OR size(key_ids) < :most"),
			ExpressionAttributeValues: attributes{
				":id":   &types.AttributeValueMemberSS{Value: []string{k.ID}},
				":most": number(user.MaxAPIKeys),
			},
		}})
	if unmet[0] {
		return nil
	}
	if unmet[1] {
		return user.ErrTooManyAPIKeys
	}
	return err
}

// List returns all keys that stand, the oldest first.
func (s *APIKeys) List(ctx context.Context) ([]user.APIKey, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Users, Key: userKey(apiKeyList), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, failed("reading the list of API keys", err)
	}
	ids, _ := out.Item["key_ids"].(*types.AttributeValueMemberSS)
	if ids == nil {
		return nil, nil
	}
	var keys []attributes
	for _, id := range ids.Value {
		keys = append(keys, userKey(id))
	}
	found, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{
		s.Users: {Keys: keys, ConsistentRead: aws.Bool(true)},
	})
	if err != nil {
		return nil, err
	}
	return readAPIKeys(found[s.Users])
}

func readAPIKeys(items []attributes) ([]user.APIKey, error) {
	var keys []user.APIKey
	for _, item := range items {
		k, err := readAPIKey(item)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b user.APIKey) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return keys, nil
}

// Revoke takes all rights from the key, and removes it from the list. It returns the role that the key had, and
// user.ErrNoAPIKey for one that is not there or was revoked before. The item stays for a day, so that a request to make
// the key which was late on its way makes nothing.
func (s *APIKeys) Revoke(ctx context.Context, id string, at time.Time) (user.Role, error) {
	keys, err := s.List(ctx)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(keys, func(k user.APIKey) bool { return k.ID == id })
	if i < 0 {
		return "", user.ErrNoAPIKey
	}
	_, err = transact(ctx, s.Client, "revoking an API key",
		types.TransactWriteItem{Update: &types.Update{
			TableName: &s.Users, Key: userKey(id), ConditionExpression: aws.String("attribute_exists(email)"),
			UpdateExpression:         aws.String("SET #role = :none, expires_at = :ends"),
			ExpressionAttributeNames: map[string]string{"#role": "role"},
			ExpressionAttributeValues: attributes{
				":none": text(string(user.RoleCustomer)), ":ends": number(at.Add(keepRevoked).Unix()),
			},
		}},
		types.TransactWriteItem{Update: &types.Update{
			TableName: &s.Users, Key: userKey(apiKeyList), UpdateExpression: aws.String("DELETE key_ids :id"),
			ExpressionAttributeValues: attributes{":id": &types.AttributeValueMemberSS{Value: []string{id}}},
		}})
	return keys[i].Role, err
}

// APIKeyUses implements [user.APIKeyUses].
type APIKeyUses struct {
	Client    *dynamodb.Client
	Users     string
	AuthState string
}

// TakeBack implements [user.APIKeyUses.TakeBack] in one transaction.
func (s *APIKeyUses) TakeBack(ctx context.Context, a user.Attempt) error {
	if err := writeOnce(ctx, s.Client, undoAttempt(s.AuthState, a)); err != nil {
		return failed("taking a guess back", err)
	}
	return nil
}

// Used implements [user.APIKeyUses.Used]. A key that is gone stays so.
func (s *APIKeyUses) Used(ctx context.Context, id string, at, since time.Time) error {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.Users, Key: userKey(id),
		ConditionExpression: aws.String(
			"attribute_exists(email) AND (attribute_not_exists(last_used_at) OR last_used_at < :since)"),
		UpdateExpression:          aws.String("SET last_used_at = :at"),
		ExpressionAttributeValues: attributes{":at": instant(at), ":since": instant(since)},
	})
	if _, unmet := conditionFailed(err); unmet {
		return nil
	}
	if err != nil {
		return failed("noting the use of an API key", err)
	}
	return nil
}
