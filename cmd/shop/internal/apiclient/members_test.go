package apiclient

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestSavesEveryMember: the client reads and saves each member of a product that the contract lets an admin save. One
// that it did not know would be lost by each change that a tool makes.
func TestSavesEveryMember(t *testing.T) {
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
		for _, shape := range []any{draftJSON{}, productJSON{}} {
			if !slices.Contains(jsonNames(shape), name) {
				t.Errorf("%T has no member %s", shape, name)
			}
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
