// Package unset finds the members of a struct that have no value. A test that is about every member of a shape asks it
// whether its example has them all: it then fails, and names the member, when the shape gets another one.
package unset

import "reflect"

// Members returns the names of the struct's members that are zero, but those that are excepted. The members of an
// embedded struct count as the struct's own.
func Members(of any, except ...string) []string {
	skipped := map[string]bool{}
	for _, name := range except {
		skipped[name] = true
	}
	var names []string
	value := reflect.ValueOf(of)
	for _, field := range reflect.VisibleFields(value.Type()) {
		if !field.Anonymous && !skipped[field.Name] && value.FieldByIndex(field.Index).IsZero() {
			names = append(names, field.Name)
		}
	}
	return names
}
