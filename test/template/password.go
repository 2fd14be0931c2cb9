package template

import (
	"fmt"
	"time"

	"shop/internal/password"
)

// MemoryOfOneProcessor is how many MB give a function one whole virtual processor; less memory gives that much less of
// one.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
const MemoryOfOneProcessor = 1769

// InFunction is how long what takes one whole processor so long takes a function of so many MB.
func InFunction(took time.Duration, memory int) time.Duration {
	return took * MemoryOfOneProcessor / time.Duration(min(memory, MemoryOfOneProcessor))
}

// Memory returns a function's memory in MB.
func (t *Template) Memory(function string) int {
	memory, _ := At(t.Resources[function], "Properties", "MemorySize").(float64)
	return int(memory)
}

// PasswordCost returns what a hash costs unless a deployment says otherwise.
func (t *Template) PasswordCost() (password.Params, error) {
	var cost password.Params
	return cost, cost.UnmarshalText(fmt.Append(nil, t.Parameters["PasswordCost"]["Default"]))
}
