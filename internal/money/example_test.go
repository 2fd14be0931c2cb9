package money_test

import (
	"fmt"

	"shop/internal/money"
)

// Amounts are whole minor units. Their currency says how many digits follow the point: two for GBP, none for JPY, three
// for KWD.
func ExampleMoney() {
	lamp := money.Money{Amount: 6400, Currency: "GBP"}
	towel := money.Money{Amount: 950, Currency: "GBP"}
	fmt.Println(lamp.Plus(towel))
	fmt.Println(money.Money{Amount: 1235, Currency: "JPY"})
	fmt.Println(money.Money{Amount: 1235, Currency: "KWD"})
	// Output:
	// £73.50
	// ¥1,235
	// KWD 1.235
}

// A store has one currency. Check says what is wrong with an amount in it.
func ExampleMoney_Check() {
	fmt.Println(money.Money{Amount: 6400, Currency: "GBP"}.Check("GBP"))
	fmt.Println(money.Money{Amount: -1, Currency: "GBP"}.Check("GBP") != nil)
	fmt.Println(money.Money{Amount: 6400, Currency: "EUR"}.Check("GBP") != nil)
	// Output:
	// <nil>
	// true
	// true
}
