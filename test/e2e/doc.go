// Package e2e holds the black-box tests of the deployed store: they speak HTTP to it, as a shop's pages would, and use
// packages of internal/ only to bring about in its tables what would take a client minutes or days. The client
// (client_test.go) checks every answer against the HTTP contract; the tests of each flow are in that flow's file.
//
// `make test ONLY=./test/e2e RUN=TestName` starts all that they need, and `make test-up` leaves it running for go test
// and editors. Tests find it by these variables:
//
//	SHOP_URL          the base of the store's API; make url prints that of a running store
//	SHOP_PAGES_URL    the base of the pages, with the API below /api; make pages-url
//	SHOP_ISSUER_URL   the base of the token issuer; make issuer-url
//	SHOP_MAIL_URL     lists the mails that were sent; make mail-url
//	SHOP_AWS_URL      the AWS endpoint of the emulator, for tests that look into tables and queues
//	SHOP_PROXY_URL    the control address of test/awsproxy, which counts the functions' calls to AWS and can fail
//	                  them; only a test run has one
//	SHOP_DATA         the store's data folder, which holds the root keys and the log
//	SHOP_CREDENTIALS  the demo customer and admin, as make demo-credentials prints them
//
// A test is skipped if something that it needs is missing, and then the package fails. SHOP_ALLOW_SKIPS=true accepts
// skipped tests; with CI=true each such test fails. Every test makes its own customers and products, so the suite can
// run again and again on the same store.
package e2e
