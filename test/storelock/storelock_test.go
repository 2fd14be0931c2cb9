package storelock

import (
	"sync/atomic"
	"testing"
	"time"
)

func TestTurns(t *testing.T) {
	t.Setenv("SHOP_DATA", t.TempDir())
	Shared(t)
	t.Run("beside", func(t *testing.T) {
		Shared(t) // does not wait for the other
	})
	var ended atomic.Bool
	begun := make(chan bool)
	t.Run("alone", func(t *testing.T) {
		t.Setenv("SHOP_DATA", t.TempDir())
		end := Exclusive(t)
		go func() {
			Shared(t)
			begun <- ended.Load()
		}()
		time.Sleep(50 * time.Millisecond)
		ended.Store(true)
		end()
		if !<-begun {
			t.Error("another began before the end of who was alone")
		}
	})
}

// TestAloneWaits: who is to be alone waits for who is there.
func TestAloneWaits(t *testing.T) {
	t.Setenv("SHOP_DATA", t.TempDir())
	var left atomic.Bool
	begun := make(chan bool)
	t.Run("there", func(there *testing.T) {
		Shared(there)
		go func() {
			Exclusive(t)
			begun <- left.Load()
		}()
		time.Sleep(50 * time.Millisecond)
		left.Store(true)
	})
	if !<-begun {
		t.Error("was alone while another was there")
	}
}
