package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"shop/cmd/shop/internal/csvfile"
)

// tableFlags say how a CSV file is written, for one whose delimiter or encoding is not recognised.
type tableFlags struct{ delimiter, encoding string }

func (t *tableFlags) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&t.delimiter, "delimiter", "",
		"what stands between fields: a character, or tab (default: recognised)")
	encodings := strings.Join(csvfile.Encodings, ", ")
	flags.StringVar(&t.encoding, "encoding", "", "encoding of the file: "+encodings+" (default: recognised)")
}

// options returns what the flags say, or what is wrong with them.
func (t *tableFlags) options() (o csvfile.Options, err error) {
	delimiter := t.delimiter
	if delimiter == "tab" {
		delimiter = "\t"
	}
	if len(delimiter) > 1 || strings.ContainsAny(delimiter, "\"\r\n") || delimiter > "~" {
		return o, fmt.Errorf("--delimiter %q: one ASCII character that is no quote, or tab", t.delimiter)
	}
	if t.encoding != "" && !slices.Contains(csvfile.Encodings, t.encoding) {
		return o, fmt.Errorf("--encoding %s: there are %s", t.encoding, strings.Join(csvfile.Encodings, ", "))
	}
	o.Encoding = t.encoding
	if delimiter != "" {
		o.Delimiter = rune(delimiter[0])
	}
	return o, nil
}
