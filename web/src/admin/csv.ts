/** Comma-separated values (RFC 4180) that no spreadsheet takes for formulas. */

export type Cell = string | number

/** One record for each row, with CRLF after each. */
export function toCsv(rows: Cell[][]): string {
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('')
}

function field(cell: Cell): string {
  if (typeof cell === 'number') return String(cell)
  const text = /^[=+\-@\t\r\0]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
