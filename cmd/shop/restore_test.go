package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/dynamostore"
	"shop/internal/product"
	"shop/internal/user"
)

// restoreTo makes the tables that "shop restore" copies from, as DynamoDB does: with their items, and without indexes.
func (s *tableStore) restoreTo(suffix string) {
	s.t.Helper()
	for _, output := range restoredTables {
		table := s.outputs()[output]
		restored := table + suffix
		of, err := s.client.DescribeTable(s.t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
		s.must(err)
		var names []types.AttributeDefinition
		for _, k := range of.Table.KeySchema {
			names = append(names, types.AttributeDefinition{
				AttributeName: k.AttributeName, AttributeType: types.ScalarAttributeTypeS,
			})
		}
		_, err = s.client.CreateTable(s.t.Context(), &dynamodb.CreateTableInput{
			TableName: &restored, KeySchema: of.Table.KeySchema, AttributeDefinitions: names,
			BillingMode: types.BillingModePayPerRequest,
		})
		s.must(err)
		s.t.Cleanup(func() {
			_, err := s.client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &restored})
			s.must(err)
		})
		_, err = (&dynamostore.TableCopy{
			Client: s.client, From: table, To: restored, Write: true,
			Keep: func(string, json.RawMessage) error { return nil },
		}).Run(s.t.Context())
		s.must(err)
	}
}

func (s *tableStore) signUp(id string) user.User {
	s.t.Helper()
	u := user.User{ID: id, Email: id + "@example.com", Name: "N", Role: user.RoleCustomer, CreatedAt: midnight}
	s.must((&dynamostore.SignUpStore{
		Client: s.client, Users: s.tables.Name("Users"), AuthState: s.tables.Name("AuthState"),
	}).Create(s.t.Context(), u, user.IdempotencyRecord{}))
	return u
}

// TestRestore: orders, and who waits for a product, are what they were; what came since is kept in a file; and who
// deleted the account since is erased again.
func TestRestore(t *testing.T) {
	s := startTables(t)
	s.addProduct("mug", "Mug", midnight)
	s.addProduct("vase", "Vase", time.Now())
	requests := &dynamostore.StockRequests{
		Client: s.client, StockAlerts: s.tables.Name("StockAlerts"), Now: time.Now,
	}
	stays, goes := s.signUp("usr_stays"), s.signUp("usr_goes")
	first := s.place(stays.ID, "1", "Mug", midnight)
	s.place(goes.ID, "1", "Mug", midnight)
	_, err := requests.Add(t.Context(), product.StockRequest{
		UserID: stays.ID, Email: stays.Email, ProductID: "vase", RequestedAt: midnight,
	})
	s.must(err)
	s.restoreTo("-then")

	s.must(requests.Remove(t.Context(), stays.ID, "vase"))
	later := s.place(stays.ID, "2", "Mug", midnight.Add(time.Hour))
	deletions := &dynamostore.AccountDeletions{
		Client: s.client, AccountDeletions: s.tables.Name("AccountDeletions"),
	}
	s.must((&dynamostore.AccountDeleter{
		Client: s.client, Users: s.tables.Name("Users"), AccountDeletions: s.tables.Name("AccountDeletions"),
	}).Delete(t.Context(), goes, midnight))
	s.must(deletions.Finish(t.Context(), goes.ID))

	restore := []string{"--local", "restore", "--suffix", "-then"}
	shop(t, restore...).want(t, exitDone, "StockAlertsTable 0 as they were, 1 to be written, 0 to be removed",
		"AccountDeletions 1 to be written", "nothing was changed")
	shop(t, append(restore, "--kept", "kept.jsonl", "--yes")...).want(t, exitDone,
		"StockAlertsTable 0 as they were, 1 written, 0 removed", "AccountDeletions 1 written", "no differences")
	if _, err := requests.Find(t.Context(), stays.ID, "vase"); err != nil {
		t.Errorf("the request is not back: %v", err)
	}
	if kept := read(t, "kept.jsonl"); !strings.Contains(kept, later.ID) || strings.Contains(kept, first.ID) {
		t.Errorf("kept is\n%s, want what is of %s alone", kept, later.ID)
	}
	due, err := deletions.Unfinished(t.Context())
	if err != nil || len(due) != 1 || due[0].UserID != goes.ID {
		t.Errorf("to be erased are %v, error %v, want %s", due, err, goes.ID)
	}
}
