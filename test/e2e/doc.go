// Package e2e holds the black-box tests of the deployed store: they speak HTTP
// to it, as a shop's pages would, and import nothing from internal/. What the
// HTTP contract promises is checked on every single answer by the client
// itself (client_test.go); what one flow promises is in the file of that flow.
//
// They read SHOP_URL, SHOP_ISSUER_URL, SHOP_MAIL_URL, SHOP_AWS_URL,
// SHOP_PROXY_URL, SHOP_DATA and SHOP_CREDENTIALS. Without what it needs a test
// skips, and in CI that skip is a failure. Every test makes customers and goods
// of its own, so the suite may run again and again on the same store.
package e2e
