/** Keeps the basket in localStorage, so that it is there after a reload and the same in every tab. */
import type { Checkout, Money } from '../../api/types'
import { type Attempt, type Basket, emptyBasket, isQuantity, type Line, type Mark } from './basket'

const NAME = 'shop.cart'

/** As much of a Storage as a basket needs. Each call may throw where storage is blocked or full. */
export type Cupboard = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export interface BasketStore {
  read(): Basket
  write(basket: Basket): void
  /** Reports whether the basket outlives this page. */
  isKept(): boolean
  /** Calls the listener after every change, of this tab or another. Returns what ends that. */
  listen(listener: () => void): () => void
  /** Another tab may have changed the basket. */
  changed(): void
}

/**
 * Where the basket cannot be stored, nothing of it stays stored, and this page's memory has it: a reload finds an empty
 * basket then, and never one without the key that it was ordered with.
 */
export function createStore(cupboard: () => Cupboard, newId: () => string): BasketStore {
  const listeners = new Set<() => void>()
  let memory: Basket | undefined
  let seen: { text: string; basket: Basket } | undefined
  const empty = emptyBasket(newId())

  function read(): Basket {
    if (memory) return memory
    let text: string | null
    try {
      text = cupboard().getItem(NAME)
    } catch {
      return (memory = empty)
    }
    if (!text) return empty
    if (seen?.text !== text) seen = { text, basket: parse(text) ?? empty }
    return seen.basket
  }

  function write(basket: Basket): void {
    const text = JSON.stringify(basket)
    memory = store(text) ? undefined : basket
    for (const listener of listeners) listener()
  }

  function store(text: string): boolean {
    try {
      cupboard().setItem(NAME, text)
      return true
    } catch {
      return clear()
    }
  }

  function clear(): false {
    try {
      cupboard().removeItem(NAME)
    } catch {
      // blocked: nothing was stored
    }
    return false
  }

  return {
    read,
    write,
    isKept: () => memory === undefined,
    changed: () => {
      for (const listener of listeners) listener()
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

type Fields = Record<string, unknown>

/** Reads what was stored; undefined where it is no basket. A line that makes no sense is left out. */
export function parse(text: string): Basket | undefined {
  const stored = fieldsOf(tryJson(text))
  if (!stored || typeof stored.id !== 'string' || !Array.isArray(stored.lines)) return undefined
  const basket: Basket = { id: stored.id, lines: stored.lines.map(parseLine).filter((line) => line !== undefined) }
  const attempt = parseAttempt(stored.attempt)
  if (attempt) basket.attempt = attempt
  const refusal = fieldsOf(stored.refusal)
  if (refusal) basket.refusal = { code: textOf(refusal.code), detail: textOf(refusal.detail), request_id: textOf(refusal.request_id) }
  const placed = fieldsOf(stored.placed)
  if (placed) {
    const [of, user, order_id] = [textOf(placed.basket), textOf(placed.user), textOf(placed.order_id)]
    basket.placed = { basket: of, user, order_id, isEarlier: placed.isEarlier === true }
  }
  return basket
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function parseLine(value: unknown): Line | undefined {
  const line = fieldsOf(value)
  if (!line || typeof line.product_id !== 'string' || typeof line.quantity !== 'number' || !isQuantity(line.quantity)) return undefined
  const parsed: Line = { product_id: line.product_id, quantity: line.quantity }
  const mark = fieldsOf(line.mark)
  if (mark && ['stock', 'limit', 'price', 'gone'].includes(textOf(mark.kind))) {
    parsed.mark = { ...mark, at: Number(mark.at) || 0 } as Mark
  }
  const agreed = fieldsOf(line.agreed)
  const price = fieldsOf(agreed?.price)
  if (typeof price?.amount === 'number' && typeof price.currency === 'string') {
    parsed.agreed = { price: price as Money, at: Number(agreed?.at) || 0 }
  }
  return parsed
}

function parseAttempt(value: unknown): Attempt | undefined {
  const attempt = fieldsOf(value)
  if (!attempt || !textOf(attempt.key) || !textOf(attempt.user) || !fieldsOf(attempt.body)) return undefined
  return {
    key: textOf(attempt.key),
    user: textOf(attempt.user),
    phase: attempt.phase === 'pending' ? 'pending' : 'open',
    body: attempt.body as Checkout,
    prices: (fieldsOf(attempt.prices) ?? {}) as Record<string, number>,
    since: Number(attempt.since) || 0,
    sends: Number(attempt.sends) || 0,
  }
}
