package template

import "testing"

// TestFunctionsCanBeSeen: every function is traced, its log is JSON, Lambda's own lines included, and its metrics can
// be told from another stage's.
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

// TestTheAuditLogIsKept: the audited lines, and no others, go on from the functions' log to a group of their own, which
// is kept for the parameter's days; the function that takes them there cannot feed itself.
func TestTheAuditLogIsKept(t *testing.T) {
	tpl := Need(t)
	wantJSON(t, At(tpl.Resources["KeepAuditFunctionAudited"], "Properties"), `{
		"LogGroupName": {"Ref": "FunctionLogs"}, "FilterPattern": "{ $.msg = \"audit\" }",
		"DestinationArn": {"Fn::GetAtt": ["KeepAuditFunction", "Arn"]}}`)
	wantJSON(t, At(tpl.Resources["KeepAuditFunction"], "Properties", "LoggingConfig"),
		`{"LogGroup": {"Ref": "AuditLogs"}, "LogFormat": "JSON", "SystemLogLevel": "WARN"}`)
	wantJSON(t, At(tpl.Resources["AuditLogs"], "Properties", "RetentionInDays"), `{"Ref": "AuditDays"}`)
	for name, function := range tpl.Functions() {
		if name != "KeepAuditFunction" {
			wantJSON(t, At(function, "Properties", "LoggingConfig", "LogGroup"), `{"Ref": "FunctionLogs"}`)
		}
	}
}
