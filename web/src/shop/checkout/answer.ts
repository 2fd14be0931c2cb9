/** Reads what POST /orders answered. */
import { ApiError, isPassing } from '../../api/problem'
import type { Money } from '../../api/types'
import type { Answer, Mark, Refusal } from './basket'

/** How long after a refusal caches may still say what was before it, in milliseconds. */
export const CACHED = 60_000

/** What came of a request that failed. */
export function readFailure(error: unknown): Answer {
  if (!(error instanceof ApiError) || isPassing(error)) {
    const seconds = error instanceof ApiError ? error.retryAfter : undefined
    return { kind: 'unknown', ...(seconds && { retryAfter: seconds }) }
  }
  if (error.status === 401) return { kind: 'logged-out' }
  if (error.status === 422) return { kind: 'earlier', order_id: error.body.order_id ?? '' }
  return { kind: 'refused', marks: marksOf(error), ...(error.status !== 409 && { refusal: refusalOf(error) }) }
}

function refusalOf(error: ApiError): Refusal {
  const detail = error.fields.map(({ field, message }) => `${field} ${message}`).join('; ') || error.message
  return { code: error.code, detail, request_id: error.requestId }
}

type Item = { product_id: string; available?: number; allowed?: number; price?: Money }

function marksOf(error: ApiError): Record<string, Mark> {
  const items = (error.body.items ?? []) as Item[]
  const entries = items.flatMap((item): [string, Mark][] => {
    const mark = markOf(error.code, item)
    return mark ? [[item.product_id, mark]] : []
  })
  return Object.fromEntries(entries)
}

function markOf(code: string, item: Item): Mark | undefined {
  const at = Date.now() + CACHED
  if (code === 'out_of_stock' && item.available !== undefined) return { kind: 'stock', available: item.available, at }
  if (code === 'max_per_order_exceeded' && item.allowed !== undefined) return { kind: 'limit', allowed: item.allowed, at }
  if (code === 'price_changed' && item.price) return { kind: 'price', price: item.price, at }
  return undefined
}
