package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/spf13/pflag"

	"shop/internal/rootkeys"
)

// target says which store a command works on.
type target struct {
	stack, region, profile string
	local                  bool
}

func (t *target) addFlags(flags *pflag.FlagSet) {
	stack := cmp.Or(os.Getenv("SHOP_STACK"), "shop")
	flags.StringVar(&t.stack, "stack", stack, "name of the CloudFormation stack (SHOP_STACK)")
	flags.StringVar(&t.region, "region", "", "AWS region (default: as the AWS CLI finds it)")
	flags.StringVar(&t.profile, "profile", "", "profile of the AWS configuration files")
	flags.BoolVar(&t.local, "local", false, "the store on this machine")
}

// deployment is a store that was found.
type deployment struct {
	aws     aws.Config
	stack   string
	outputs map[string]string // of the stack
	params  map[string]string // of the stack
	mailURL string            // base of the local mailbox; empty on AWS
}

// find reads the outputs and parameters of the target's stack.
func (t *target) find(ctx context.Context) (deployment, error) {
	cfg, err := t.config(ctx)
	if err != nil {
		return deployment{}, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	d := deployment{aws: cfg, stack: t.stack}
	if t.local {
		d.mailURL = localEndpoint()
	}
	if err := d.describe(ctx); err != nil {
		return deployment{}, fmt.Errorf("finding the stack %s %s: %w", t.stack, t.where(cfg), err)
	}
	return d, nil
}

func (t *target) where(cfg aws.Config) string {
	if t.local {
		return "at " + localEndpoint() + " (is the local store running? see make run)"
	}
	return "in " + cmp.Or(cfg.Region, "no region")
}

func (t *target) config(ctx context.Context) (aws.Config, error) {
	if t.local {
		return localConfig(ctx, t.region)
	}
	return config.LoadDefaultConfig(ctx, config.WithRegion(t.region), config.WithSharedConfigProfile(t.profile))
}

// localRegion is the region that the local store is deployed to unless the environment names another.
const localRegion = "eu-west-1"

// localConfig never reads the operator's AWS files, so that no call for the emulator can reach an account. The
// credentials are the root keys of the store.
func localConfig(ctx context.Context, region string) (aws.Config, error) {
	keys, err := rootkeys.Read(localData())
	if err != nil {
		return aws.Config{}, fmt.Errorf("%w (make run starts a store; SHOP_DATA names its data folder)", err)
	}
	return config.LoadDefaultConfig(ctx,
		config.WithSharedConfigFiles([]string{}),
		config.WithSharedCredentialsFiles([]string{}),
		config.WithRegion(cmp.Or(region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), localRegion)),
		config.WithBaseEndpoint(localEndpoint()),
		config.WithCredentialsProvider(credentials.StaticCredentialsProvider{Value: keys}),
	)
}

// localData is the folder that the local store keeps its data in.
func localData() string { return cmp.Or(os.Getenv("SHOP_DATA"), ".shop") }

func localEndpoint() string {
	if endpoint := os.Getenv("AWS_ENDPOINT_URL"); endpoint != "" {
		return strings.TrimRight(endpoint, "/")
	}
	return "http://" + net.JoinHostPort("127.0.0.1", cmp.Or(os.Getenv("SHOP_PORT"), "4566"))
}

// describe reads the outputs and parameters of the stack as they are now.
func (d *deployment) describe(ctx context.Context) error {
	client := cloudformation.NewFromConfig(d.aws)
	described, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &d.stack})
	if err != nil {
		return err
	}
	if len(described.Stacks) == 0 {
		return fmt.Errorf("there is no stack of that name")
	}
	d.outputs, d.params = map[string]string{}, map[string]string{}
	for _, output := range described.Stacks[0].Outputs {
		d.outputs[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
	}
	for _, parameter := range described.Stacks[0].Parameters {
		d.params[aws.ToString(parameter.ParameterKey)] = aws.ToString(parameter.ParameterValue)
	}
	return nil
}

// findTable finds the target's stack and the table that one of its outputs names.
func (t *target) findTable(ctx context.Context, output string) (deployment, string, error) {
	d, err := t.find(ctx)
	if err != nil {
		return d, "", err
	}
	table, err := d.output(output)
	return d, table, err
}

// output returns one output of the stack.
func (d deployment) output(name string) (string, error) {
	value := d.outputs[name]
	if value == "" {
		return "", fmt.Errorf("the stack %s has no output %s: is it the store's?", d.stack, name)
	}
	return value, nil
}

// apiURL returns the base of the API, as the output ApiUrl says. With OnlyThroughDistribution functions refuse whoever
// comes by that, so it is the API below the pages then. The local store's tool stays with ApiUrl: the port of the
// emulator's distribution is not in the stack.
func (d deployment) apiURL() (string, error) {
	if d.params["OnlyThroughDistribution"] != "true" || d.outputs["PagesUrl"] == "" || d.mailURL != "" {
		return d.output("ApiUrl")
	}
	return d.outputs["PagesUrl"] + "/api", nil
}
