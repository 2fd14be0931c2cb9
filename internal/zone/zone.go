// Package zone reads the time zone of the shop's days. It embeds the time zone database: Lambda's provided.al2023 had
// none at first (https://github.com/aws/aws-lambda-dotnet/issues/1620), and an image that has one may be older than the
// program.
package zone

import (
	"fmt"
	"time"
	_ "time/tzdata"
)

// Zone is a time zone by its IANA name.
type Zone struct{ *time.Location }

// UnmarshalText reads a name such as Europe/London. "Local", which is another zone on each machine, is none.
func (z *Zone) UnmarshalText(name []byte) error {
	at, err := time.LoadLocation(string(name))
	if err != nil || at == time.Local || len(name) == 0 {
		return fmt.Errorf("TimeZone: %q is no time zone of the IANA database, such as Europe/London or UTC", name)
	}
	z.Location = at
	return nil
}
