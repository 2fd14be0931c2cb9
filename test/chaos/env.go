package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"shop/internal/rootkeys"
	"shop/test/faultproxy"
	"shop/test/project"
)

const (
	host   = "127.0.0.1"
	stack  = "shop"
	region = "eu-west-1"
)

// person is somebody with an account.
type person struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// env is a store of its own with the proxy between its functions and AWS.
type env struct {
	proxy *faultproxy.Proxy
	calls *callLog // of the calls that passed the proxy

	overlap *overlap // of transactions behind the proxy

	root, data string // the checkout; the store's data
	port       int
	pagesPort  int
	front      string // URL of the proxy

	outputs   map[string]string // of the stack
	functions map[string]string // logical id → name
	dynamo    *dynamodb.Client
	proxied   *dynamodb.Client // through the proxy, as the functions' clients
	queue     *sqs.Client
	admin     person
	client    *client
}

// newEnv starts a store, whose data is a new folder below parent, and the proxy. close ends both.
func newEnv(ctx context.Context, parent string) (*env, error) {
	root, err := project.Root()
	if err != nil {
		return nil, err
	}
	e := &env{root: root, data: filepath.Join(parent, "store"), calls: newCallLog()}
	_ = os.Remove(filepath.Join(root, keptLog))
	if e.port, err = freePort(); err != nil {
		return nil, err
	}
	if e.pagesPort, err = freePort(); err != nil {
		return nil, err
	}
	if err := e.listen(ctx); err != nil {
		return nil, err
	}
	if err := e.up(ctx); err != nil {
		return nil, err
	}
	if err := e.discover(ctx); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// listen starts the proxy.
func (e *env) listen(ctx context.Context) error {
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		return fmt.Errorf("starting the proxy: %w", err)
	}
	e.front = "http://" + l.Addr().String()
	target, err := url.Parse(e.endpoint())
	if err != nil {
		return err
	}
	e.proxy = faultproxy.New(target)
	e.proxy.Name, e.proxy.Watch = name, e.calls.note
	e.proxy.Through(func(next http.RoundTripper) http.RoundTripper {
		e.overlap = &overlap{next: next, describe: e.describe}
		return e.overlap
	})
	quiet := log.New(io.Discard, "", 0) // connections that were broken on purpose
	server := &http.Server{Handler: e.proxy, ReadHeaderTimeout: time.Minute, ErrorLog: quiet}
	go func() { _ = server.Serve(l) }()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return nil
}

func (e *env) endpoint() string { return "http://" + net.JoinHostPort(host, strconv.Itoa(e.port)) }

// up starts the store, or starts it again with the data that it had.
func (e *env) up(ctx context.Context) error { return e.make(ctx, "up") }

// down ends the store as an operator would, its data saved.
func (e *env) down() error { return e.make(context.Background(), "down") }

// close ends the store.
func (e *env) close() error { return errors.Join(e.down(), e.keepLog()) }

// keptLog is where the logs of the last run are, for whoever looks for the cause of a violation.
const keptLog = ".shop-chaos.log"

// keepLog adds the emulator's log to the one that is kept: each start begins a new one.
func (e *env) keepLog() error {
	content, err := os.ReadFile(filepath.Join(e.data, "emulator.log"))
	if err != nil {
		return err
	}
	kept, err := os.OpenFile(filepath.Join(e.root, keptLog), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = kept.Write(content)
	return errors.Join(err, kept.Close())
}

// make runs one of the Makefile's commands on the store.
func (e *env) make(ctx context.Context, command string) error {
	python := os.Getenv("PYTHON")
	if python == "" {
		python = "python3"
	}
	c := exec.CommandContext(ctx, python, filepath.Join(e.root, "infra", "local", "store.py"), command)
	c.Dir = e.root
	c.Env = append(os.Environ(), "SHOP_PORT="+strconv.Itoa(e.port), "SHOP_PAGES_PORT="+strconv.Itoa(e.pagesPort),
		"SHOP_DATA="+e.data, "SHOP_FUNCTIONS_ENDPOINT="+e.front)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("store.py %s: %w\n%s", command, err, out)
	}
	return nil
}

// discover reads the stack's outputs and functions.
func (e *env) discover(ctx context.Context) error {
	cfg := aws.Config{Region: region, BaseEndpoint: aws.String(e.endpoint()), Credentials: rootkeys.Of(e.data)}
	e.dynamo, e.queue = dynamodb.NewFromConfig(cfg), sqs.NewFromConfig(cfg)
	e.proxied = dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(e.front) })
	formation := cloudformation.NewFromConfig(cfg)
	if err := e.readOutputs(ctx, formation); err != nil {
		return fmt.Errorf("reading the stack: %w", err)
	}
	if err := e.readFunctions(ctx, formation); err != nil {
		return fmt.Errorf("reading the stack: %w", err)
	}
	content, err := os.ReadFile(filepath.Join(e.data, "demo-credentials.json"))
	if err != nil {
		return err
	}
	people := map[string]person{}
	if err := json.Unmarshal(content, &people); err != nil {
		return fmt.Errorf("reading the demo's credentials: %w", err)
	}
	e.admin = people["admin"]
	e.client = newClient(e.outputs["ApiUrl"])
	return nil
}

func (e *env) readOutputs(ctx context.Context, formation *cloudformation.Client) error {
	out, err := formation.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(stack)})
	if err != nil {
		return err
	}
	e.outputs = map[string]string{}
	for _, s := range out.Stacks {
		for _, o := range s.Outputs {
			e.outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
		}
	}
	return nil
}

func (e *env) readFunctions(ctx context.Context, formation *cloudformation.Client) error {
	out, err := formation.DescribeStackResources(ctx,
		&cloudformation.DescribeStackResourcesInput{StackName: aws.String(stack)})
	if err != nil {
		return err
	}
	e.functions = map[string]string{}
	for _, r := range out.StackResources {
		if aws.ToString(r.ResourceType) == "AWS::Lambda::Function" {
			e.functions[aws.ToString(r.LogicalResourceId)] = aws.ToString(r.PhysicalResourceId)
		}
	}
	return nil
}

// invoke calls a function, named by its logical id, and returns what it answered.
func (e *env) invoke(ctx context.Context, function, event string) (string, error) {
	path := e.endpoint() + "/2015-03-31/functions/" + url.PathEscape(e.functions[function]) + "/invocations"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader([]byte(event)))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	digest := sha256.Sum256([]byte(event))
	root, err := rootkeys.Read(e.data)
	if err != nil {
		return "", err
	}
	if err := v4.NewSigner().SignHTTP(ctx, root, r, hex.EncodeToString(digest[:]), "lambda", region,
		time.Now()); err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", fmt.Errorf("invoking %s: %w", function, err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("invoking %s: %d %s", function, resp.StatusCode, out)
	}
	return string(out), err
}
