package main

import (
	"testing"

	"shop/internal/storeapi"
	"shop/test/contract"
	"shop/test/unset"
)

// TestRequestIsTheContracts: the request has the members of the contract's SaveProduct.
func TestRequestIsTheContracts(t *testing.T) {
	c, err := contract.Load("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckShape("SaveProduct", request{}); err != nil {
		t.Error(err)
	}
}

// TestRequestBecomesAWholeDraft: the draft has what the request has.
func TestRequestBecomesAWholeDraft(t *testing.T) {
	text, yes, number := "a", true, int64(1)
	in := request{
		Name: &text, Description: &text, Price: &storeapi.RequiredMoney{Amount: &number, Currency: &text},
		ImageURL: &text, Active: &yes, MaxPerOrder: &number, Categories: []string{text}, Stock: &number,
		CompareVersion: &number, LowStockThreshold: &number,
	}
	if missing := unset.Members(in); len(missing) > 0 {
		t.Fatalf("give the request of this test %v", missing)
	}
	draft, err := in.toDraft("lamp")
	if missing := unset.Members(draft); err != nil || len(missing) > 0 {
		t.Errorf("toDraft does not set %v; error %v", missing, err)
	}
}
