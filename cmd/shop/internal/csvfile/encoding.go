package csvfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// The encodings of files.
const (
	UTF8        = "utf-8"
	UTF16LE     = "utf-16le"
	UTF16BE     = "utf-16be"
	Windows1252 = "windows-1252"
)

// Encodings are the names that [Options] may give.
var Encodings = []string{UTF8, UTF16LE, UTF16BE, Windows1252}

// Errors of a file as a whole.
var (
	// ErrNotCSV is returned by [NewReader] for a file of another kind.
	ErrNotCSV = errors.New("not a CSV file")
	// ErrEncoding is returned by [NewReader] for an encoding that is not one of [Encodings], and for a file whose
	// encoding cannot be recognised.
	ErrEncoding = errors.New("unknown encoding")
)

// marks are the byte order marks of the encodings that have one.
var marks = []struct{ encoding, mark string }{{UTF8, "\xef\xbb\xbf"}, {UTF16LE, "\xff\xfe"}, {UTF16BE, "\xfe\xff"}}

// decode returns the content as UTF-8, without a byte order mark, and the name of its encoding.
func decode(content []byte, name string) (text, found string, err error) {
	if err := otherKind(content); err != nil {
		return "", "", err
	}
	if name == "" {
		name = recognise(content)
	}
	for _, m := range marks {
		if m.encoding == name {
			content = bytes.TrimPrefix(content, []byte(m.mark))
		}
	}
	decoder, err := decoderOf(name)
	if err != nil {
		return "", "", err
	}
	decoded, err := decoder.Bytes(content)
	if err != nil {
		return "", "", fmt.Errorf("decoding %s: %w", name, err)
	}
	if header, _, _ := bytes.Cut(decoded, []byte("\n")); bytes.IndexByte(header, 0) >= 0 {
		const hint = "%w: the header has zero bytes, so it is not %s; is it %s or %s?"
		return "", "", fmt.Errorf(hint, ErrEncoding, name, UTF16LE, UTF16BE)
	}
	return string(decoded), name, nil
}

func recognise(content []byte) string {
	for _, m := range marks {
		if bytes.HasPrefix(content, []byte(m.mark)) {
			return m.encoding
		}
	}
	if utf8.Valid(content) {
		return UTF8
	}
	return Windows1252
}

func decoderOf(name string) (*encoding.Decoder, error) {
	switch name {
	case UTF8:
		return encoding.Nop.NewDecoder(), nil // bad lines are refused one by one
	case UTF16LE:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder(), nil
	case UTF16BE:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder(), nil
	case Windows1252:
		return charmap.Windows1252.NewDecoder(), nil
	}
	return nil, fmt.Errorf("%w: %q; there are %s", ErrEncoding, name, strings.Join(Encodings, ", "))
}

// otherKind says what to do with a file that is known to be no CSV.
func otherKind(content []byte) error {
	start := string(bytes.TrimLeft(content[:min(len(content), 64)], " \t\r\n\xef\xbb\xbf"))
	switch {
	case strings.HasPrefix(start, "PK\x03\x04"), strings.HasPrefix(start, "\xd0\xcf\x11\xe0"):
		return fmt.Errorf("%w: it is a workbook (.xlsx, .xls, .ods) or an archive; open it and save the sheet as "+
			"\"CSV UTF-8 (comma delimited)\", then import that", ErrNotCSV)
	case strings.HasPrefix(start, "<"):
		return fmt.Errorf("%w: it is XML or HTML; export a CSV or tab-separated file instead", ErrNotCSV)
	case strings.HasPrefix(start, "%PDF"):
		return fmt.Errorf("%w: it is a PDF; export a CSV file instead", ErrNotCSV)
	}
	return nil
}
