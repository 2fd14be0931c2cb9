// Command table prints the simulation's table. docs/benchmarks.md has it and says what it means.
//
//	go run ./test/bench/simulate/table
package main

import (
	"fmt"

	"shop/test/bench/simulate"
)

func main() { fmt.Print(simulate.Table()) }
