package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"shop/test/template"
)

// TestSandboxHasTheFunctionsVariables: a measured function finds every variable that template.yaml gives it, but those
// that it can do without.
func TestSandboxHasTheFunctionsVariables(t *testing.T) {
	optional := []string{
		"STAGE", "ORIGIN_PROOF_SHA256", "ONLY_THROUGH_DISTRIBUTION", "PUBLIC_URL", "SYNTHETIC_CUSTOMER",
	}
	box := &sandbox{store: &store{aws: aws.Config{BaseEndpoint: aws.String("")}}, tables: &tables{}}
	given := map[string]bool{}
	for _, variable := range box.environment() {
		name, _, _ := strings.Cut(variable, "=")
		given[name] = true
	}
	deployed := template.Need(t)
	for _, function := range []string{"PlaceOrderFunction", "ViewProductFunction", "NotifyFunction"} {
		variables := template.At(deployed.Functions()[function], "Properties", "Environment", "Variables")
		for name := range variables.(template.Object) {
			if !given[name] && !slices.Contains(optional, name) {
				t.Errorf("%s has no %s", function, name)
			}
		}
	}
}
