package template

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shop/internal/deadline"
	"shop/internal/queue"
)

// gatewayWaits is how long an HTTP API waits for a function, at most:
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const gatewayWaits = 30 * time.Second

func timeout(function Object) time.Duration {
	seconds, _ := At(function, "Properties", "Timeout").(float64)
	return time.Duration(seconds) * time.Second
}

// allowed reports whether a function may call an operation, or any of a service.
func allowed(function, prefix string) bool {
	return slices.ContainsFunc(grants[function], func(grant string) bool { return strings.HasPrefix(grant, prefix) })
}

// Each attempt of a call ends while its function has time to answer, and one that hangs leaves time for a second: the
// SDK waits for up to a second before it. A mail has one attempt, after the calls before it and before the mark.
func TestCallsEndBeforeTheirFunction(t *testing.T) {
	for name, function := range Need(t).OfType("AWS::Lambda::Function") {
		usable := timeout(function) - deadline.ShutdownMargin
		if least := 2*deadline.Call + time.Second; usable <= least {
			t.Errorf("%s has %s for its calls, want more than %s", name, usable, least)
		}
		if allowed(name, "ses:") && usable <= queue.DeliveryTime {
			t.Errorf("%s has %s, want more than the %s that a mail may take", name, usable, queue.DeliveryTime)
		}
	}
	if least := 3*deadline.Call + deadline.Mail; queue.DeliveryTime <= least {
		t.Errorf("a mail may take %s, want more than the %s of a claim, a read, a send and a mark",
			queue.DeliveryTime, least)
	}
	if deadline.ShutdownMargin <= 0 {
		t.Errorf("a function leaves %s to answer", deadline.ShutdownMargin)
	}
}

// The functions behind an API answer before the gateway answers for them.
func TestFunctionsAnswerBeforeTheGateway(t *testing.T) {
	tpl := Need(t)
	behind := map[string]bool{}
	for _, permission := range tpl.OfType("AWS::Lambda::Permission") {
		if At(permission, "Properties", "Principal") == "apigateway.amazonaws.com" {
			behind[calledBy(At(permission, "Properties", "FunctionName", "Ref").(string))] = true
		}
	}
	all := tpl.OfType("AWS::Lambda::Function")
	if len(behind) != len(all)-9 {
		t.Errorf("%d of %d functions are behind an API, want all but nine", len(behind), len(all))
	}
	for name := range behind {
		if got := timeout(all[name]); got <= 0 || got >= gatewayWaits {
			t.Errorf("%s may take %s, want less than the gateway's %s", name, got, gatewayWaits)
		}
	}
}

// TestMinutelyFunctionsEndBeforeTheNextRun: the relay, who counts sales, and who watches stocks.
func TestMinutelyFunctionsEndBeforeTheNextRun(t *testing.T) {
	tpl := Need(t)
	for _, name := range []string{"RelayMailFunction", "CountSalesFunction", "WatchStockFunction"} {
		rate := At(tpl.Resources[name+"EveryMinute"], "Properties", "ScheduleExpression")
		if got := timeout(tpl.Resources[name]); rate != "rate(1 minute)" || got >= time.Minute {
			t.Errorf("%s is called at the %v, and a run may take %s", name, rate, got)
		}
	}
}
