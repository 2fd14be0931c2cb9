// Package template reads template.yaml as SAM translates it, which is what is deployed. Its tests check the rules that
// the template must follow.
package template

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"shop/test/project"
	"shop/test/testenv"
)

// Object is a JSON object.
type Object = map[string]any

// Template is the translated template.
type Template struct {
	Parameters map[string]Object
	Conditions Object
	Resources  map[string]Object
	Outputs    map[string]Object
}

// Read translates the template, once for all who ask. It needs the SAM translator in .tools/emulator.
var Read = sync.OnceValues(func() (*Template, error) { return readWith() })

// readWith translates the template with parameters, such as "Canary=true", besides those without a default.
func readWith(parameters ...string) (*Template, error) {
	given := append([]string{"infra/local/translate.py", "template.yaml", "Sender=shop@example.com"}, parameters...)
	command := exec.Command(python(), given...)
	command.Dir = Root()
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("translating the template: %w", err)
	}
	t := &Template{}
	return t, json.Unmarshal(out, t)
}

// Need is Read for a test, which is skipped, or fails with CI=true, where the translator is missing.
func Need(t testing.TB) *Template {
	t.Helper()
	testenv.File(t, python())
	read, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// Root is the project's folder. It panics outside of it.
func Root() string {
	root, err := project.Root()
	if err != nil {
		panic(err)
	}
	return root
}

func python() string { return filepath.Join(Root(), ".tools/emulator/bin/python") }

// At follows names into v; nil where there is nothing.
func At(v any, names ...string) any {
	for _, name := range names {
		m, ok := v.(Object)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// number is a number of the template, or the default of the parameter that it refers to; 0 where there is none.
func (t *Template) number(v any) float64 {
	if name, ok := At(v, "Ref").(string); ok {
		v = t.Parameters[name]["Default"]
	}
	n, _ := v.(float64)
	return n
}

// OfType returns the resources of a type by their logical ids.
func (t *Template) OfType(kind string) map[string]Object {
	found := map[string]Object{}
	for name, r := range t.Resources {
		if r["Type"] == kind {
			found[name] = r
		}
	}
	if len(found) == 0 {
		panic("no resource of type " + kind)
	}
	return found
}

// Functions returns the functions by their logical ids.
func (t *Template) Functions() map[string]Object { return t.OfType("AWS::Lambda::Function") }

// Granted lists what the role of a function allows, each action on each resource: "dynamodb:PutItem Users",
// "dynamodb:Query Orders/index/feed", "ses:SendEmail identity/* from Sender", "sqs:SendMessage MailQueue if
// VerifiesEmail". What is allowed by leaving something out begins with "*". What a managed policy allows is listed by
// the policy's name: "policy AWSLambdaBasicExecutionRole".
func (t *Template) Granted(function string) []string {
	role := t.Resources[function+"Role"]
	var found []string
	for _, arn := range List(At(role, "Properties", "ManagedPolicyArns")) {
		found = append(found, "policy "+lastPart(fmt.Sprint(arn)))
	}
	for _, statement := range t.Statements(function) {
		found = append(found, permissions(statement)...)
	}
	slices.Sort(found)
	return found
}

// Statements returns the statements of the policies in the role of a function.
func (t *Template) Statements(function string) []any {
	var found []any
	for _, policy := range List(At(t.Resources[function+"Role"], "Properties", "Policies")) {
		found = append(found, List(At(policy, "PolicyDocument", "Statement"))...)
	}
	return found
}

func permissions(statement any) []string {
	if choice, ok := At(statement, "Fn::If").([]any); ok && At(choice[2], "Ref") == "AWS::NoValue" {
		found := permissions(choice[1])
		for i := range found {
			found[i] += fmt.Sprint(" if ", choice[0])
		}
		return found
	}
	condition := ""
	if keys := At(statement, "Condition", "ForAllValues:StringLike", "dynamodb:LeadingKeys"); keys != nil {
		condition = " with " + fmt.Sprint(keys)
	} else if prefix := At(statement, "Condition", "StringLike", "s3:prefix"); prefix != nil {
		condition = fmt.Sprint(" with ", prefix)
	} else if sender := At(statement, "Condition", "StringEquals", "ses:FromAddress", "Ref"); sender != nil {
		condition = fmt.Sprint(" from ", sender)
	}
	var found []string
	for _, inverted := range []string{"NotAction", "NotResource"} {
		if At(statement, inverted) != nil {
			found = append(found, "* but "+fmt.Sprint(At(statement, inverted)))
		}
	}
	for _, action := range List(At(statement, "Action")) {
		for _, resource := range List(At(statement, "Resource")) {
			found = append(found, fmt.Sprint(action, " ", resourceName(resource), condition))
		}
	}
	return found
}

// List is what stands in a list, or v alone where there is none: CloudFormation takes both. There is nothing in nil.
func List(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// resourceName shortens the ARN of a resource, or of a table's index, to the resource's logical id. Of a resource that
// there is under a condition it is the same.
func resourceName(v any) string {
	if choice, ok := At(v, "Fn::If").([]any); ok && At(choice[2], "Ref") == "AWS::NoValue" {
		return resourceName(choice[1])
	}
	if get, ok := At(v, "Fn::GetAtt").([]any); ok {
		return fmt.Sprint(get[0])
	}
	if name, ok := At(v, "Ref").(string); ok {
		return name
	}
	if text, ok := v.(string); ok {
		return text
	}
	arn := fmt.Sprint(At(v, "Fn::Sub"))
	arn = strings.TrimPrefix(arn, "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:")
	return strings.NewReplacer("${", "", ".Arn}", "", "}", "").Replace(arn)
}

func lastPart(path string) string { return path[strings.LastIndex(path, "/")+1:] }
