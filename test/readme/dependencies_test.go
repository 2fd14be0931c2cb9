package readme

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	requirement = regexp.MustCompile(`(?m)^\t(\S+) v\S+$`) // one that is not marked "// indirect"
	word        = regexp.MustCompile(`[\w.-]+`)
)

// TestDependenciesAreExplained: docs/dependencies.md says of each module that go.mod requires why it is there.
func TestDependenciesAreExplained(t *testing.T) {
	_, table, found := strings.Cut(read(t, "docs/dependencies.md"), "# Dependencies")
	if !found {
		t.Fatal("docs/dependencies.md has no heading any more")
	}
	required := requirement.FindAllStringSubmatch(read(t, "go.mod"), -1)
	if len(required) < 20 {
		t.Fatalf("go.mod requires %d modules, too few to be all", len(required))
	}
	for _, m := range required {
		if !explains(table, m[1]) {
			t.Errorf("docs/dependencies.md does not say why %s is there", m[1])
		}
	}
}

// TestPackagesOfThePagesAreExplained: docs/dependencies.md says of each package that web/package.json names why it is
// there.
func TestPackagesOfThePagesAreExplained(t *testing.T) {
	var manifest struct{ Dependencies, DevDependencies map[string]string }
	if err := json.Unmarshal([]byte(read(t, "web/package.json")), &manifest); err != nil {
		t.Fatal(err)
	}
	packages := slices.AppendSeq(slices.Collect(maps.Keys(manifest.Dependencies)), maps.Keys(manifest.DevDependencies))
	if len(packages) < 10 {
		t.Fatalf("web/package.json names %q, too few to be all", packages)
	}
	page := read(t, "docs/dependencies.md")
	for _, name := range packages {
		if !explains(page, name) {
			t.Errorf("docs/dependencies.md does not say why %s is there", name)
		}
	}
}

// TestExplains shows that the check can fail.
func TestExplains(t *testing.T) {
	const table = "| aws-sdk-go-v2 (dynamodb; sts for tools), x/text | AWS |\n| golang-jwt/jwt/v5 | tokens, by sqs |\n"
	for module, want := range map[string]bool{
		"github.com/aws/aws-sdk-go-v2":                  true,
		"github.com/aws/aws-sdk-go-v2/service/dynamodb": true,
		"github.com/aws/aws-sdk-go-v2/service/sts":      true,
		"github.com/aws/aws-sdk-go-v2/service/sqs":      false, // that row is another module's
		"github.com/golang-jwt/jwt/v5":                  true,
		"golang.org/x/text":                             true,
		"golang.org/x/net":                              false,
	} {
		if got := explains(table, module); got != want {
			t.Errorf("%s is explained: %v, want %v", module, got, want)
		}
	}
}

// explains reports whether the first cell of a row names the module: by the end of its path, and of a module of the AWS
// SDK by its last word beside the SDK's name.
func explains(table, module string) bool {
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) < 3 {
			continue
		}
		if rest, ok := strings.CutPrefix(module, "github.com/aws/aws-sdk-go-v2/"); ok {
			last := rest[strings.LastIndex(rest, "/")+1:]
			if strings.Contains(cells[1], "aws-sdk-go-v2") && slices.Contains(word.FindAllString(cells[1], -1), last) {
				return true
			}
			continue
		}
		for name := range strings.FieldsSeq(strings.NewReplacer(",", " ", ";", " ", "(", " ", ")", " ").
			Replace(cells[1])) {
			if strings.HasSuffix("/"+module, "/"+name) {
				return true
			}
		}
	}
	return false
}
