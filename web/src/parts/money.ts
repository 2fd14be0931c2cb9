import type { Money } from '../api/types'

/** Currencies whose minor unit is not a hundredth: ISO 4217, list one. The browser's own (CLDR) digits differ from it. */
const DIGITS: Record<string, number> = {}
const LISTS: [number, string][] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
]
for (const [digits, codes] of LISTS) for (const code of codes.split(' ')) DIGITS[code] = digits

/** How many digits follow the decimal point in amounts of the currency. */
export function digitsOf(currency: string): number {
  return DIGITS[currency] ?? 2
}

/** Formats by locale and currency: making one takes a hundred times as long as using it. */
const formats = new Map<string, Intl.NumberFormat>()

/** An amount for people: £1,234.50. */
export function formatMoney({ amount, currency }: Money, locale = 'en-GB'): string {
  return formatOf(currency, locale).format(amount / 10 ** digitsOf(currency))
}

function formatOf(currency: string, locale: string): Intl.NumberFormat {
  const key = `${locale} ${currency}`
  const kept = formats.get(key)
  if (kept) return kept
  const digits = digitsOf(currency)
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  formats.set(key, format)
  return format
}

/** A count for people: 12,345. */
export function formatNumber(count: number): string {
  return count.toLocaleString('en-GB')
}

/** An amount for a spreadsheet or an input: 1234.50, without a sign of the currency. */
export function plainMoney({ amount, currency }: Money): string {
  const digits = digitsOf(currency)
  const text = String(Math.abs(amount)).padStart(digits + 1, '0')
  const sign = amount < 0 ? '-' : ''
  if (digits === 0) return sign + text
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

/** Reads what a person typed, 12, 12.5 or 12.50, as minor units; undefined if it is no amount of the currency. */
export function parseMoney(text: string, currency: string): Money | undefined {
  const digits = digitsOf(currency)
  const match = /^(\d{1,13})(?:\.(\d+))?$/.exec(text.trim())
  if (!match) return undefined
  const fraction = match[2] ?? ''
  if (fraction.length > digits) return undefined
  const amount = Number(match[1] + fraction.padEnd(digits, '0'))
  return amount <= 1_000_000_000_000 ? { amount, currency } : undefined
}

/** The sum of prices times quantities, which are all in one currency. */
export function total(lines: { price: Money; quantity: number }[]): Money | undefined {
  const first = lines[0]
  if (!first) return undefined
  const amount = lines.reduce((sum, line) => sum + line.price.amount * line.quantity, 0)
  return { amount, currency: first.price.currency }
}
