package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"shop/internal/rootkeys"
	"shop/test/testenv"
)

// The root of the emulator's account, as the store's local commands use it.
var (
	awsRegion      = envOr("AWS_REGION", "eu-west-1")
	awsCredentials = rootkeys.Of(os.Getenv("SHOP_DATA"))
)

const stackName = "shop"

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

func needAWS(t *testing.T) string {
	t.Helper()
	needStore(t)
	testenv.Env(t, "SHOP_DATA")
	return testenv.Env(t, "SHOP_AWS_URL")
}

// awsPost sends a signed request to a service of the emulator.
func awsPost(ctx context.Context, service, path, contentType string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv("SHOP_AWS_URL")+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("calling %s: %w", service, err)
	}
	req.Header.Set("Content-Type", contentType)
	if err := sign(ctx, req, service, body); err != nil {
		return nil, fmt.Errorf("signing for %s: %w", service, err)
	}
	resp, err := transport.Do(req)
	if err != nil {
		return nil, fmt.Errorf("calling %s: %w", service, err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %d: %s", service, resp.StatusCode, clip(out))
	}
	return out, err
}

func sign(ctx context.Context, req *http.Request, service string, body []byte) error {
	who, err := awsCredentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(body)
	return v4.NewSigner().SignHTTP(ctx, who, req, hex.EncodeToString(digest[:]), service, awsRegion, time.Now())
}

// describe asks CloudFormation about the stack.
func describe(action string, into any) error {
	form := url.Values{"Action": {action}, "Version": {"2010-05-15"}, "StackName": {stackName}}
	out, err := awsPost(context.Background(), "cloudformation", "/", "application/x-www-form-urlencoded",
		[]byte(form.Encode()))
	if err != nil {
		return err
	}
	return xml.Unmarshal(out, into)
}

// stackOutputs are the deployed template's outputs.
var stackOutputs = sync.OnceValues(func() (map[string]string, error) {
	var out struct {
		Outputs []struct {
			Key   string `xml:"OutputKey"`
			Value string `xml:"OutputValue"`
		} `xml:"DescribeStacksResult>Stacks>member>Outputs>member"`
	}
	err := describe("DescribeStacks", &out)
	values := map[string]string{}
	for _, o := range out.Outputs {
		values[o.Key] = o.Value
	}
	return values, err
})

// stackResources are the physical ids of the stack's resources by logical id.
var stackResources = sync.OnceValues(func() (map[string]string, error) {
	var out struct {
		Resources []struct {
			Logical  string `xml:"LogicalResourceId"`
			Physical string `xml:"PhysicalResourceId"`
		} `xml:"DescribeStackResourcesResult>StackResources>member"`
	}
	err := describe("DescribeStackResources", &out)
	ids := map[string]string{}
	for _, r := range out.Resources {
		ids[r.Logical] = r.Physical
	}
	return ids, err
})

// lookUp is the value of a name in stackOutputs or stackResources.
func lookUp(t *testing.T, from func() (map[string]string, error), name string) string {
	t.Helper()
	needAWS(t)
	values, err := from()
	if err != nil {
		t.Fatal(err)
	}
	if values[name] == "" {
		t.Fatalf("the stack %s has no %s", stackName, name)
	}
	return values[name]
}
