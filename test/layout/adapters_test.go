package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const adapters = "../../internal/dynamostore"

// TestAdaptersAreWhole: whoever makes an adapter of the store gives it all its fields. One that is left out is an empty
// table's name or a nil client, which fails at the first call and not before.
func TestAdaptersAreWhole(t *testing.T) {
	fields := adapterFields(t)
	made := map[string]bool{}
	for _, root := range []string{"../../functions", "../../cmd", "../../test"} {
		eachFile(t, root, func(files *token.FileSet, file *ast.File) {
			ast.Inspect(file, func(n ast.Node) bool {
				if literal, ok := n.(*ast.CompositeLit); ok && isAdapter(literal) {
					name := literal.Type.(*ast.SelectorExpr).Sel.Name
					made[name] = true
					if missing := missingFields(literal, fields[name]); len(missing) > 0 {
						t.Errorf("%s: %s lacks %v", files.Position(literal.Pos()), name, missing)
					}
				}
				return true
			})
		})
	}
	for name := range fields {
		if !made[name] {
			t.Errorf("nobody makes a %s", name)
		}
	}
}

// adapterFields are the fields of each exported struct of the store.
func adapterFields(t *testing.T) map[string][]string {
	fields := map[string][]string{}
	eachFile(t, adapters, func(_ *token.FileSet, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				if of, ok := spec.Type.(*ast.StructType); ok {
					fields[spec.Name.Name] = names(of)
				}
			}
			return true
		})
	})
	if len(fields) < 10 {
		t.Fatalf("found the adapters %v, too few to be all", fields)
	}
	return fields
}

func names(of *ast.StructType) []string {
	var names []string
	for _, field := range of.Fields.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	return names
}

// isAdapter reports whether the literal is of a type of the store.
func isAdapter(literal *ast.CompositeLit) bool {
	of, ok := literal.Type.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := of.X.(*ast.Ident)
	return ok && from.Name == filepath.Base(adapters)
}

// missingFields returns the fields that a literal with keys does not name. One without keys has them all, or does not
// compile.
func missingFields(literal *ast.CompositeLit, fields []string) []string {
	missing := slices.Clone(fields)
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			return nil
		}
		missing = slices.DeleteFunc(missing, func(name string) bool { return name == pair.Key.(*ast.Ident).Name })
	}
	return missing
}

// eachFile visits the Go files below root, without tests of the store itself.
func eachFile(t *testing.T, root string, visit func(*token.FileSet, *ast.File)) {
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") && root == adapters {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err == nil {
			visit(files, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
