package export

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// appendRow writes a record of RFC 4180. Package encoding/csv would end it with LF alone, or change the line breaks of
// texts, too.
func appendRow(to []byte, cells []string) []byte {
	for i, cell := range cells {
		if i > 0 {
			to = append(to, ',')
		}
		to = appendCell(to, Harmless(cell))
	}
	return append(to, "\r\n"...)
}

func appendCell(to []byte, cell string) []byte {
	if !strings.ContainsAny(cell, "\",\r\n") {
		return append(to, cell...)
	}
	to = append(to, '"')
	to = append(to, strings.ReplaceAll(cell, `"`, `""`)...)
	return append(to, '"')
}

// dangerous are the characters with which a spreadsheet lets a formula begin, also the full-width ones, and those that
// it leaves out before one (OWASP, "CSV injection").
const dangerous = "=+-@\t\r\n\x00＝＋－＠"

// Harmless puts an apostrophe before a cell that a spreadsheet could take for a formula, and before one that begins
// with an apostrophe: so a reader takes one away wherever there is one, and has every cell as it was.
func Harmless(cell string) string {
	first, _ := utf8.DecodeRuneInString(cell)
	if cell != "" && (first == '\'' || strings.ContainsRune(dangerous, first)) {
		return "'" + cell
	}
	return cell
}

// plain is the inverse of Harmless.
func plain(cell string) string { return strings.TrimPrefix(cell, "'") }

func digits(n int64) string { return strconv.FormatInt(n, 10) }

func (o Order) rows() [][]string {
	rows := make([][]string, len(o.Lines))
	for i, l := range o.Lines {
		rows[i] = []string{
			o.ID, o.PlacedAt, o.Day, o.Status, o.UserID, o.Email, o.Total.Currency, digits(o.Total.Amount),
			strconv.Itoa(len(o.Lines)), strconv.Itoa(i + 1), l.ProductID, l.Name, digits(l.UnitPrice.Amount),
			digits(l.Quantity), digits(l.Total.Amount),
		}
	}
	return rows
}

func (m Movement) rows() [][]string {
	return [][]string{{
		m.ID, m.ProductID, m.MovedAt, m.Day, optional(m.Before), optional(m.After), digits(m.Added), digits(m.Removed),
		m.Reason, m.By, m.OrderID,
	}}
}

// between stands between categories. No category has it.
const between = "|"

func optional(n *int64) string {
	if n == nil {
		return ""
	}
	return digits(*n)
}
