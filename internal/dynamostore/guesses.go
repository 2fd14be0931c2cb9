package dynamostore

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// Guesses implements [user.Guesses]. The items are named after hashes of addresses and clients, known ones or not, and
// of a window of time: a new window has new items, and TTL removes those of old ones.
type Guesses struct {
	Client    *dynamodb.Client
	Users     string
	AuthState string
}

// countable are all counts that an attempt may be counted by.
var countable = []user.Count{user.PerAddressAndClient, user.PerClient, user.PerAddress, user.Reserve}

// Lookup implements [user.Guesses.Lookup] by one consistent batch.
func (s *Guesses) Lookup(ctx context.Context, a user.Attempt) (user.AttemptHistory, error) {
	keys := []attributes{knownKey(a), resetKey(a)}
	for _, c := range countable {
		keys = append(keys, tallyKey(a, c))
	}
	if a.Device != "" {
		keys = append(keys, deviceKey(a), tallyKey(a, user.PerDevice))
	}
	found, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{
		s.Users:     {Keys: []attributes{userKey(a.Email)}, ConsistentRead: aws.Bool(true)},
		s.AuthState: {Keys: keys, ConsistentRead: aws.Bool(true)},
	})
	if err != nil {
		return user.AttemptHistory{}, err
	}
	return readHistory(a, found[s.Users], found[s.AuthState])
}

func readHistory(a user.Attempt, users, items []attributes) (user.AttemptHistory, error) {
	var history user.AttemptHistory
	for _, item := range users {
		u, err := readUser(item)
		if err != nil {
			return user.AttemptHistory{}, err
		}
		history.User, history.Found = u, true
	}
	named := map[string]attributes{}
	for _, item := range items {
		r := reader{item: item}
		named[r.text("session_id")] = item
	}
	err := readCounted(&history, a, named)
	return history, err
}

// readCounted reads what stands in the table AuthState, by its names. When the password was reset comes first: the
// tallies go by it.
func readCounted(history *user.AttemptHistory, a user.Attempt, named map[string]attributes) error {
	if item, ok := named[resetName(a)]; ok {
		r := reader{item: item}
		history.ResetAt = r.instant("reset_at")
		if r.err != nil {
			return r.err
		}
	}
	a.ResetAt = history.ResetAt
	r := reader{item: named[knownName(a)]}
	history.KnownClient = r.item != nil && r.number("expires_at") > a.At.Unix()
	r.item = named[deviceName(a)]
	history.KnownDevice = a.Device != "" && r.item != nil && r.number("expires_at") > a.At.Unix()
	for _, c := range append(countable, user.PerDevice) {
		if r.item = named[tallyName(a, c)]; r.item != nil {
			history.Tallies[c] = readTally(&r, a.Epoch(c))
		}
	}
	return r.err
}

// Count implements [user.Guesses.Count] in one transaction, whose conditions are the limits.
func (s *Guesses) Count(ctx context.Context, a user.Attempt, limits user.Limits) error {
	var actions []types.TransactWriteItem
	for _, c := range a.Counts() {
		actions = append(actions, types.TransactWriteItem{Update: s.count(a, c, limits[c])})
	}
	err := writeOnce(ctx, s.Client, actions)
	if anyConditionFailed(err) {
		return user.ErrCountsChanged
	}
	if err != nil {
		return failed("counting a guess", err)
	}
	return nil
}

func (s *Guesses) count(a user.Attempt, c user.Count, limit user.Limit) *types.Update {
	return &types.Update{
		TableName:           &s.AuthState,
		Key:                 tallyKey(a, c),
		ConditionExpression: aws.String("attribute_not_exists(#last) OR #guesses < :free OR #last <= :idle"),
		UpdateExpression:    aws.String("SET #last = :at, expires_at = :ends ADD #guesses :one"),
		ExpressionAttributeNames: map[string]string{
			"#guesses": guessesIn(a.Epoch(c)), "#last": lastIn(a.Epoch(c)),
		},
		ExpressionAttributeValues: attributes{
			":free": number(limit.Free), ":idle": instant(limit.Idle), ":at": instant(a.At),
			":ends": number(a.WindowEnd(c).Unix()), ":one": number(1),
		},
	}
}

// anyConditionFailed reports whether a transaction was cancelled for the sake of a condition, whatever else.
func anyConditionFailed(err error) bool {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return false
	}
	return slices.ContainsFunc(canceled.CancellationReasons, func(r types.CancellationReason) bool {
		_, failed := failedCondition(r)
		return failed
	})
}
