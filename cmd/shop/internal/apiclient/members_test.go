package apiclient

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"shop/test/contract"
)

// TestCreatesWithEveryMember: a new product can be given each member that the contract lets an admin save, but the
// version that it is compared with, which is a condition of the save. A change keeps members that the client does not
// know (TestChange).
func TestCreatesWithEveryMember(t *testing.T) {
	c, err := contract.Load("../../../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	members, err := c.Members("SaveProduct")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range members {
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
