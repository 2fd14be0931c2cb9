package csvfile

import "strings"

// maxRecord bounds how far a quoted field is followed, in bytes, so that a file of stray quotes does not take forever.
const maxRecord = 1 << 20

// parse reads the record at the start of text and returns its fields, and how many bytes it has with the end of its
// line. Lines inside a quoted field end with "\n" whatever they end with in the text. The error is [ErrQuote].
func parse(text string, delimiter byte) (fields []string, length int, err error) {
	for {
		field, n, err := parseField(text[length:], delimiter)
		if err != nil || length+n > maxRecord {
			return nil, 0, ErrQuote
		}
		fields = append(fields, field)
		length += n
		switch {
		case length == len(text):
			return fields, length, nil
		case text[length] == delimiter:
			length++
		default:
			return fields, length + len(lineEnd(text[length:])), nil
		}
	}
}

// parseField reads the field at the start of text, up to a delimiter, an end of line or the end.
func parseField(text string, delimiter byte) (field string, length int, err error) {
	if strings.HasPrefix(text, `"`) {
		return parseQuoted(text, delimiter)
	}
	length = strings.IndexAny(text, "\"\n"+string(rune(delimiter)))
	switch {
	case length < 0:
		length = len(text)
	case text[length] == '"':
		return "", 0, ErrQuote
	case text[length] == '\n' && strings.HasSuffix(text[:length], "\r"):
		length--
	}
	return text[:length], length, nil
}

func parseQuoted(text string, delimiter byte) (field string, length int, err error) {
	var b strings.Builder
	for length = 1; ; length += 2 {
		part := strings.IndexByte(text[length:min(len(text), maxRecord)], '"')
		if part < 0 {
			return "", 0, ErrQuote
		}
		b.WriteString(text[length : length+part])
		length += part
		if !strings.HasPrefix(text[length:], `""`) {
			break
		}
		b.WriteByte('"')
	}
	length++
	if after := text[length:]; after != "" && after[0] != delimiter && lineEnd(after) == "" {
		return "", 0, ErrQuote
	}
	return strings.ReplaceAll(b.String(), "\r\n", "\n"), length, nil
}

// lineEnd returns the end of a line that text starts with, or nothing.
func lineEnd(text string) string {
	for _, end := range []string{"\r\n", "\n"} {
		if strings.HasPrefix(text, end) {
			return end
		}
	}
	return ""
}

// firstLine returns the first line of text with its end.
func firstLine(text string) string {
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		return text[:i+1]
	}
	return text
}

// countLines counts the lines of a text that is not empty, also one at its end that no line break ends.
func countLines(text string) int {
	return strings.Count(strings.TrimSuffix(text, "\n"), "\n") + 1
}

func withoutEnd(line string) string {
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
}
