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

// world is a store of our own with the proxy between its functions and AWS.
type world struct {
	proxy *faultproxy.Proxy
	book  *book // of the calls that passed the proxy

	overlap *overlap // of transactions behind the proxy

	root, data string // the checkout; the store's data
	port       int
	front      string // URL of the proxy

	outputs   map[string]string // of the stack
	functions map[string]string // logical id → name
	dynamo    *dynamodb.Client
	queue     *sqs.Client
	admin     person
	shop      *shop
}

// newWorld starts a store, whose data is a new folder below parent, and the proxy. Its close ends both.
func newWorld(ctx context.Context, parent string) (*world, error) {
	root, err := project.Root()
	if err != nil {
		return nil, err
	}
	w := &world{root: root, data: filepath.Join(parent, "store"), book: newBook()}
	_ = os.Remove(filepath.Join(root, keptLog))
	if w.port, err = freePort(); err != nil {
		return nil, err
	}
	if err := w.listen(ctx); err != nil {
		return nil, err
	}
	if err := w.up(ctx); err != nil {
		return nil, err
	}
	if err := w.look(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
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
func (w *world) listen(ctx context.Context) error {
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		return fmt.Errorf("starting the proxy: %w", err)
	}
	w.front = "http://" + l.Addr().String()
	target, err := url.Parse(w.endpoint())
	if err != nil {
		return err
	}
	w.proxy = faultproxy.New(target)
	w.proxy.Name, w.proxy.Watch = name, w.book.note
	w.proxy.Through(func(next http.RoundTripper) http.RoundTripper {
		w.overlap = &overlap{next: next, describe: w.describe}
		return w.overlap
	})
	quiet := log.New(io.Discard, "", 0) // connections that were broken on purpose
	server := &http.Server{Handler: w.proxy, ReadHeaderTimeout: time.Minute, ErrorLog: quiet}
	go func() { _ = server.Serve(l) }()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return nil
}

func (w *world) endpoint() string { return "http://" + net.JoinHostPort(host, strconv.Itoa(w.port)) }

// up starts the store, or starts it again with the data that it had.
func (w *world) up(ctx context.Context) error { return w.make(ctx, "up") }

// down ends the store as an operator would, its data saved.
func (w *world) down() error { return w.make(context.Background(), "down") }

// close ends the store.
func (w *world) close() error { return errors.Join(w.down(), w.keepLog()) }

// keptLog is where the logs of the last run are, for whoever looks for the cause of a violation.
const keptLog = ".shop-chaos.log"

// keepLog adds the emulator's log to the one that is kept: each start begins a new one.
func (w *world) keepLog() error {
	content, err := os.ReadFile(filepath.Join(w.data, "emulator.log"))
	if err != nil {
		return err
	}
	kept, err := os.OpenFile(filepath.Join(w.root, keptLog), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = kept.Write(content)
	return errors.Join(err, kept.Close())
}

// make runs one of the Makefile's commands on the store.
func (w *world) make(ctx context.Context, command string) error {
	python := os.Getenv("PYTHON")
	if python == "" {
		python = "python3"
	}
	c := exec.CommandContext(ctx, python, filepath.Join(w.root, "infra", "local", "store.py"), command)
	c.Dir = w.root
	c.Env = append(os.Environ(), "SHOP_PORT="+strconv.Itoa(w.port), "SHOP_DATA="+w.data, "SHOP_FUNCTIONS_ENDPOINT="+w.front)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("store.py %s: %w\n%s", command, err, out)
	}
	return nil
}

// look finds what the stack is made of.
func (w *world) look(ctx context.Context) error {
	cfg := aws.Config{Region: region, BaseEndpoint: aws.String(w.endpoint()), Credentials: rootkeys.Of(w.data)}
	w.dynamo, w.queue = dynamodb.NewFromConfig(cfg), sqs.NewFromConfig(cfg)
	formation := cloudformation.NewFromConfig(cfg)
	if err := w.readOutputs(ctx, formation); err != nil {
		return fmt.Errorf("reading the stack: %w", err)
	}
	if err := w.readFunctions(ctx, formation); err != nil {
		return fmt.Errorf("reading the stack: %w", err)
	}
	content, err := os.ReadFile(filepath.Join(w.data, "demo-credentials.json"))
	if err != nil {
		return err
	}
	people := map[string]person{}
	if err := json.Unmarshal(content, &people); err != nil {
		return fmt.Errorf("reading the demo's credentials: %w", err)
	}
	w.admin = people["admin"]
	w.shop = newShop(w.outputs["ApiUrl"])
	return nil
}

func (w *world) readOutputs(ctx context.Context, formation *cloudformation.Client) error {
	out, err := formation.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(stack)})
	if err != nil {
		return err
	}
	w.outputs = map[string]string{}
	for _, s := range out.Stacks {
		for _, o := range s.Outputs {
			w.outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
		}
	}
	return nil
}

func (w *world) readFunctions(ctx context.Context, formation *cloudformation.Client) error {
	out, err := formation.DescribeStackResources(ctx, &cloudformation.DescribeStackResourcesInput{StackName: aws.String(stack)})
	if err != nil {
		return err
	}
	w.functions = map[string]string{}
	for _, r := range out.StackResources {
		if aws.ToString(r.ResourceType) == "AWS::Lambda::Function" {
			w.functions[aws.ToString(r.LogicalResourceId)] = aws.ToString(r.PhysicalResourceId)
		}
	}
	return nil
}

// invoke calls a function, named by its logical id, and returns what it answered.
func (w *world) invoke(ctx context.Context, function, event string) (string, error) {
	path := w.endpoint() + "/2015-03-31/functions/" + url.PathEscape(w.functions[function]) + "/invocations"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader([]byte(event)))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/json")
	digest := sha256.Sum256([]byte(event))
	root, err := rootkeys.Read(w.data)
	if err != nil {
		return "", err
	}
	if err := v4.NewSigner().SignHTTP(ctx, root, r, hex.EncodeToString(digest[:]), "lambda", region, time.Now()); err != nil {
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
