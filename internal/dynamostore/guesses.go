package dynamostore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// Guesses counts log-in attempts in the Sessions table. The items are named after hashes of addresses and sources, known ones
// or not, and of a window of time: a new window has new items, and TTL removes those of old ones.
type Guesses struct {
	Client *dynamodb.Client
	Table  string
	Users  string
}

// counted are all that an attempt is counted by.
var counted = []user.Count{user.Here, user.FromSource, user.AtAddress}

// Look reads, in one consistent batch, who has the attempt's address and what was counted so far.
func (s *Guesses) Look(ctx context.Context, a user.Attempt) (user.Seen, error) {
	keys := []attributes{knownKey(a)}
	for _, c := range counted {
		keys = append(keys, tallyKey(a, c))
	}
	found, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{
		s.Users: {Keys: []attributes{userKey(a.Email)}, ConsistentRead: aws.Bool(true)},
		s.Table: {Keys: keys, ConsistentRead: aws.Bool(true)},
	})
	if err != nil {
		return user.Seen{}, err
	}
	return readSeen(a, found[s.Users], found[s.Table])
}

func readSeen(a user.Attempt, users, items []attributes) (user.Seen, error) {
	var seen user.Seen
	for _, item := range users {
		u, err := readUser(item)
		if err != nil {
			return user.Seen{}, err
		}
		seen.User, seen.Found = u, true
	}
	for _, item := range items {
		if err := readCounted(&seen, a, item); err != nil {
			return user.Seen{}, err
		}
	}
	return seen, nil
}

// readCounted finds out by its name what the item is.
func readCounted(seen *user.Seen, a user.Attempt, item attributes) error {
	r := reader{item: item}
	name := r.text("session_id")
	if name == knownName(a) {
		seen.Known = r.number("expires_at") > a.At.Unix()
	}
	for _, c := range counted {
		if name == tallyName(a, c) {
			seen.Tallies[c] = readTally(&r)
		}
	}
	return r.err
}

// readTally reads a count that may have been taken back before its first guess: then it has no time.
func readTally(r *reader) user.Tally {
	t := user.Tally{Guesses: r.number("guesses")}
	if r.has("last_at") {
		t.Last = r.instant("last_at")
	}
	return t
}

// Count counts the attempt in one transaction, whose conditions are the limits. It returns user.ErrOvertaken.
func (s *Guesses) Count(ctx context.Context, a user.Attempt, limits user.Limits) error {
	var actions []types.TransactWriteItem
	for _, c := range counted {
		actions = append(actions, types.TransactWriteItem{Update: s.count(a, c, limits[c])})
	}
	err := writeOnce(ctx, s.Client, actions)
	if anyConditionFailed(err) {
		return user.ErrOvertaken
	}
	if err != nil {
		return failed("counting a guess", err)
	}
	return nil
}

func (s *Guesses) count(a user.Attempt, c user.Count, limit user.Limit) *types.Update {
	values := countValues(a, c)
	values[":free"], values[":idle"] = number(limit.Free), instant(limit.Idle)
	return &types.Update{
		TableName:                 &s.Table,
		Key:                       tallyKey(a, c),
		ConditionExpression:       aws.String("attribute_not_exists(last_at) OR guesses < :free OR last_at <= :idle"),
		UpdateExpression:          aws.String(countOne),
		ExpressionAttributeValues: values,
	}
}

const countOne = "SET last_at = :at, expires_at = :ends ADD guesses :one"

func countValues(a user.Attempt, c user.Count) attributes {
	return attributes{":at": instant(a.At), ":ends": number(a.WindowEnd(c).Unix()), ":one": number(1)}
}

// CountRefused counts the attempt in one count, whatever its limit, and returns the tally.
func (s *Guesses) CountRefused(ctx context.Context, a user.Attempt, c user.Count) (user.Tally, error) {
	var out *dynamodb.UpdateItemOutput
	err := contend(ctx, isContention, func() (err error) {
		out, err = s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName:                 &s.Table,
			Key:                       tallyKey(a, c),
			UpdateExpression:          aws.String(countOne),
			ExpressionAttributeValues: countValues(a, c),
			ReturnValues:              types.ReturnValueAllNew,
		})
		return err
	})
	if err != nil {
		return user.Tally{}, failed("counting a refused guess", err)
	}
	r := reader{item: out.Attributes}
	t := readTally(&r)
	return t, r.err
}

// takeBack returns the actions by which a right password clears the count of its address from its source, lessens the others
// by one, and makes the source known.
func (s *Guesses) takeBack(a user.Attempt) []types.TransactWriteItem {
	lessen := func(c user.Count) types.TransactWriteItem {
		return types.TransactWriteItem{Update: &types.Update{
			TableName:                 &s.Table,
			Key:                       tallyKey(a, c),
			UpdateExpression:          aws.String("SET expires_at = :ends ADD guesses :less"),
			ExpressionAttributeValues: attributes{":ends": number(a.WindowEnd(c).Unix()), ":less": number(-1)},
		}}
	}
	known := knownKey(a)
	known["expires_at"] = number(a.KnownUntil().Unix())
	return []types.TransactWriteItem{
		{Delete: &types.Delete{TableName: &s.Table, Key: tallyKey(a, user.Here)}},
		lessen(user.FromSource),
		lessen(user.AtAddress),
		{Put: &types.Put{TableName: &s.Table, Item: known}},
	}
}

// Begin stores the session that the attempt led to, and takes back that the attempt was counted, in one transaction.
func (s *Guesses) Begin(ctx context.Context, begun user.OpenSession, a user.Attempt) error {
	session := types.TransactWriteItem{Put: &types.Put{TableName: &s.Table, Item: sessionItem(begun)}}
	actions := append(s.takeBack(a), session)
	if err := writeOnce(ctx, s.Client, actions); err != nil {
		return failed("storing a session", err)
	}
	return nil
}

func tallyKey(a user.Attempt, c user.Count) attributes { return sessionKey(tallyName(a, c)) }

func tallyName(a user.Attempt, c user.Count) string {
	return fmt.Sprintf("guesses#%s#%d", hashed(a.Subject(c)), a.WindowEnd(c).Unix())
}

func knownKey(a user.Attempt) attributes { return sessionKey(knownName(a)) }

func knownName(a user.Attempt) string { return "known#" + hashed(a.Subject(user.Here)) }

func hashed(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// anyConditionFailed tells whether a transaction was cancelled for the sake of a condition, whatever else.
func anyConditionFailed(err error) bool {
	var canceled *types.TransactionCanceledException
	return errors.As(err, &canceled) && slices.ContainsFunc(canceled.CancellationReasons, func(r types.CancellationReason) bool {
		_, failed := failedCondition(r)
		return failed
	})
}
