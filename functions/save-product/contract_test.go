package main

import (
	"testing"

	"shop/test/contract"
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
