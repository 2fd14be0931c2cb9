package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// canaries are the functions with a canary, and what calls each: its routes' permissions or its event source.
var canaries = map[string][]string{
	"LogInFunction":      {"LogInFunctionLogInPermission", "LogInFunctionLogInBrowserPermission"},
	"PlaceOrderFunction": {"PlaceOrderFunctionPlaceOrderPermission"},
	"NotifyFunction":     {"NotifyFunctionMailPending"},
}

// TestCallersUseTheAlias: whoever calls a function with a canary does so by its alias, with a canary or without; a
// caller of the function itself would get all of a new version at once.
func TestCallersUseTheAlias(t *testing.T) {
	tpl := Need(t)
	body, err := json.Marshal(At(tpl.Resources["Api"], "Properties", "Body"))
	if err != nil {
		t.Fatal(err)
	}
	for function, callers := range canaries {
		for _, caller := range callers {
			wantJSON(t, At(tpl.Resources[caller], "Properties", "FunctionName"), `{"Ref":"`+function+`Aliaslive"}`)
		}
		if strings.Contains(string(body), function+".Arn") {
			t.Errorf("a route leads to %s past its alias", function)
		}
	}
}

// TestEveryParameterMakesAVersion: SAM makes none when a parameter's value changes. The descriptions do it, if they
// have each parameter that the function's settings depend on.
func TestEveryParameterMakesAVersion(t *testing.T) {
	tpl := Need(t)
	for function := range canaries {
		properties := maps.Clone(tpl.Resources[function]["Properties"].(Object))
		description := properties["Description"]
		delete(properties, "Description")
		want, got := tpl.dependsOn(properties), tpl.dependsOn(description)
		if !slices.Equal(got, want) {
			t.Errorf("%s: its description has %v, its settings depend on %v", function, got, want)
		}
		version := tpl.versionOf(t, function)
		if a, b := fmt.Sprint(At(version, "Properties", "Description")), fmt.Sprint(description); a != b {
			t.Errorf("%s: its version's description is %s, its own %s", function, a, b)
		}
	}
}

// versionOf is the version that the function's alias leads to.
func (t *Template) versionOf(test *testing.T, function string) Object {
	test.Helper()
	get, _ := At(t.Resources[function+"Aliaslive"], "Properties", "FunctionVersion", "Fn::GetAtt").([]any)
	if len(get) != 2 {
		test.Fatalf("%s has no alias that leads to a version", function)
	}
	return t.Resources[fmt.Sprint(get[0])]
}

var inSub = regexp.MustCompile(`\$\{(\w+)\}`)

// dependsOn lists the parameters that a value depends on, by conditions, too.
func (t *Template) dependsOn(v any) []string {
	found := map[string]bool{}
	t.walk(v, func(name string) {
		if t.Parameters[name] != nil {
			found[name] = true
		}
	})
	return slices.Sorted(maps.Keys(found))
}

// walk tells note of every name that v refers to.
func (t *Template) walk(v any, note func(string)) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			t.walk(item, note)
		}
	case Object:
		for member, value := range v {
			t.walk(value, note)
			t.refer(member, value, note)
		}
	}
}

func (t *Template) refer(function string, argument any, note func(string)) {
	list, _ := argument.([]any)
	if len(list) == 0 {
		list = []any{argument}
	}
	first := fmt.Sprint(list[0])
	switch function {
	case "Ref":
		note(first)
	case "Fn::Sub":
		for _, name := range inSub.FindAllStringSubmatch(first, -1) {
			note(name[1])
		}
	case "Fn::If", "Condition":
		t.walk(t.Conditions[first], note)
	}
}

// TestCanary: without it there is nothing of CodeDeploy, which the emulator has not; with it each of the functions goes
// back by alarms that the stack of alarms has.
func TestCanary(t *testing.T) {
	for name, resource := range Need(t).Resources {
		if strings.HasPrefix(fmt.Sprint(resource["Type"]), "AWS::CodeDeploy::") || resource["UpdatePolicy"] != nil {
			t.Errorf("without a canary there is %s", name)
		}
	}
	with, err := readWith("Stage=production", "Canary=true")
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(with.OfType("AWS::CodeDeploy::DeploymentGroup"))); len(got) != len(canaries) {
		t.Errorf("deployment groups: got %v", got)
	}
	known, err := os.ReadFile(filepath.Join(Root(), "infra/observability/template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for function := range canaries {
		wantJSON(t, At(with.Resources[function+"Aliaslive"], "UpdatePolicy", "CodeDeployLambdaAliasUpdate"),
			`{"ApplicationName":{"Ref":"ServerlessDeploymentApplication"},
			"DeploymentGroupName":{"Ref":"`+function+`DeploymentGroup"}}`)
		group := At(with.Resources[function+"DeploymentGroup"], "Properties")
		alarms := List(At(group, "AlarmConfiguration", "Alarms"))
		for _, alarm := range alarms {
			name := strings.TrimPrefix(fmt.Sprint(At(alarm, "Name", "Fn::Sub")), "${AWS::StackName} ")
			if !strings.Contains(string(known), `AlarmName: !Sub "${Store} `+name+`"`) {
				t.Errorf("%s goes back by %s, which is no alarm", function, name)
			}
		}
		if len(alarms) == 0 || At(group, "AutoRollbackConfiguration", "Enabled") != true {
			t.Errorf("%s goes back by nothing", function)
		}
	}
}
