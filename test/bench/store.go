package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"shop/internal/rootkeys"
)

const (
	stackName = "shop"
	region    = "eu-west-1"
)

// store is the running store that is measured, and what a run makes beside it.
type store struct {
	aws      aws.Config        // the emulator, as its operator sees it
	root     aws.Credentials   // the operator's
	outputs  map[string]string // of the stack
	url      string            // of the store's API
	dynamodb string            // the URL of DynamoDB Local
	customer person
	folder   string // for binaries and logs
	files    atomic.Int64
	builds   map[string]string // architecture → folder of binaries
	profiles string            // the folder for profiles; empty: none
}

// open finds the store by the environment that `make bench` sets.
func open(ctx context.Context) (*store, error) {
	variables, err := environment("SHOP_URL", "SHOP_AWS_URL", "SHOP_DATA", "SHOP_DYNAMODB_URL", "SHOP_CREDENTIALS",
		"GOFLAGS")
	if err != nil {
		return nil, err
	}
	root, err := rootkeys.Read(variables["SHOP_DATA"])
	if err != nil {
		return nil, err
	}
	s := &store{
		aws: configuration(variables["SHOP_AWS_URL"], root), root: root,
		url: variables["SHOP_URL"], dynamodb: variables["SHOP_DYNAMODB_URL"], builds: map[string]string{},
	}
	if s.customer, err = customer(variables["SHOP_CREDENTIALS"]); err != nil {
		return nil, fmt.Errorf("reading SHOP_CREDENTIALS: %w", err)
	}
	if s.outputs, err = outputs(ctx, s.aws); err != nil {
		return nil, fmt.Errorf("reading the stack %s: %w", stackName, err)
	}
	if s.folder, err = os.MkdirTemp("", "shop-bench-"); err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	return s, nil
}

func (s *store) close() { _ = os.RemoveAll(s.folder) }

// file returns a path that nobody uses.
func (s *store) file(extension string) string {
	return filepath.Join(s.folder, strconv.FormatInt(s.files.Add(1), 10)+"."+extension)
}

// person is one of the demo's people, as `make demo-credentials` prints them.
type person struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

func customer(credentials string) (person, error) {
	var people struct {
		Customer person `json:"customer"`
	}
	err := json.Unmarshal([]byte(credentials), &people)
	return people.Customer, err
}

// environment returns the variables, or an error that names all that are missing.
func environment(names ...string) (map[string]string, error) {
	found := map[string]string{}
	var missing []string
	for _, name := range names {
		if found[name] = os.Getenv(name); found[name] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("not set: %s; `make bench` sets all that is needed", strings.Join(missing, ", "))
	}
	return found, nil
}

// configuration is that of the operator of an emulator.
func configuration(endpoint string, operator aws.Credentials) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &endpoint, Credentials: credentials.StaticCredentialsProvider{Value: operator},
	}
}

func outputs(ctx context.Context, cfg aws.Config) (map[string]string, error) {
	described, err := cloudformation.NewFromConfig(cfg).DescribeStacks(ctx,
		&cloudformation.DescribeStacksInput{StackName: aws.String(stackName)})
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, stack := range described.Stacks {
		for _, output := range stack.Outputs {
			found[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
		}
	}
	return found, nil
}
