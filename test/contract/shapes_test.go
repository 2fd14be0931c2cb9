package contract

import (
	"testing"

	"shop/internal/storeapi"
	"shop/test/storeclient"
)

// TestShapes: the shapes that handlers write, and those that tests of whole stores read strictly, have the members of
// the contract. A member that one of them lacks would go unnoticed where the contract does not require it.
func TestShapes(t *testing.T) {
	c, err := Load("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for schema, shapes := range map[string][]any{
		"ProductInList": {storeapi.ListedProduct{}, storeclient.ListedProduct{}},
		"Product":       {storeapi.Product{}, storeclient.Product{}},
		"AdminProduct":  {storeapi.AdminProduct{}, storeclient.AdminProduct{}},
		"SaveProduct":   {storeclient.SaveProduct{}},
		"Order":         {storeapi.Order{}, storeclient.Order{}},
		"Account":       {storeapi.Account{}},
		"Session":       {storeapi.Session{}, storeclient.Session{}},

		"PictureToUpload": {storeapi.Picture{}},

		"MachineSession": {storeapi.MachineSession{}},
		"BackInStock":    {storeapi.BackInStock{}},
		"AwaitedProduct": {storeapi.AwaitedProduct{}},
	} {
		for _, shape := range shapes {
			if err := c.CheckShape(schema, shape); err != nil {
				t.Error(err)
			}
		}
	}
	if err := c.CheckShape("ProductInList", storeclient.Product{}); err == nil {
		t.Error("a shape with a member more passes")
	}
}
