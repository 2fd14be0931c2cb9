// Package money has amounts of money, in whole minor units and never as floating-point numbers.
package money

import "fmt"

// MaxAmount is the largest amount the store handles, in minor units: a price, a line and a total alike.
const MaxAmount = 1_000_000_000_000

// Money is an amount in the minor units of a currency (pence, cents).
type Money struct {
	Amount   int64  // minor units, 0 to MaxAmount
	Currency string // ISO 4217 code, upper case
}

// Times returns m taken n times. It does not overflow for an m of at most MaxAmount and an n of at most a million.
func (m Money) Times(n int64) Money {
	return Money{Amount: m.Amount * n, Currency: m.Currency}
}

// Plus returns the sum of m and other, which must be of the same currency: the store has only one.
func (m Money) Plus(other Money) Money {
	return Money{Amount: m.Amount + other.Amount, Currency: m.Currency}
}

// Check says what is wrong with m in a store whose currency is currency, or returns nil.
func (m Money) Check(currency string) error {
	if m.Currency != currency {
		return fmt.Errorf("the currency must be %s", currency)
	}
	if m.Amount < 0 || m.Amount > MaxAmount {
		return fmt.Errorf("the amount must be from 0 to %d minor units", int64(MaxAmount))
	}
	return nil
}
