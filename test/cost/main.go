// Command cost prints what the store costs on AWS, as docs/cost.md has it: go run ./test/cost
package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

// Prices in dollars, of US East (N. Virginia), without free tiers and discounts, each with the page that has it.
// docs/cost.md says which were compared with a published page.
const (
	lambdaRequest   = 0.20 / 1e6      // aws.amazon.com/lambda/pricing
	lambdaGBSecond  = 0.0000133334    // Arm
	writeUnit       = 0.625 / 1e6     // aws.amazon.com/dynamodb/pricing/on-demand
	readUnit        = 0.125 / 1e6     //
	storedGB        = 0.25 + 0.20     // a month, and its point-in-time recovery
	sqsRequest      = 0.40 / 1e6      // aws.amazon.com/sqs/pricing: standard queues
	mail            = 0.10 / 1e3      // aws.amazon.com/ses/pricing
	accessLogGB     = 0.50            // aws.amazon.com/cloudwatch/pricing: taken in; what functions log has tiers
	logGBMonth      = 0.03            // kept
	customMetric    = 0.30            // a month
	alarmMetric     = 0.10            // a month, for each metric of an alarm
	dashboard       = 3.00            // a month
	rsaSignature    = 0.03 / 1e4      // aws.amazon.com/kms/pricing: RSA_2048
	signingKey      = 1.00            // a month
	trace           = 5.00 / 1e6      // aws.amazon.com/xray/pricing
	edgeRequest     = 0.01 / 1e4      // aws.amazon.com/cloudfront/pricing: HTTPS, North America and Europe
	edgeRun         = 0.10 / 1e6      // a run of an edge function
	firewallRequest = 0.60 / 1e6      // aws.amazon.com/waf/pricing
	firewall        = 5.00 + 3*1.00   // a month, with three rules
	secondsOfMonth  = 730 * 60 * 60.0 //
	nightsOfMonth   = 730 / 24.0
	bytesOfGB       = 1e9
	relayRuns       = 730 * 60.0
	erasureRuns     = 730 * 12.0
	auditSeconds    = 900.0                  // at most
	watchReadUnits  = 106                    // both items of 100 products, and the keys of these and of requests
	relayReadUnits  = 17 * 0.5               // a query for each shard of the index "due", and one of "unfinished"
	salesWrites     = 7000.0                 // write units a day, at most: docs/admin.md
	emptyReceives   = 2 * 5 * 3 * 730 * 60.0 // Lambda's five pollers of each queue look for messages every 20 seconds
	publishedSeries = 60                     // the metrics' names by their dimensions
	alarmMetrics    = 45                     // of the 25 alarms
)

// tier is what a unit costs up to so many in a month.
type tier struct{ upTo, price float64 }

var (
	// aws.amazon.com/api-gateway/pricing: HTTP APIs.
	apiTiers = []tier{{300e6, 1.00 / 1e6}, {math.Inf(1), 0.90 / 1e6}}
	// aws.amazon.com/cloudwatch/pricing: what Lambda's functions log, in bytes.
	logTiers = []tier{
		{10e12, 0.50 / bytesOfGB}, {30e12, 0.25 / bytesOfGB}, {50e12, 0.10 / bytesOfGB},
		{math.Inf(1), 0.05 / bytesOfGB},
	}
	// aws.amazon.com/cloudfront/pricing: out to North America and Europe, in bytes.
	edgeTiers = []tier{
		{10e12, 0.085 / bytesOfGB}, {50e12, 0.080 / bytesOfGB}, {150e12, 0.060 / bytesOfGB},
		{500e12, 0.040 / bytesOfGB}, {math.Inf(1), 0.030 / bytesOfGB},
	}
)

// cost is what so many units of a month cost.
func cost(units float64, tiers []tier) float64 {
	sum, from := 0.0, 0.0
	for _, t := range tiers {
		sum += max(0, min(units, t.upTo)-from) * t.price
		from = t.upTo
	}
	return sum
}

// What one order takes. The tests that hold a quantity are named.
const (
	writeUnits    = 12.0        // internal/dynamostore/capacity_test.go: an order of one line and its mail
	readUnits     = 3.0         // test/e2e/calls_test.go: the product, the order, and whether its address is suppressed
	sqsRequests   = 3.0         // test/e2e/calls_test.go: one event; Lambda receives and deletes it
	mails         = 1.0         // test/e2e/calls_test.go
	storedBytes   = 2300        // the order in its table and two indexes, and the mail
	countedReads  = 0.3         // read units: it is read from the feed, not consistent, to be counted on its day
	auditReads    = 1.2         // read units a night: the order and its mail, each scanned and asked for
	orderLogBytes = 2000        // test/e2e/log_bytes_test.go: of place-order and notify
	checkoutGBs   = 0.5 * 0.060 // memory of place-order, and an assumption of its time
	notifyGBs     = 0.5 * 0.150 // memory of notify, and an assumption of its time: SES's answer is most of it
	traced        = 0.05        // the share of requests that Lambda samples
)

// What a customer does besides for one order, an assumption: 20 product pages of which the distribution has half, 3
// other requests, a log-in for every second order and a refreshed session for each; and in the browser one visit.
const (
	browsed, others, logIns, refreshes = 10.0, 3.0, 0.5, 1.0
	besides                            = browsed + others + logIns + refreshes
	browseReads                        = 6.5 // read units: a page of the index, and 20 sale items, not consistent
	browseGBs, logInGBs, otherGBs      = 0.5 * 0.020, 1.0 * 0.150, 0.5 * 0.030
	logInWrites, refreshWrites         = 4.0, 1.0
	requestLogBytes                    = 308 // test/e2e/log_bytes_test.go: of a request for products
	accessLogBytes                     = 292 // cost_test.go: the line of API Gateway that each request has, too
	logMonths                          = 3.0 // that logs are kept
	edgeAnswers                        = 2*browsed + others + logIns + refreshes + 1
	answerBytes                        = 6000       // of a page of products; the others are small
	pageFiles, pageBytes               = 10.0, 60e3 // web/scripts/budget.mjs bounds the first load
	pictures, pictureBytes             = 20.0, 15e3
)

// line is one line of the bill: dollars for one order in a month of so many.
type line struct {
	name  string
	order func(orders float64) float64
}

func each(dollars float64) func(float64) float64 { return func(float64) float64 { return dollars } }

// inTiers is what perOrder units cost, of a price with tiers, where other lines take the first units of the month.
func inTiers(before, perOrder float64, tiers []tier) func(float64) float64 {
	return func(orders float64) float64 {
		return (cost((before+perOrder)*orders, tiers) - cost(before*orders, tiers)) / orders
	}
}

// logs is what functions' lines cost, taken in and kept.
func logs(before, bytes float64) func(float64) float64 {
	takenIn := inTiers(before, bytes, logTiers)
	return func(orders float64) float64 { return takenIn(orders) + bytes/bytesOfGB*logMonths*logGBMonth }
}

var ofOrder = []line{
	{"SES: its mail", each(mails * mail)},
	{"DynamoDB: 12 write units", each(writeUnits * writeUnit)},
	{"Lambda: place-order and notify", each(2*lambdaRequest + (checkoutGBs+notifyGBs)*lambdaGBSecond)},
	{"CloudWatch Logs: 2.0 KB", logs(0, orderLogBytes)},
	{"SQS: 3 requests", each(sqsRequests * sqsRequest)},
	{"DynamoDB: 2.3 KB kept for a month", each(storedBytes / bytesOfGB * storedGB)},
	{"DynamoDB: read by a month's audits", each(nightsOfMonth * auditReads * readUnit)},
	{"X-Ray: 5 % of two functions' runs", each(2 * traced * trace)},
	{"DynamoDB: 3 read units, and what counting it reads", each((readUnits + countedReads) * readUnit)},
}

var ofCustomer = []line{
	{"API Gateway: all 15.5 requests, the checkout included", inTiers(0, 1+besides, apiTiers)},
	{"DynamoDB",
		each((browsed*browseReads+2*others)*readUnit + (logIns*logInWrites+refreshes*refreshWrites)*writeUnit)},
	{"CloudWatch Logs: what functions log", logs(orderLogBytes, besides*requestLogBytes)},
	{"CloudWatch Logs: the access log of all requests",
		each((1 + besides) * accessLogBytes / bytesOfGB * (accessLogGB + logMonths*logGBMonth))},
	{"Lambda", each(besides*lambdaRequest +
		(browsed*browseGBs+others*otherGBs+logIns*logInGBs+refreshes*otherGBs)*lambdaGBSecond)},
	{"KMS: signatures", each((logIns + refreshes) * rsaSignature)},
}

const (
	edgeRequests = edgeAnswers + pageFiles + pictures
	edgeBytes    = 2*browsed*answerBytes + pageBytes + pictures*pictureBytes
)

var ofEdge = []line{
	{"CloudFront: 55.5 requests", each(edgeRequests * edgeRequest)},
	{"CloudFront: 0.48 MB sent", inTiers(0, edgeBytes, edgeTiers)},
	{"CloudFront: runs of the edge functions", each(edgeRequests * edgeRun)},
}

// ofMonth are what costs the same however much is sold.
var ofMonth = []struct {
	name    string
	dollars float64
}{
	{"60 custom metrics", publishedSeries * customMetric},
	{"25 alarms on 45 metrics", alarmMetrics * alarmMetric},
	{"A dashboard", dashboard},
	{"Two signing keys", 2 * signingKey},
	{"audit every night, in 15 minutes at most", nightsOfMonth * (lambdaRequest + auditSeconds*lambdaGBSecond)},
	{"SQS: looking for messages in two queues", emptyReceives * sqsRequest},
	{"count-sales every minute",
		relayRuns*(lambdaRequest+1.0*0.1*lambdaGBSecond) + nightsOfMonth*salesWrites*writeUnit},
	{"relay-mail every minute, erase-deleted-accounts every five",
		(relayRuns+erasureRuns)*(lambdaRequest+0.5*0.1*lambdaGBSecond) + relayRuns*relayReadUnits*readUnit},
	{"watch-stock every minute, 100 products low",
		relayRuns * (lambdaRequest + 0.5*0.1*lambdaGBSecond + watchReadUnits*readUnit)},
}

// rates are orders a second.
var rates = []float64{1, 100, 1000}

func main() {
	write(os.Stdout)
	fmt.Println()
	writeBrowsing(os.Stdout)
}

func write(w io.Writer) {
	fmt.Fprintln(w, "| line | per 1,000 orders | a month at 1 a second | at 100 | at 1,000 |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: |")
	all := make([]float64, len(rates))
	section(w, "An order and its mail", ofOrder, all)
	section(w, "What its customer does besides", ofCustomer, all)
	section(w, "The distribution in front", ofEdge, all)
	fixed := 0.0
	for _, f := range ofMonth {
		fixed += f.dollars
		fmt.Fprintf(w, "| %s | – | %s | %[2]s | %[2]s |\n", f.name, dollars(f.dollars))
	}
	fmt.Fprintf(w, "| **All** | |%s\n", months(all, fixed))
	wall := make([]float64, len(rates))
	for i, rate := range rates {
		wall[i] = rate * secondsOfMonth * edgeRequests * firewallRequest
	}
	fmt.Fprintf(w, "| With a firewall of three rules (WebAclArn), besides | %s |%s\n",
		fmt.Sprintf("$%.5f", edgeRequests*firewallRequest*1000), months(wall, firewall))
}

// section writes lines and their sum, and adds them to all.
func section(w io.Writer, name string, lines []line, all []float64) {
	sum, first := make([]float64, len(rates)), 0.0
	for _, l := range lines {
		month := make([]float64, len(rates))
		for i, rate := range rates {
			orders := rate * secondsOfMonth
			month[i] = l.order(orders) * orders
			sum[i] += month[i]
			all[i] += month[i]
		}
		perThousand := l.order(secondsOfMonth) * 1000
		first += perThousand
		fmt.Fprintf(w, "| %s | %s |%s\n", l.name, fmt.Sprintf("$%.5f", perThousand), months(month, 0))
	}
	fmt.Fprintf(w, "| **%s** | **$%.5f** |%s\n", name, first, months(sum, 0))
}

func months(month []float64, fixed float64) string {
	var cells strings.Builder
	for _, d := range month {
		cells.WriteString(" " + dollars(d+fixed) + " |")
	}
	return cells.String()
}

// dollars rounds to what matters, with commas.
func dollars(d float64) string {
	if d < 100 {
		return fmt.Sprintf("$%.2f", d)
	}
	digits := fmt.Sprintf("%.0f", d)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return "$" + digits
}
