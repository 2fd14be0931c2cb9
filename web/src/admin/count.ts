/** A stocktake: lines of product, counted units and the stock that was seen, looked at first and then set one by one. */
import { data, own } from '../api/client'
import { isMissing } from '../api/queries'
import { setStock } from './stock'

export interface Count {
  id: string
  quantity: number
  /** The stock that the store showed when it was counted. Without it, it is what the store shows when the lines are checked. */
  seen?: number
  /** It was to be set, and the answer was lost. */
  isTried?: true
}

/** What became of a line. `ready` is set next; `failed` may be tried again. */
export type Result =
  | { kind: 'bad' | 'twice' | 'missing' | 'waiting' }
  | { kind: 'ready' | 'same' | 'conflict' | 'done' | 'unsure'; stock: number }
  | { kind: 'failed'; error: unknown; count: Count }

export interface Row {
  line: number
  text: string
  count?: Count
  result: Result
}

export const MOST_LINES = 1000
const AT_ONCE = 4
const MOST_UNITS = 1_000_000_000
const ID = /^[A-Za-z0-9._-]{1,64}$/
const HEAD = /^"?product_id\b/i

/** The lines of a text, apart from empty ones and a header. Commas, semicolons or tabs part them. */
export function readCounts(text: string): Row[] {
  const seen = new Set<string>()
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  const first = lines.findIndex((line) => line.trim() !== '')
  return lines.flatMap((line, i): Row[] => {
    if (line.trim() === '' || (i === first && HEAD.test(line.trim()))) return []
    const count = readCount(line)
    if (!count) return [{ line: i + 1, text: line, result: { kind: 'bad' } }]
    const isAgain = seen.has(count.id)
    seen.add(count.id)
    return [{ line: i + 1, text: line, count, result: { kind: isAgain ? 'twice' : 'waiting' } }]
  })
}

function readCount(line: string): Count | undefined {
  const [id = '', quantity = '', seen = '', ...more] = line.split(/[,;\t]/).map((field) => field.trim().replace(/^"(.*)"$/, '$1'))
  if (!ID.test(id) || id === '.' || id === '..' || !isUnits(quantity) || more.some((field) => field !== '')) return undefined
  if (seen === '') return { id, quantity: Number(quantity) }
  return isUnits(seen) ? { id, quantity: Number(quantity), seen: Number(seen) } : undefined
}

function isUnits(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= MOST_UNITS
}

/** Compares a line with the store, and changes nothing. */
export async function check(count: Count): Promise<{ count: Count; result: Result }> {
  try {
    const { stock } = await data(own.GET('/admin/products/{product_id}', { params: { path: { product_id: count.id } } }))
    if (count.seen !== undefined && count.seen !== stock) {
      return { count, result: { kind: count.isTried && count.quantity === stock ? 'unsure' : 'conflict', stock } }
    }
    if (count.quantity === stock) return { count, result: { kind: 'same', stock } }
    return { count: { ...count, seen: stock }, result: { kind: 'ready', stock } }
  } catch (error) {
    return { count, result: isMissing(error) ? { kind: 'missing' } : { kind: 'failed', error, count } }
  }
}

/** Sets a stock that was checked, under the condition that it is still what was seen. */
export async function take(count: Count, reason: string): Promise<Result> {
  if (count.seen === undefined) throw new Error('the line was not checked')
  try {
    const outcome = await setStock(count.id, count.quantity, count.seen, reason)
    return { kind: outcome.kind, stock: outcome.quantity }
  } catch (error) {
    return isMissing(error) ? { kind: 'missing' } : { kind: 'failed', error, count: { ...count, isTried: true } }
  }
}

/** Does the work for all, a few at once, until it is aborted. */
export async function each<Item>(items: Item[], work: (item: Item) => Promise<void>, signal: AbortSignal): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined && !signal.aborted; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
