/**
 * The basket and its checkout, as pure functions. A basket is at most one order: its key is made when it is first
 * ordered and stays until an order is known, so that every attempt leads to the same order's id.
 */
import type { Checkout, Money, ProductInList } from '../../api/types'

export const MAX_LINES = 98
export const MAX_UNITS = 10_000

/** How long an unknown outcome is looked into by itself, in milliseconds. */
export const PATIENCE = 60_000

/** A price, and the time from which on what is loaded may say another one. */
export interface Said {
  price: Money
  at: number
}

/** What stands in the way of ordering a line as it is, and the time from which on what is loaded may say otherwise. */
export type Mark = { at: number } & (
  | { kind: 'stock'; available: number }
  | { kind: 'limit'; allowed: number }
  | { kind: 'price'; price: Money }
  | { kind: 'gone' }
)

/** What a line is compared with. */
export type Loaded = Pick<ProductInList, 'price' | 'stock_status' | 'max_per_order'>

export interface Line {
  product_id: string
  quantity: number
  mark?: Mark
  /** The price that the customer was shown first, or has accepted since. Another one is asked about. */
  agreed?: Said
}

export interface Attempt {
  /** The Idempotency-Key of every attempt to order this basket. */
  key: string
  /** Who orders. Another user's attempt is another order, so the key is of no use to them. */
  user: string
  /** `pending`: a request was sent whose outcome is not known; nothing may change until it is. */
  phase: 'open' | 'pending'
  body: Checkout
  /** The prices that the total was made of, by product: the API knows the total alone, and names every line. */
  prices: Record<string, number>
  /** When the outcome began to be looked into. */
  since: number
  /** How many requests were sent. */
  sends: number
}

export interface Refusal {
  code: string
  detail: string
  request_id: string
}

export interface Placed {
  /** The basket that was ordered. */
  basket: string
  /** Who ordered it. */
  user: string
  /** Empty where the API does not say which order it was. */
  order_id: string
  /** An earlier attempt went through, maybe with other lines. */
  isEarlier: boolean
}

export interface Basket {
  id: string
  lines: Line[]
  attempt?: Attempt
  /** Why the last attempt was refused, where that is about no line. */
  refusal?: Refusal
  placed?: Placed
}

/** What came of one request. */
export type Answer =
  | { kind: 'placed'; order_id: string }
  | { kind: 'earlier'; order_id: string }
  | { kind: 'refused'; marks: Record<string, Mark>; refusal?: Refusal }
  | { kind: 'logged-out' }
  | { kind: 'unknown'; retryAfter?: number }

export function emptyBasket(id: string): Basket {
  return { id, lines: [] }
}

export function isPending(basket: Basket): boolean {
  return basket.attempt?.phase === 'pending'
}

/** Reports whether the outcome was looked into for long enough, so that a person is asked whether to go on. */
export function isStalled(basket: Basket, now: number): boolean {
  return basket.attempt?.phase === 'pending' && (now - basket.attempt.since >= PATIENCE || now < basket.attempt.since)
}

export function countOf(basket: Basket): number {
  return basket.lines.reduce((sum, line) => sum + line.quantity, 0)
}

export function marked(basket: Basket): Line[] {
  return basket.lines.filter((line) => line.mark)
}

/** Adds units of a product, at most `limit` in all. A pending basket stays as it is, and so does a full one. */
export function add(basket: Basket, product_id: string, quantity: number, limit = MAX_UNITS, agreed?: Said): Basket {
  if (isPending(basket)) return basket
  const line = basket.lines.find((each) => each.product_id === product_id)
  if (line) return setQuantity(basket, product_id, Math.min(line.quantity + quantity, limit))
  if (basket.lines.length >= MAX_LINES) return basket
  const added = { product_id, quantity: Math.min(quantity, limit), ...(agreed && { agreed }) }
  return { ...basket, lines: [...basket.lines, added] }
}

export function setQuantity(basket: Basket, product_id: string, quantity: number): Basket {
  if (isPending(basket) || !isQuantity(quantity)) return basket
  return change(basket, product_id, (line) => withQuantity(line, quantity))
}

export function isQuantity(quantity: number): boolean {
  return Number.isInteger(quantity) && quantity >= 1 && quantity <= MAX_UNITS
}

function withQuantity({ mark, ...line }: Line, quantity: number): Line {
  const changed: Line = { ...line, quantity }
  const isSettled = !mark || (mark.kind === 'stock' && quantity <= mark.available) || (mark.kind === 'limit' && quantity <= mark.allowed)
  return isSettled ? changed : { ...changed, mark }
}

export function remove(basket: Basket, product_id: string): Basket {
  if (isPending(basket)) return basket
  return { ...basket, lines: basket.lines.filter((line) => line.product_id !== product_id) }
}

/** Agrees to the price that the line's mark says. */
export function acceptPrice(basket: Basket, product_id: string): Basket {
  if (isPending(basket)) return basket
  return change(basket, product_id, ({ mark, ...line }) =>
    mark?.kind === 'price' ? { ...line, agreed: { price: mark.price, at: mark.at } } : { ...line, ...(mark && { mark }) },
  )
}

/**
 * Takes in the products that were loaded at this time: the first price of a line is agreed to, another one is asked
 * about, and a mark is dropped that is true no longer.
 */
export function review(basket: Basket, products: Map<string, Loaded>, at: number): Basket {
  if (isPending(basket)) return basket
  const lines = basket.lines.map((line) => {
    const product = products.get(line.product_id)
    return product ? repriced(remarked(line, product, at), product.price, at) : line
  })
  return lines.some((line, i) => line !== basket.lines[i]) ? { ...basket, lines } : basket
}

/** How many units are left is not loaded: where there are some, the next attempt finds out. */
function remarked(line: Line, product: Loaded, at: number): Line {
  const { mark, ...rest } = line
  if (!mark || mark.kind === 'price' || at <= mark.at) return line
  if (mark.kind === 'stock' && product.stock_status === 'out_of_stock') return line
  const allowed = product.max_per_order ?? MAX_UNITS
  if (mark.kind !== 'limit' || line.quantity <= allowed) return rest
  return allowed === mark.allowed ? line : { ...rest, mark: { kind: 'limit', allowed, at } }
}

function repriced(line: Line, price: Money, at: number): Line {
  const { mark, ...rest } = line
  if (mark && mark.kind !== 'price') return line
  if (!line.agreed) return { ...line, agreed: { price, at } }
  const known = mark ?? line.agreed
  if (at <= known.at || isSame(price, known.price)) return line
  return isSame(price, line.agreed.price) ? { ...rest, agreed: { price, at } } : { ...rest, mark: { kind: 'price', price, at } }
}

function isSame(a: Money, b: Money): boolean {
  return a.amount === b.amount && a.currency === b.currency
}

function change(basket: Basket, product_id: string, to: (line: Line) => Line): Basket {
  return { ...basket, lines: basket.lines.map((line) => (line.product_id === product_id ? to(line) : line)) }
}

/** Reports whether the body orders what is in the basket now, and not what another tab has changed since. */
export function isOf(basket: Basket, body: Checkout): boolean {
  return (
    body.items.length === basket.lines.length &&
    body.items.every((item, i) => item.product_id === basket.lines[i]?.product_id && item.quantity === basket.lines[i].quantity)
  )
}

/** Orders the basket: from here on it is pending. `key` is used only if the basket has none of this user's yet. */
export function press(basket: Basket, by: { user: string; key: string; body: Checkout; prices: Record<string, number>; now: number }): Basket {
  if (isPending(basket) || basket.lines.length === 0 || marked(basket).length > 0 || !isOf(basket, by.body)) return basket
  const { refusal: _, ...rest } = basket
  const earlier = basket.attempt?.user === by.user ? basket.attempt : undefined
  return {
    ...rest,
    attempt: {
      key: earlier?.key ?? by.key,
      user: by.user,
      phase: 'pending',
      body: by.body,
      prices: by.prices,
      since: by.now,
      sends: earlier?.sends ?? 0,
    },
  }
}

/** Looks into an unknown outcome for another while. */
export function goOn(basket: Basket, now: number): Basket {
  return basket.attempt && isPending(basket) ? { ...basket, attempt: { ...basket.attempt, since: now } } : basket
}

/** Notes, before it happens, that a request is sent. */
export function sending(basket: Basket): Basket {
  return basket.attempt ? { ...basket, attempt: { ...basket.attempt, sends: basket.attempt.sends + 1 } } : basket
}

/** Takes in what came of a request with this key. An answer that comes late, or to another basket, changes nothing. */
export function answered(basket: Basket, key: string, answer: Answer, nextId: string): Basket {
  const attempt = basket.attempt
  if (!attempt || attempt.key !== key) return basket
  if (answer.kind === 'placed' || answer.kind === 'earlier') {
    const placed = { basket: basket.id, user: attempt.user, order_id: answer.order_id, isEarlier: answer.kind === 'earlier' }
    return { ...emptyBasket(nextId), placed }
  }
  if (attempt.phase !== 'pending' || answer.kind === 'unknown') return basket
  const open: Attempt = { ...attempt, phase: 'open' }
  if (answer.kind === 'logged-out') return attempt.sends > 1 ? basket : { ...basket, attempt: open }
  const lines = basket.lines.map(({ mark: _, ...line }) => {
    const mark = answer.marks[line.product_id]
    const isAsShown = mark?.kind === 'price' && mark.price.amount === attempt.prices[line.product_id]
    return mark && !isAsShown ? { ...line, mark } : line
  })
  return { ...basket, lines, attempt: open, ...(answer.refusal && { refusal: answer.refusal }) }
}

/** The basket as `user` finds it, who may be another one than who began to order it. */
export function seenBy(basket: Basket, user: string, nextId: string): Basket {
  const mine = !basket.placed || basket.placed.user === user ? basket : withoutPlaced(basket)
  return !mine.attempt || mine.attempt.user === user ? mine : withoutAttempt(mine, nextId)
}

/** The basket after a log-out. What may have been ordered goes with who ordered it. */
export function leftBehind(basket: Basket, nextId: string): Basket {
  return withoutPlaced(withoutAttempt(basket, nextId))
}

function withoutPlaced({ placed: _, ...rest }: Basket): Basket {
  return rest
}

function withoutAttempt(basket: Basket, nextId: string): Basket {
  if (isPending(basket)) return emptyBasket(nextId)
  const { attempt, refusal: _, ...rest } = basket
  return attempt ? { ...rest, id: nextId } : rest
}
