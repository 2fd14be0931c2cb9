/** Comma-separated values (RFC 4180) that no spreadsheet takes for formulas. */

export type Cell = string | number

/** One record for each row, with CRLF after each. */
export function toCsv(rows: Cell[][]): string {
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('')
}

/** What a spreadsheet lets a formula begin with, full-width characters too, and what it leaves out before one. */
const DANGEROUS = /^[=+\-@\t\r\n\0＝＋－＠]/

function field(cell: Cell): string {
  if (typeof cell === 'number') return String(cell)
  const text = DANGEROUS.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
