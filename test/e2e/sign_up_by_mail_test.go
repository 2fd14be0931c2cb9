package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shop/test/template"
	"shop/test/testenv"
)

// The store is deployed with RequireVerifiedEmail off, and others sign up while
// these tests run. So they make a function of their own of the deployed one's
// binary and its environment, but for that parameter, with a role as the
// template has it with the parameter on, and call it past the gateway. What it
// mails goes the deployed store's own way.

// lambdaCall calls the emulator's Lambda.
func lambdaCall(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, os.Getenv("SHOP_AWS_URL")+"/2015-03-31/functions"+path,
		bytes.NewReader(body))
	if err != nil {
		return err
	}
	if err := sign(ctx, req, "lambda", body); err != nil {
		return err
	}
	resp, err := transport.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s answered %d, %v: %s", method, path, resp.StatusCode, err, clip(answer))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

type lambdaEnvironment struct {
	Variables map[string]string
}

type lambdaFunction struct {
	FunctionName, Role, Runtime, Handler string
	Architectures                        []string
	Timeout, MemorySize                  int
	Environment                          lambdaEnvironment
	Code                                 map[string]string `json:",omitempty"`
}

// verifyingSignUp is the name of a sign-up function that verifies addresses.
func verifyingSignUp(t *testing.T) string {
	t.Helper()
	return copiedFunction(t, "SignUpFunction", "VerifiesEmail", "REQUIRE_VERIFIED_EMAIL", "false", "true")
}

// copiedFunction is the name of a copy of a deployed function, in whose environment a variable is another, with a role
// as the template has it where the condition holds. The test's end removes it.
func copiedFunction(t *testing.T, function, condition, variable, deployedAs, value string) string {
	t.Helper()
	needAWS(t)
	data := testenv.Env(t, "SHOP_DATA")
	var deployed lambdaFunction
	if err := lambdaCall(
		t.Context(), http.MethodGet, "/"+lookUp(t, stackResources, function)+"/configuration", nil, &deployed,
	); err != nil {
		t.Fatal(err)
	}
	mine := deployed
	mine.FunctionName = "e2e-copy-" + unique()
	mine.Environment.Variables = maps.Clone(deployed.Environment.Variables)
	if got := mine.Environment.Variables[variable]; got != deployedAs {
		t.Fatalf("the store is deployed with %s=%q, want %q", variable, got, deployedAs)
	}
	mine.Environment.Variables[variable] = value
	mine.Code = map[string]string{"ZipFile": zipped(t, filepath.Join(data, "build", function, "bootstrap"))}
	role := mine.FunctionName + "-role"
	makeRole(t, role, function)
	mine.Role = deployed.Role[:strings.LastIndex(deployed.Role, "/")+1] + role
	copies.Store(mine.FunctionName, copied{function + " if " + condition, role})
	if err := lambdaCall(t.Context(), http.MethodPost, "", mine, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lambdaCall(lasting(t), http.MethodDelete, "/"+mine.FunctionName, nil, nil); err != nil {
			t.Error(err)
		}
	})
	return mine.FunctionName
}

// makeRole makes a role that allows what the template lets the function do where
// all conditions hold. The test's end removes it.
func makeRole(t *testing.T, role, function string) {
	t.Helper()
	deployed, err := template.Read()
	if err != nil {
		t.Fatal(err)
	}
	resources, err := stackResources()
	if err != nil {
		t.Fatal(err)
	}
	var statements []any
	for _, statement := range deployed.Statements(function) {
		statements = append(statements, resolve(statement, resources))
	}
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	askIAM(t, t.Context(), url.Values{"Action": {"CreateRole"}, "RoleName": {role}, "AssumeRolePolicyDocument": {
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`,
	}})
	t.Cleanup(func() { askIAM(t, lasting(t), url.Values{"Action": {"DeleteRole"}, "RoleName": {role}}) })
	askIAM(t, t.Context(), url.Values{
		"Action": {"PutRolePolicy"}, "RoleName": {role}, "PolicyName": {"copy"}, "PolicyDocument": {string(policy)},
	})
	t.Cleanup(func() {
		askIAM(t, lasting(t), url.Values{"Action": {"DeleteRolePolicy"}, "RoleName": {role}, "PolicyName": {"copy"}})
	})
}

func askIAM(t *testing.T, ctx context.Context, form url.Values) {
	t.Helper()
	form.Set("Version", "2010-05-08")
	if _, err := awsPost(ctx, "iam", "/", "application/x-www-form-urlencoded", []byte(form.Encode())); err != nil {
		t.Fatal(err)
	}
}

// resolve takes the first branch of each Fn::If, and puts an ARN in the place
// of each Fn::GetAtt of one and each Fn::Sub of an index.
func resolve(v any, resources map[string]string) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = resolve(v[i], resources)
		}
		return out
	case map[string]any:
		if choice, ok := v["Fn::If"].([]any); ok {
			return resolve(choice[1], resources)
		}
		if get, ok := v["Fn::GetAtt"].([]any); ok {
			return arnOf(resources[fmt.Sprint(get[0])])
		}
		if index, ok := v["Fn::Sub"].(string); ok { // "${Table.Arn}/index/name"
			table, rest, _ := strings.Cut(strings.TrimPrefix(index, "${"), ".Arn}")
			return arnOf(resources[table]) + rest
		}
		out := map[string]any{}
		for name := range v {
			out[name] = resolve(v[name], resources)
		}
		return out
	}
	return v
}

// arnOf is the ARN of a queue, whose physical id is a URL, or of a table.
func arnOf(physical string) string {
	if strings.Contains(physical, "://") {
		return "arn:aws:sqs:" + awsRegion + ":*:" + physical[strings.LastIndex(physical, "/")+1:]
	}
	return "arn:aws:dynamodb:" + awsRegion + ":*:table/" + physical
}

// zipped is a function's binary as Lambda takes it.
func zipped(t *testing.T, binary string) string {
	t.Helper()
	content, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	header.SetMode(0o755)
	w, err := z.CreateHeader(header)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

func TestSignUpByMail(t *testing.T) {
	t.Parallel()
	function := verifyingSignUp(t)
	signsUp := func(t *testing.T, email, password string) answer {
		t.Helper()
		return invocation{named: function, call: postUser(signUp{email, password, "Ada"})}.invoke(t)
	}

	t.Run("a new address is verified by the link", func(t *testing.T) {
		t.Parallel()
		email := freshEmail()
		journal.linked(email, 1)
		if a := signsUp(t, " "+strings.ToUpper(email), password).want(t, http.StatusAccepted); len(a.body) != 0 {
			t.Errorf("the answer has a body: %s", a.body)
		}
		send(t, postSession(logIn{email, password})).refused(t, http.StatusUnauthorized, "invalid_credentials")
		token := tokenOf(t, awaitLinks(t, email, 1)[0], "verify-email")
		send(t, resetPassword(token, newPassword)).badToken(t) // it is for another purpose
		send(t, verifyEmail(token)).want(t, http.StatusNoContent)
		send(t, postSession(logIn{email, password})).want(t, http.StatusCreated)
		send(t, verifyEmail(token)).badToken(t)
	})

	t.Run("an operator verifies it", func(t *testing.T) {
		t.Parallel()
		email := freshEmail()
		journal.linked(email, 1)
		signsUp(t, email, password).want(t, http.StatusAccepted)
		token := tokenOf(t, awaitLinks(t, email, 1)[0], "verify-email") // a verified address gets no such mail any more
		operator(t, "verify-user", email, "--yes")
		send(t, postSession(logIn{email, password})).want(t, http.StatusCreated)
		send(t, verifyEmail(token)).badToken(t)
	})

	t.Run("a repeat with its key mails nothing again, and is verified once", func(t *testing.T) {
		t.Parallel()
		email := freshEmail()
		journal.linked(email, 1)
		c := postUser(signUp{email, password, "Ada"})
		c.key = unique()
		for range 2 {
			invocation{named: function, call: c}.invoke(t).want(t, http.StatusAccepted)
		}
		verify := verifyEmail(tokenOf(t, awaitLinks(t, email, 1)[0], "verify-email"))
		verify.key = unique()
		for range 2 {
			send(t, verify).want(t, http.StatusNoContent)
		}
		send(t, postSession(logIn{email, password})).want(t, http.StatusCreated)
	})

	t.Run("a known address is told, and stays as it is", func(t *testing.T) {
		t.Parallel()
		c := newCustomer(t)
		journal.linked(c.Email, 1)
		signsUp(t, c.Email, newPassword).want(t, http.StatusAccepted)
		signsUp(t, c.Email, newPassword).want(t, http.StatusAccepted) // no second mail
		m := awaitLinks(t, c.Email, 1)[0]
		if !strings.Contains(m.Subject, "You have an account already") {
			t.Errorf("subject = %q", m.Subject)
		}
		send(t, postSession(logIn{c.Email, newPassword})).refused(t, http.StatusUnauthorized, "invalid_credentials")
		send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
		send(t, resetPassword(tokenOf(t, m, "reset-password"), newPassword)).want(t, http.StatusNoContent)
		send(t, postSession(logIn{c.Email, newPassword})).want(t, http.StatusCreated)
	})

	t.Run("a link that ran out is made up for by a reset", func(t *testing.T) {
		t.Parallel()
		email := freshEmail()
		journal.linked(email, 2)
		signsUp(t, email, password).want(t, http.StatusAccepted)
		verify := tokenOf(t, awaitLinks(t, email, 1)[0], "verify-email")
		send(t, requestReset(email)).want(t, http.StatusAccepted)
		mails := awaitLinks(t, email, 2)
		if strings.Contains(mails[0].BodyText, "/reset-password#") {
			mails[0], mails[1] = mails[1], mails[0]
		}
		send(t, resetPassword(tokenOf(t, mails[1], "reset-password"), newPassword)).want(t, http.StatusNoContent)
		send(t, postSession(logIn{email, newPassword})).want(t, http.StatusCreated)
		send(t, verifyEmail(verify)).badToken(t)
	})

	t.Run("the answers cannot be told apart", func(t *testing.T) {
		t.Parallel()
		known, unknown := newCustomer(t).Email, freshEmail()
		journal.linked(known, 1)
		journal.linked(unknown, 2)
		answers := map[string]bool{}
		for range 2 {
			for _, email := range []string{known, unknown} {
				a := signsUp(t, email, password).want(t, http.StatusAccepted)
				a.header.Del("X-Request-Id")
				answers[fmt.Sprint(a.header, string(a.body))] = true
			}
		}
		if len(answers) != 1 {
			t.Errorf("got %v, want one answer", answers)
		}
		awaitLinks(t, known, 1)
		awaitLinks(t, unknown, 2) // to verify it, and of the attempt
	})

	t.Run("an expired link", func(t *testing.T) {
		t.Parallel()
		email := freshEmail()
		journal.linked(email, 1)
		signsUp(t, email, password).want(t, http.StatusAccepted)
		token := tokenOf(t, awaitLinks(t, email, 1)[0], "verify-email")
		expire(t, token, time.Now())
		send(t, verifyEmail(token)).badToken(t)
		send(t, postSession(logIn{email, password})).refused(t, http.StatusUnauthorized, "invalid_credentials")
	})

	t.Run("what is refused without the parameter is refused with it", func(t *testing.T) {
		t.Parallel()
		wantField(t, signsUp(t, freshEmail(), "short").refused(t, http.StatusBadRequest, "invalid_request"), "password")
		wantField(t, signsUp(t, "ada", password).refused(t, http.StatusBadRequest, "invalid_request"), "email")
	})
}
