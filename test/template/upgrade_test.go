package template

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
)

// TestTablesSinceTheLastRelease: a store is upgraded in place, so no table loses or changes its key, no attribute of a
// key its type, and of each table one index is added or removed at most (docs/upgrading.md). `make release` records
// what the next release is held to; before the first one it is what the tables were when this test was written.
func TestTablesSinceTheLastRelease(t *testing.T) {
	text, err := os.ReadFile("testdata/released-tables.json")
	if err != nil {
		t.Fatal(err)
	}
	var released map[string]any
	if err := json.Unmarshal(text, &released); err != nil {
		t.Fatal(err)
	}
	for name, before := range released {
		for _, complaint := range changed(before, At(Need(t).Resources[name], "Properties")) {
			t.Errorf("%s: %s", name, complaint)
		}
	}
}

// changed says what no release may change of a table.
func changed(before, after any) []string {
	if after == nil {
		return []string{"the table is gone"}
	}
	var all []string
	if fmt.Sprint(At(before, "KeySchema")) != fmt.Sprint(At(after, "KeySchema")) {
		all = append(all, "its key is another")
	}
	types := named(At(after, "AttributeDefinitions"), "AttributeName", "AttributeType")
	for attribute, kind := range named(At(before, "AttributeDefinitions"), "AttributeName", "AttributeType") {
		if now, there := types[attribute]; there && now != kind {
			all = append(all, attribute+" has another type")
		}
	}
	old := named(At(before, "GlobalSecondaryIndexes"), "IndexName", "KeySchema", "Projection")
	now := named(At(after, "GlobalSecondaryIndexes"), "IndexName", "KeySchema", "Projection")
	var alone []string
	for index, what := range old {
		if is, there := now[index]; !there {
			alone = append(alone, index)
		} else if is != what {
			all = append(all, "its index "+index+" is another")
		}
	}
	for index := range now {
		if _, there := old[index]; !there {
			alone = append(alone, index)
		}
	}
	if slices.Sort(alone); len(alone) > 1 {
		all = append(all, fmt.Sprintf("more than one index is added or removed: %q", alone))
	}
	return all
}

// named are the members of objects of a list, as texts, by the objects' names.
func named(list any, name string, members ...string) map[string]string {
	found := map[string]string{}
	all, _ := list.([]any)
	for _, object := range all {
		text := ""
		for _, member := range members {
			text += fmt.Sprint(At(object, member))
		}
		found[fmt.Sprint(At(object, name))] = text
	}
	return found
}

func TestChanged(t *testing.T) {
	const feed = `{"IndexName":"feed","KeySchema":[{"AttributeName":"shard","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}`
	table := func(key, kind, indexes string) (found any) {
		text := `{"KeySchema":[{"AttributeName":"` + key +
			`"}],"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"` + kind + `"}],` +
			`"GlobalSecondaryIndexes":[` + indexes + `]}`
		if err := json.Unmarshal([]byte(text), &found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	before := table("id", "S", feed)
	for name, c := range map[string]struct {
		after any
		want  int
	}{
		"nothing":           {before, 0},
		"the table":         {nil, 1},
		"the key":           {table("key", "S", feed), 1},
		"a type":            {table("id", "N", feed), 1},
		"an index less":     {table("id", "S", ""), 0},
		"an index more":     {table("id", "S", feed+`,{"IndexName":"a"}`), 0},
		"two indexes more":  {table("id", "S", feed+`,{"IndexName":"a"},{"IndexName":"b"}`), 1},
		"another in place":  {table("id", "S", `{"IndexName":"a"}`), 1},
		"an index's keys":   {table("id", "S", `{"IndexName":"feed","KeySchema":[]}`), 1},
		"key, type and all": {table("key", "N", `{"IndexName":"a"}`), 3},
	} {
		if got := changed(before, c.after); len(got) != c.want {
			t.Errorf("%s: got %q, want %d complaints", name, got, c.want)
		}
	}
}
