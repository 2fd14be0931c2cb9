// Package dynamolocal gives a test its own tables on DynamoDB Local, made as template.yaml declares them.
package dynamolocal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"
	"go.yaml.in/yaml/v4"

	"shop/test/project"
	"shop/test/testenv"
)

// Tables are the store's tables, empty, and of this test alone.
type Tables struct {
	url    string
	prefix string
}

// New makes every table of the template, and removes them when the test ends. It needs SHOP_DYNAMODB_URL.
func New(t testing.TB) *Tables {
	t.Helper()
	tables := &Tables{url: testenv.Env(t, "SHOP_DYNAMODB_URL"), prefix: uuid.NewString() + "-"}
	client := tables.Client(nil)
	for name, schema := range schemas(t) {
		// Nobody else has the name: one that is there, or gone, is so by an attempt whose answer was late.
		_, err := client.CreateTable(context.Background(), schema.input(tables.Name(name)))
		if err != nil && !errors.As(err, new(*types.ResourceInUseException)) {
			t.Fatalf("creating table %s: %v", name, err)
		}
		t.Cleanup(func() {
			in := &dynamodb.DeleteTableInput{TableName: aws.String(tables.Name(name))}
			_, err := client.DeleteTable(context.Background(), in)
			if err != nil && !errors.As(err, new(*types.ResourceNotFoundException)) {
				t.Errorf("deleting table %s: %v", name, err)
			}
		})
	}
	return tables
}

// Name returns the table that stands for the template's logical id.
func (t *Tables) Name(logicalID string) string { return t.prefix + logicalID }

// Client returns a client whose calls go through transport; nil means straight. Its options are the SDK's own, so its
// retries are those of a function.
func (t *Tables) Client(transport http.RoundTripper, options ...func(*dynamodb.Options)) *dynamodb.Client {
	cfg := aws.Config{
		Region:       "eu-west-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		BaseEndpoint: aws.String(t.url),
		HTTPClient:   &http.Client{Transport: transport},
	}
	return dynamodb.NewFromConfig(cfg, options...)
}

// schema is what DynamoDB needs of a table in the template.
type schema struct {
	AttributeDefinitions   []attribute `yaml:"AttributeDefinitions"`
	KeySchema              []key       `yaml:"KeySchema"`
	GlobalSecondaryIndexes []index     `yaml:"GlobalSecondaryIndexes"`
}

type attribute struct {
	Name string `yaml:"AttributeName"`
	Type string `yaml:"AttributeType"`
}

type key struct {
	Name string `yaml:"AttributeName"`
	Type string `yaml:"KeyType"`
}

type index struct {
	Name       string     `yaml:"IndexName"`
	KeySchema  []key      `yaml:"KeySchema"`
	Projection projection `yaml:"Projection"`
}

type projection struct {
	Type       string   `yaml:"ProjectionType"`
	Attributes []string `yaml:"NonKeyAttributes"`
}

func schemas(t testing.TB) map[string]schema {
	t.Helper()
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	found := map[string]schema{}
	for name, resource := range template.Resources {
		if resource.Type != "AWS::DynamoDB::Table" {
			continue
		}
		var s schema
		if err := resource.Properties.Decode(&s); err != nil {
			t.Fatal(fmt.Errorf("reading table %s: %w", name, err))
		}
		found[name] = s
	}
	return found
}

func (s schema) input(table string) *dynamodb.CreateTableInput {
	in := &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest, KeySchema: keys(s.KeySchema),
	}
	for _, a := range s.AttributeDefinitions {
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{
			AttributeName: aws.String(a.Name), AttributeType: types.ScalarAttributeType(a.Type),
		})
	}
	for _, i := range s.GlobalSecondaryIndexes {
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(i.Name), KeySchema: keys(i.KeySchema),
			Projection: &types.Projection{
				ProjectionType: types.ProjectionType(i.Projection.Type), NonKeyAttributes: i.Projection.Attributes,
			},
		})
	}
	return in
}

func keys(schema []key) []types.KeySchemaElement {
	out := make([]types.KeySchemaElement, len(schema))
	for i, k := range schema {
		out[i] = types.KeySchemaElement{AttributeName: aws.String(k.Name), KeyType: types.KeyType(k.Type)}
	}
	return out
}
