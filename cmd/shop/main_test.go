package main

import (
	"os"
	"testing"
)

// asTool is set where the test binary runs as the tool itself: so a test can kill it.
const asTool = "SHOP_TEST_AS_TOOL"

// folder is the package's, in which the test binary must begin.
var folder string

func TestMain(m *testing.M) {
	if os.Getenv(asTool) != "" {
		main()
	}
	folder, _ = os.Getwd()
	os.Exit(m.Run())
}
