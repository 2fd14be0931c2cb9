package dynamostore

import (
	"os"
	"testing"

	"shop/test/testenv"
)

func TestMain(m *testing.M) { os.Exit(testenv.Main(m.Run)) }
