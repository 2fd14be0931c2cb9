package zone

import (
	"strings"
	"testing"
	"time"
)

func TestUnmarshalText(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/London", "America/Argentina/Buenos_Aires", "Etc/GMT+12"} {
		var z Zone
		if err := z.UnmarshalText([]byte(name)); err != nil || z.String() != name {
			t.Errorf("%s: got %v, %v", name, z.Location, err)
		}
	}
	for _, name := range []string{
		"", "Local", "Europe/Londn", "../etc/passwd", "/usr/share/zoneinfo/UTC", "CEST", "\x00",
	} {
		var z Zone
		err := z.UnmarshalText([]byte(name))
		if err == nil || !strings.Contains(err.Error(), "TimeZone") {
			t.Errorf("%q: got %v, %v", name, z.Location, err)
		}
	}
}

// TestZonesAreBroughtAlong: the database is in the program, wherever the machine has one.
func TestZonesAreBroughtAlong(t *testing.T) {
	t.Setenv("ZONEINFO", "/nowhere")
	if _, err := time.LoadLocation("Europe/London"); err != nil {
		t.Fatal(err)
	}
}
