package observe

import (
	"os"
	"strings"
)

// functionName is the variable in which Lambda tells a function its name.
const functionName = "AWS_LAMBDA_FUNCTION_NAME"

// traceHeader is the variable in which Lambda's Go runtime keeps the tracing header of the invocation.
const traceHeader = "_X_AMZN_TRACE_ID"

// TraceHeader returns the tracing header of the invocation, such as
// "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1". It is empty where nothing is traced.
func TraceHeader() string { return os.Getenv(traceHeader) }

// TraceID returns the id of the trace that a tracing header names, such as 1-5759e988-bd862e3fe1be46a994272793. It is
// empty for a header that names none in that form, because a client may have written it.
// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
func TraceID(header string) string {
	for field := range strings.SplitSeq(header, ";") {
		if id, found := strings.CutPrefix(strings.TrimSpace(field), "Root="); found && isTraceID(id) {
			return id
		}
	}
	return ""
}

// isTraceID reports whether id is a version, a time and a number, the last two of 8 and 24 hexadecimal digits.
func isTraceID(id string) bool {
	parts := strings.Split(id, "-")
	return len(parts) == 3 && parts[0] == "1" && isHex(parts[1], 8) && isHex(parts[2], 24)
}

func isHex(text string, length int) bool {
	return len(text) == length && strings.Trim(text, "0123456789abcdef") == ""
}
