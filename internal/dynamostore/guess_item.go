package dynamostore

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// readTally reads the count of an epoch. The epoch may have no count. A count that was taken back before its first
// guess has no time.
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

func lastIn(epoch string) string { return "last_at" + epoch }

// undoAttempt returns the actions that follow a right password: they clear the counts of the address from this client,
// subtract the attempt from the other counts, and make the client and the browser known.
func undoAttempt(table string, a user.Attempt) []types.TransactWriteItem {
	actions := []types.TransactWriteItem{rememberClient(table, a)}
	for _, c := range []user.Count{user.PerAddressAndClient, user.Reserve} {
		actions = append(actions,
			types.TransactWriteItem{Delete: &types.Delete{TableName: &table, Key: tallyKey(a, c)}})
	}
	if a.Device != "" {
		known := deviceKey(a)
		known["expires_at"] = number(a.At.Add(user.DeviceTTL).Unix())
		actions = append(actions,
			types.TransactWriteItem{Put: &types.Put{TableName: &table, Item: known}},
			types.TransactWriteItem{Delete: &types.Delete{TableName: &table, Key: tallyKey(a, user.PerDevice)}})
	}
	if !a.Reserved && !a.OnDevice {
		actions = append(actions, decrement(table, a, user.PerClient), decrement(table, a, user.PerAddress))
	}
	return actions
}

func decrement(table string, a user.Attempt, c user.Count) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName:                 &table,
		Key:                       tallyKey(a, c),
		UpdateExpression:          aws.String("SET expires_at = :ends ADD #guesses :less"),
		ExpressionAttributeNames:  map[string]string{"#guesses": guessesIn(a.Epoch(c))},
		ExpressionAttributeValues: attributes{":ends": number(a.WindowEnd(c).Unix()), ":less": number(-1)},
	}}
}

// rememberClient makes the attempt's client known for its address.
func rememberClient(table string, a user.Attempt) types.TransactWriteItem {
	known := knownKey(a)
	known["expires_at"] = number(a.KnownUntil().Unix())
	return types.TransactWriteItem{Put: &types.Put{TableName: &table, Item: known}}
}

// resetGuesses returns the actions by which a reset begins all counts of its address anew, and makes the client that it
// came from known.
func resetGuesses(table string, a user.Attempt) []types.TransactWriteItem {
	item := resetKey(a)
	item["reset_at"], item["expires_at"] = instant(a.At), number(a.At.Add(user.ResetEpochTTL).Unix()+1)
	return []types.TransactWriteItem{{Put: &types.Put{TableName: &table, Item: item}}, rememberClient(table, a)}
}

func deviceKey(a user.Attempt) attributes { return sessionKey(deviceName(a)) }

func deviceName(a user.Attempt) string { return "device#" + hashed(a.Subject(user.PerDevice)) }

func resetKey(a user.Attempt) attributes { return sessionKey(resetName(a)) }

func resetName(a user.Attempt) string { return "reset#" + hashed(a.Subject(user.PerAddress)) }

func tallyKey(a user.Attempt, c user.Count) attributes { return sessionKey(tallyName(a, c)) }

func tallyName(a user.Attempt, c user.Count) string {
	return fmt.Sprintf("guesses#%s#%d", hashed(a.Subject(c)), a.WindowEnd(c).Unix())
}

func knownKey(a user.Attempt) attributes { return sessionKey(knownName(a)) }

func knownName(a user.Attempt) string { return "known#" + hashed(a.Subject(user.PerAddressAndClient)) }

func hashed(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
