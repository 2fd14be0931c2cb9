package apiclient

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestCreatesWithEveryMember: a new product can be given each member that the contract lets an admin save, but the
// version that it is compared with. A change keeps members that the client does not know (TestChange).
func TestCreatesWithEveryMember(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var contract struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any `yaml:"properties"`
			} `yaml:"schemas"`
		} `yaml:"components"`
	}
	if err := yaml.Unmarshal(text, &contract); err != nil {
		t.Fatal(err)
	}
	members := contract.Components.Schemas["SaveProduct"].Properties
	if len(members) < 6 {
		t.Fatalf("the contract has %v, too few members to be all", members)
	}
	delete(members, "compare_version") // a condition of the save, and no member of a product
	for name := range members {
		if name != "compare_version" && !slices.Contains(jsonNames(draftJSON{}), name) {
			t.Errorf("draftJSON has no member %s", name)
		}
	}
}

// jsonNames returns the names of a struct's members in JSON.
func jsonNames(shape any) []string {
	var names []string
	for _, field := range reflect.VisibleFields(reflect.TypeOf(shape)) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
