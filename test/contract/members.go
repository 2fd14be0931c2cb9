package contract

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Members returns the names of the members that an object of the schema may have, sorted.
func (c *Contract) Members(schema string) ([]string, error) {
	ref, ok := c.doc.Components.Schemas[schema]
	if !ok {
		return nil, fmt.Errorf("the contract has no schema %s", schema)
	}
	names := members(ref.Value)
	slices.Sort(names)
	return slices.Compact(names), nil
}

func members(s *openapi3.Schema) (names []string) {
	for name := range s.Properties {
		names = append(names, name)
	}
	for _, part := range s.AllOf {
		names = append(names, members(part.Value)...)
	}
	return names
}

// CheckShape returns an error unless the struct's members in JSON are those that the schema's objects may have.
func (c *Contract) CheckShape(schema string, shape any) error {
	want, err := c.Members(schema)
	if err != nil {
		return err
	}
	var got []string
	for _, field := range reflect.VisibleFields(reflect.TypeOf(shape)) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			got = append(got, name)
		}
	}
	if lacks := without(want, got); len(lacks) > 0 {
		return fmt.Errorf("%T lacks %q of the schema %s", shape, lacks, schema)
	}
	if more := without(got, want); len(more) > 0 {
		return fmt.Errorf("%T has %q, which the schema %s lacks", shape, more, schema)
	}
	return nil
}

// without returns the names that are not among those that are known.
func without(names, known []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(known, name) })
}
