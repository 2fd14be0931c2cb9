import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toCsv } from '../../src/admin/csv'
import { allDays } from '../../src/admin/days'
import { STEPS } from '../../src/admin/scale'
import { formatMoney, parseMoney, plainMoney, total } from '../../src/parts/money'
import { parse } from '../../src/shop/checkout/storage'
import { nextOf } from '../../src/shop/pages/log-in'

describe('money', () => {
  it('has the digits of ISO 4217, not those in use', () => {
    const written = (currency: string) => formatMoney({ amount: 123456, currency }).replaceAll('\u00a0', ' ')
    expect(written('GBP')).toBe('£1,234.56')
    expect(written('JPY')).toBe('JP¥123,456')
    expect(written('KWD')).toBe('KWD 123.456')
    expect(written('HUF')).toBe('HUF 1,234.56')
    expect(written('CLF')).toBe('CLF 12.3456')
  })

  it('is read back from what is written, in every currency', () => {
    const amounts = fc.record({ amount: fc.nat(1_000_000_000), currency: fc.constantFrom('GBP', 'JPY', 'KWD', 'CLF', 'HUF') })
    fc.assert(
      fc.property(amounts, (money) => {
        expect(parseMoney(plainMoney(money), money.currency)).toEqual(money)
      }),
    )
  })

  it.each(['', '-1', '1.234', '1,5', 'abc', '1e3', '99999999999999', ' '])('refuses %j', (text) => {
    expect(parseMoney(text, 'GBP')).toBeUndefined()
  })

  it('adds lines up', () => {
    const gbp = (amount: number) => ({ amount, currency: 'GBP' })
    expect(total([{ price: gbp(6400), quantity: 3 }, { price: gbp(950), quantity: 2 }])).toEqual(gbp(21100))
    expect(total([])).toBeUndefined()
  })
})

describe('CSV', () => {
  it('reads back as what was written', () => {
    const cells = fc.array(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(cells, (rows) => {
        expect(readCsv(toCsv(rows)).map((row) => row.map(bare))).toEqual(rows.map((row) => row.map(bare)))
      }),
    )
  })

  it('is no formula', () => {
    for (const start of ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠']) {
      const [[cell]] = readCsv(toCsv([[`${start}1+1`]])) as [[string]]
      expect(cell).toBe(`'${start}1+1`)
    }
    expect(toCsv([[-3, 4.5]])).toBe('-3,4.5\r\n')
  })
})

/** A cell without the apostrophe that keeps a spreadsheet from calculating. */
const bare = (cell: string) => cell.replace(/^'(?=[=+\-@\t\r\n\0＝＋－＠])/, '')

/** Reads RFC 4180. */
function readCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (let at = 0; at < text.length; ) {
    let cell = ''
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (text[at] === '"') at++
        cell += text[at]
      }
      at++
    } else while (at < text.length && text[at] !== ',' && !text.startsWith('\r\n', at)) cell += text[at++]
    row.push(cell)
    if (text[at] === ',') at++
    else {
      at += 2
      rows.push(row)
      row = []
    }
  }
  return rows
}

describe('the lines of a chart', () => {
  it('are there for every revenue, and not too many', () => {
    for (let most = 1; most <= 10 ** 10; most *= 3) {
      const lines = STEPS.map((step) => Math.floor(most / step))
      expect(lines.some((count) => count >= 1 && count <= 5), String(most)).toBe(true)
    }
  })
})

describe('the days of a summary', () => {
  it('include those without an order', () => {
    const zero = { amount: 0, currency: 'GBP' }
    const sold = { day: '2026-03-02', orders: 1, units: 2, revenue: { amount: 6400, currency: 'GBP' } }
    const days = allDays({ from: '2026-02-28', to: '2026-03-02', currency: 'GBP', days: [sold] })
    expect(days).toEqual([
      { day: '2026-02-28', orders: 0, units: 0, revenue: zero },
      { day: '2026-03-01', orders: 0, units: 0, revenue: zero },
      sold,
    ])
  })
})

describe('a stored basket', () => {
  it('is read tolerantly: what makes no sense is left out, and nothing throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        parse(text)
      }),
    )
    const lines = [
      { product_id: 'lamp', quantity: 2 },
      { product_id: 'hook', quantity: 0 },
      { product_id: 'hook', quantity: 1.5 },
      { product_id: 'hook', quantity: 1_000_000 },
      { product_id: 7, quantity: 1 },
      null,
    ]
    expect(parse(JSON.stringify({ id: 'b', lines }))?.lines).toEqual([{ product_id: 'lamp', quantity: 2 }])
  })
})

describe('where a log-in leads', () => {
  it.each(['/', '/cart', '/products/desk-lamp', '/orders/ord_1.2', '/admin/'])('is the path %j', (next) => {
    expect(nextOf({ next })).toBe(next)
  })

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/a?next=//evil.example', ''])(
    'is never %j',
    (next) => {
      expect(nextOf({ next })).toBe('/')
    },
  )
})
