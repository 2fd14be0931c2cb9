package template

import "testing"

// TestFunctionsCanBeSeen: every function is traced, its log is JSON, Lambda's own lines included, and its metrics can be told from
// another stage's.
func TestFunctionsCanBeSeen(t *testing.T) {
	for name, function := range Need(t).Functions() {
		if got := At(function, "Properties", "TracingConfig", "Mode"); got != "Active" {
			t.Errorf("%s: tracing is %v", name, got)
		}
		if got := At(function, "Properties", "LoggingConfig", "LogFormat"); got != "JSON" {
			t.Errorf("%s: its log is %v", name, got)
		}
		wantJSON(t, At(function, "Properties", "Environment", "Variables", "STAGE"), `{"Ref": "Stage"}`)
	}
}
