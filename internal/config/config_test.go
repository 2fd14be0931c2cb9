package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// child tells the test binary to be a function that loads its settings.
const child = "CONFIG_TEST_CHILD"

// settings are those of a function of this test.
type settings struct {
	Tokens
	Table string        `env:"ORDERS_TABLE"`
	Lease time.Duration `env:"LEASE"`
	URL   string        `env:"PUBLIC_URL" envDefault:""`
	Limit int           `env:"LIMIT" envDefault:"20"`
}

// report is what the child prints of what it loaded.
type report struct {
	Settings settings
	Region   string
	Endpoint string
	Keys     [3]string // id, secret and session token
	Timeout  time.Duration
	Runtime  runtimeReport
}

// runtimeReport is what the child's goroutines and its heap may have.
type runtimeReport struct {
	Threads, Garbage int
	Memory           int64 // bytes
}

func reportRuntime() runtimeReport {
	garbage := debug.SetGCPercent(100)
	return runtimeReport{runtime.GOMAXPROCS(0), garbage, debug.SetMemoryLimit(-1)}
}

func TestMain(m *testing.M) {
	if os.Getenv(child) == "" {
		os.Exit(m.Run())
	}
	loaded, cfg := MustLoad[settings]()
	keys, err := cfg.Credentials.Retrieve(context.Background())
	if err != nil {
		panic(err)
	}
	out := report{
		Settings: loaded, Region: cfg.Region, Endpoint: aws.ToString(cfg.BaseEndpoint),
		Keys:    [3]string{keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken},
		Timeout: cfg.HTTPClient.(client).timeout, Runtime: reportRuntime(),
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		panic(err)
	}
}

func environment(changes ...string) []string {
	all := []string{
		child + "=1", "AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512", "ORDERS_TABLE=shop-Orders", "LEASE=35s",
		"TOKEN_ISSUER=https://issuer.shop.example", "TOKEN_AUDIENCE=shop",
	}
	for _, change := range changes {
		name, _, set := strings.Cut(change, "=")
		all = slices.DeleteFunc(all, func(v string) bool { return strings.HasPrefix(v, name+"=") })
		if set {
			all = append(all, change)
		}
	}
	return all
}

// run starts the child and returns what it wrote and how it ended.
func run(t *testing.T, environment []string) (stdout, stderr string, code int) {
	t.Helper()
	var errors strings.Builder
	command := exec.Command(os.Args[0])
	command.Env, command.Stderr = environment, &errors
	out, err := command.Output()
	return string(out), errors.String(), exitCode(t, err)
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &exit):
		t.Fatal(err)
	}
	return exit.ExitCode()
}

func TestMustLoad(t *testing.T) {
	tokens := Tokens{Issuer: "https://issuer.shop.example", Audience: "shop"}
	for name, c := range map[string]struct {
		environment []string
		want        settings
	}{
		"defaults": {
			environment(), settings{Tokens: tokens, Table: "shop-Orders", Lease: 35 * time.Second, Limit: 20},
		},
		"all of them": {
			environment("PUBLIC_URL=https://shop.example", "LIMIT=5"),
			settings{tokens, "shop-Orders", 35 * time.Second, "https://shop.example", 5},
		},
		"an empty one": {
			environment("PUBLIC_URL="),
			settings{Tokens: tokens, Table: "shop-Orders", Lease: 35 * time.Second, Limit: 20},
		},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := run(t, c.environment)
			var got report
			if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 0 || stderr != "" {
				t.Fatalf("exit %d: %v\n%s%s", code, err, stdout, stderr)
			}
			want := report{
				c.want, "eu-west-1", "", [3]string{"id", "secret", ""}, 3 * time.Second,
				runtimeReport{1, 400, 384 << 20},
			}
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestMissing: a function that is not configured ends at once, and says all that is missing.
func TestMissing(t *testing.T) {
	for name, c := range map[string]struct {
		environment []string
		names       []string
	}{
		"one":             {environment("ORDERS_TABLE"), []string{"ORDERS_TABLE"}},
		"an embedded one": {environment("TOKEN_ISSUER"), []string{"TOKEN_ISSUER"}},
		"several": {
			environment("ORDERS_TABLE", "TOKEN_ISSUER", "LEASE"), []string{"ORDERS_TABLE", "TOKEN_ISSUER", "LEASE"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := run(t, c.environment)
			if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "reading the environment: ") ||
				strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit %d, wrote %q and %q", code, stdout, stderr)
			}
			for _, v := range environment() {
				variable, _, _ := strings.Cut(v, "=")
				if told := strings.Contains(
					stderr, fmt.Sprintf("%q", variable),
				); told != slices.Contains(c.names, variable) {
					t.Errorf("%s is told missing: %t: %s", variable, told, stderr)
				}
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	for _, change := range []string{"LEASE=soon", "LEASE=35", "LIMIT=many"} {
		stdout, stderr, code := run(t, environment(change))
		if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "reading the environment: ") {
			t.Errorf("%s: exit %d, wrote %q and %q", change, code, stdout, stderr)
		}
	}
}

// TestExecution: what Lambda sets reaches the clients. Without it, nothing is looked for elsewhere.
func TestExecution(t *testing.T) {
	stdout, stderr, _ := run(t, environment("AWS_SESSION_TOKEN=token", "AWS_ENDPOINT_URL=http://127.0.0.1:4566"))
	var got report
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatalf("%v\n%s%s", err, stdout, stderr)
	}
	if got.Endpoint != "http://127.0.0.1:4566" || got.Keys != [3]string{"id", "secret", "token"} {
		t.Errorf("got the endpoint %q and the keys %q", got.Endpoint, got.Keys)
	}
	for _, missing := range []string{
		"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
	} {
		stdout, stderr, code := run(t, environment(missing))
		if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "configuring AWS: ") ||
			!strings.Contains(stderr, missing) {
			t.Errorf("without %s: exit %d, wrote %q and %q", missing, code, stdout, stderr)
		}
	}
}

// TestRuntimeFitsMemory: Lambda gives one processor with 1,769 MB, and less than one with less.
func TestRuntimeFitsMemory(t *testing.T) {
	for memory, want := range map[string]runtimeReport{
		"128":   {1, 400, 96 << 20},
		"1024":  {1, 400, 768 << 20},
		"1769":  {1, 400, 1769 << 20 / 4 * 3},
		"3538":  {2, 400, 3538 << 20 / 4 * 3},
		"10240": {5, 400, 7680 << 20},
	} {
		stdout, stderr, _ := run(t, environment("AWS_LAMBDA_FUNCTION_MEMORY_SIZE="+memory))
		var got report
		if err := json.Unmarshal([]byte(stdout), &got); err != nil || got.Runtime != want {
			t.Errorf("%s MB: got %+v, want %+v (%v %s)", memory, got.Runtime, want, err, stderr)
		}
	}
}
