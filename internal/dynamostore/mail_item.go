package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
)

// dueShards is over how many partitions the index of pending mails is spread.
const dueShards = 16

// dueIndex holds the mails that are still pending, because only they have its attributes; it holds all that the relay
// needs, none of which a claim changes.
const dueIndex = "due"

func mailKey(id string) attributes { return attributes{"mail_id": text(id)} }

func mailItem(m notification.Mail) attributes {
	item := attributes{
		"mail_id": text(m.ID), "state": text(string(m.State)), "created_at": instant(m.CreatedAt),
		"attempt": number(int64(m.Attempt)), "due_shard": number(int64(shard(m.ID, dueShards))),
		"due_at": instant(m.DueAt), "address_hash": text(m.AddressHash),
	}
	if m.IsAccountMail() || m.IsStockMail() {
		item["email"], item["expires_at"] = text(m.Address), number(m.ExpiresAt.Unix())
	}
	if m.IsStockMail() {
		item["product_id"], item["user_id"] = text(m.ProductID), text(m.UserID)
	}
	return item
}

func readMail(item attributes) (notification.Mail, error) {
	r := reader{item: item}
	m := notification.Mail{
		ID: r.text("mail_id"), State: notification.State(r.text("state")), CreatedAt: r.instant("created_at"),
		Attempt: int(r.number("attempt")),
	}
	if r.has("due_at") {
		m.DueAt = r.instant("due_at")
	}
	if r.has("address_hash") {
		m.AddressHash = r.text("address_hash")
	}
	if r.has("unanswered") {
		m.Unanswered = int(r.number("unanswered"))
	}
	if r.has("email") {
		m.Address = r.text("email")
	}
	if r.has("expires_at") {
		m.ExpiresAt = time.Unix(r.number("expires_at"), 0).UTC()
	}
	if r.has("product_id") {
		m.ProductID, m.UserID = r.text("product_id"), r.text("user_id")
	}
	return m, r.err
}

// isPending reports whether an item is a mail that is pending.
func isPending(item attributes) bool {
	state, ok := item["state"].(*types.AttributeValueMemberS)
	return ok && state.Value == string(notification.Pending)
}

// finishMail takes the mail out of the due index for good. What set and remove name begins with a comma.
func finishMail(
	ctx context.Context, client *dynamodb.Client, table, mailID, condition string, values attributes,
	set, remove string,
) error {
	_, err := client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &table,
		Key:                 mailKey(mailID),
		ConditionExpression: &condition,
		UpdateExpression: aws.String("SET #state = :state, settled_at = :now" + set +
			" REMOVE due_shard, due_at, lease_id, lease_until" + remove),
		ExpressionAttributeNames:            map[string]string{"#state": "state"},
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if err != nil {
		return failed("settling a mail", err)
	}
	return nil
}

// cooldownOver is the condition that a mail of an address may be written: none is pending, and the last one was written
// long enough ago, or a link was used since (used_at).
const cooldownOver = "attribute_not_exists(#state) OR " +
	"(#state <> :pending AND (created_at <= :cooled OR attribute_exists(used_at)))"

// putAfterCooldown puts a mail that an address may get again and again, but not too often.
func putAfterCooldown(table string, mail notification.Mail) types.Put {
	return types.Put{
		TableName: &table, Item: mailItem(mail), ConditionExpression: aws.String(cooldownOver),
		ExpressionAttributeNames: map[string]string{"#state": "state"},
		ExpressionAttributeValues: attributes{
			":pending": text(string(notification.Pending)),
			":cooled":  instant(mail.CreatedAt.Add(-notification.ResendInterval)),
		},
	}
}

// endCooldown lets the next reset mail to an address be sent at once, because one of its links was used: whoever
// followed another link in vain needs a new one. If the mail's record is gone, this writes the id and the time only,
// and TTL removes them within the hour.
func endCooldown(table, email string, now time.Time) types.TransactWriteItem {
	id := notification.NewAddressMail(notification.PasswordReset, email, now).ID
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &table, Key: mailKey(id),
		UpdateExpression:          aws.String("SET used_at = :now, expires_at = if_not_exists(expires_at, :end)"),
		ExpressionAttributeValues: attributes{":now": instant(now), ":end": number(now.Add(time.Hour).Unix())},
	}}
}
