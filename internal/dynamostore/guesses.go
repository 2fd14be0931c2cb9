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

// Guesses counts log-in attempts in the table AuthState. The items are named after hashes of addresses and sources,
// known ones or not, and of a window of time: a new window has new items, and TTL removes those of old ones.
type Guesses struct {
	Client *dynamodb.Client
	Table  string
	Users  string
}

// countable are all counts that an attempt may be counted by.
var countable = []user.Count{user.PerAddressAndSource, user.FromSource, user.AtAddress, user.Reserve}

// Look reads, in one consistent batch, who has the attempt's address, when its password was reset, and what was counted
// since.
func (s *Guesses) Look(ctx context.Context, a user.Attempt) (user.Seen, error) {
	keys := []attributes{knownKey(a), resetKey(a)}
	for _, c := range countable {
		keys = append(keys, tallyKey(a, c))
	}
	if a.Device != "" {
		keys = append(keys, deviceKey(a), tallyKey(a, user.PerDevice))
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
	named := map[string]attributes{}
	for _, item := range items {
		r := reader{item: item}
		named[r.text("session_id")] = item
	}
	err := readCounted(&seen, a, named)
	return seen, err
}

// readCounted reads what stands in the table AuthState, by its names. When the password was reset comes first: the
// tallies go by it.
func readCounted(seen *user.Seen, a user.Attempt, named map[string]attributes) error {
	if item, ok := named[resetName(a)]; ok {
		r := reader{item: item}
		seen.ResetAt = r.instant("reset_at")
		if r.err != nil {
			return r.err
		}
	}
	a.ResetAt = seen.ResetAt
	r := reader{item: named[knownName(a)]}
	seen.Known = r.item != nil && r.number("expires_at") > a.At.Unix()
	r.item = named[deviceName(a)]
	seen.KnownDevice = a.Device != "" && r.item != nil && r.number("expires_at") > a.At.Unix()
	for _, c := range append(countable, user.PerDevice) {
		if r.item = named[tallyName(a, c)]; r.item != nil {
			seen.Tallies[c] = readTally(&r, a.Epoch(c))
		}
	}
	return r.err
}

// readTally reads a count, of which an epoch may have none, and that may have been taken back before its first guess:
// then it has no time.
func readTally(r *reader, epoch string) user.Tally {
	var t user.Tally
	if guesses := guessesIn(epoch); r.has(guesses) {
		t.Guesses = r.number(guesses)
	}
	if last := lastIn(epoch); r.has(last) {
		t.Last = r.instant(last)
	}
	return t
}

// guessesIn and lastIn name the attributes of a tally. Each epoch has its own, so that a reset needs no list of the
// items.
func guessesIn(epoch string) string { return "guesses" + epoch }
func lastIn(epoch string) string    { return "last_at" + epoch }

// Count counts the attempt in one transaction, whose conditions are the limits. It returns user.ErrOvertaken.
func (s *Guesses) Count(ctx context.Context, a user.Attempt, limits user.Limits) error {
	var actions []types.TransactWriteItem
	for _, c := range a.Counts() {
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
	return &types.Update{
		TableName:           &s.Table,
		Key:                 tallyKey(a, c),
		ConditionExpression: aws.String("attribute_not_exists(#last) OR #guesses < :free OR #last <= :idle"),
		UpdateExpression:    aws.String("SET #last = :at, expires_at = :ends ADD #guesses :one"),
		ExpressionAttributeNames: map[string]string{
			"#guesses": guessesIn(a.Epoch(c)), "#last": lastIn(a.Epoch(c)),
		},
		ExpressionAttributeValues: attributes{
			":free": number(limit.Free), ":idle": instant(limit.Idle), ":at": instant(a.At), ":ends": number(a.WindowEnd(c).Unix()), ":one": number(1),
		},
	}
}

// takeBack returns the actions by which a right password clears the counts of its address from its source, lessens the
// others that the attempt was counted by, and makes the source known, and the browser.
func (s *Guesses) takeBack(a user.Attempt) []types.TransactWriteItem {
	actions := []types.TransactWriteItem{s.know(a)}
	for _, c := range []user.Count{user.PerAddressAndSource, user.Reserve} {
		actions = append(actions, types.TransactWriteItem{Delete: &types.Delete{TableName: &s.Table, Key: tallyKey(a, c)}})
	}
	if a.Device != "" {
		known := deviceKey(a)
		known["expires_at"] = number(a.At.Add(user.DeviceLasts).Unix())
		actions = append(actions,
			types.TransactWriteItem{Put: &types.Put{TableName: &s.Table, Item: known}},
			types.TransactWriteItem{Delete: &types.Delete{TableName: &s.Table, Key: tallyKey(a, user.PerDevice)}})
	}
	if !a.Reserved && !a.OnDevice {
		actions = append(actions, s.lessen(a, user.FromSource), s.lessen(a, user.AtAddress))
	}
	return actions
}

func (s *Guesses) lessen(a user.Attempt, c user.Count) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName:                 &s.Table,
		Key:                       tallyKey(a, c),
		UpdateExpression:          aws.String("SET expires_at = :ends ADD #guesses :less"),
		ExpressionAttributeNames:  map[string]string{"#guesses": guessesIn(a.Epoch(c))},
		ExpressionAttributeValues: attributes{":ends": number(a.WindowEnd(c).Unix()), ":less": number(-1)},
	}}
}

// know makes the attempt's source known for its address.
func (s *Guesses) know(a user.Attempt) types.TransactWriteItem {
	known := knownKey(a)
	known["expires_at"] = number(a.KnownUntil().Unix())
	return types.TransactWriteItem{Put: &types.Put{TableName: &s.Table, Item: known}}
}

// reset returns the actions by which a reset begins all counts of its address anew, and makes the source that it came
// from known.
func (s *Guesses) reset(a user.Attempt) []types.TransactWriteItem {
	item := resetKey(a)
	item["reset_at"], item["expires_at"] = instant(a.At), number(a.At.Add(user.ResetMatters).Unix()+1)
	return []types.TransactWriteItem{{Put: &types.Put{TableName: &s.Table, Item: item}}, s.know(a)}
}

// Start stores the session that the attempt led to, ends the one that it replaces, and takes back that the attempt was
// counted, in one transaction.
func (s *Guesses) Start(ctx context.Context, begun user.OpenSession, a user.Attempt) error {
	session := types.TransactWriteItem{Put: &types.Put{TableName: &s.Table, Item: sessionItem(begun)}}
	actions := append(s.takeBack(a), session)
	if begun.Replaces != "" {
		actions = append(actions, types.TransactWriteItem{Delete: &types.Delete{TableName: &s.Table, Key: sessionKey(begun.Replaces)}})
	}
	if err := writeOnce(ctx, s.Client, actions); err != nil {
		return failed("storing a session", err)
	}
	return nil
}

func deviceKey(a user.Attempt) attributes { return sessionKey(deviceName(a)) }

func deviceName(a user.Attempt) string { return "device#" + hashed(a.Subject(user.PerDevice)) }

func resetKey(a user.Attempt) attributes { return sessionKey(resetName(a)) }

func resetName(a user.Attempt) string { return "reset#" + hashed(a.Subject(user.AtAddress)) }

func tallyKey(a user.Attempt, c user.Count) attributes { return sessionKey(tallyName(a, c)) }

func tallyName(a user.Attempt, c user.Count) string {
	return fmt.Sprintf("guesses#%s#%d", hashed(a.Subject(c)), a.WindowEnd(c).Unix())
}

func knownKey(a user.Attempt) attributes { return sessionKey(knownName(a)) }

func knownName(a user.Attempt) string { return "known#" + hashed(a.Subject(user.PerAddressAndSource)) }

func hashed(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// anyConditionFailed reports whether a transaction was cancelled for the sake of a condition, whatever else.
func anyConditionFailed(err error) bool {
	var canceled *types.TransactionCanceledException
	return errors.As(err, &canceled) && slices.ContainsFunc(canceled.CancellationReasons, func(r types.CancellationReason) bool {
		_, failed := failedCondition(r)
		return failed
	})
}
