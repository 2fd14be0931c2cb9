package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"
)

// tables are empty copies of the deployed store's tables: what a run writes stays apart from the store's own orders,
// and is gone with the tables.
type tables struct {
	client *dynamodb.Client
	prefix string
	made   []string
}

// copyTables makes tables on a client's DynamoDB with the keys and indexes of the stack's. They are named by the
// stack's outputs, such as OrdersTable.
func (s *store) copyTables(ctx context.Context, client *dynamodb.Client, names ...string) (*tables, error) {
	t := &tables{client: client, prefix: "bench-" + uuid.NewString() + "-"}
	for _, name := range names {
		if err := t.copy(ctx, dynamodb.NewFromConfig(s.aws), s.outputs[name], name); err != nil {
			return nil, errors.Join(fmt.Errorf("copying %s: %w", name, err), t.remove())
		}
	}
	return t, nil
}

// name is the copy of the table that a stack's output names.
func (t *tables) name(output string) string { return t.prefix + output }

func (t *tables) copy(ctx context.Context, from *dynamodb.Client, table, output string) error {
	described, err := from.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return err
	}
	in := &dynamodb.CreateTableInput{
		TableName: aws.String(t.name(output)), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: described.Table.AttributeDefinitions, KeySchema: described.Table.KeySchema,
	}
	for _, index := range described.Table.GlobalSecondaryIndexes {
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: index.IndexName, KeySchema: index.KeySchema, Projection: index.Projection,
		})
	}
	// Nobody else has the name: a table that exists was made by an attempt whose answer was late.
	var exists *types.ResourceInUseException
	if _, err := t.client.CreateTable(ctx, in); err != nil && !errors.As(err, &exists) {
		return err
	}
	t.made = append(t.made, *in.TableName)
	return nil
}

// remove deletes the tables, also after the run was interrupted.
func (t *tables) remove() error {
	var failed error
	for _, name := range t.made {
		// One that is not there was deleted by an attempt whose answer was late.
		_, err := t.client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name})
		if !errors.As(err, new(*types.ResourceNotFoundException)) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
