/** The checkout of this tab, in its browser. */
import { useEffect, useState } from 'preact/hooks'
import { data, open, own, userId } from '../../api/client'
import { ApiError, isPassing } from '../../api/problem'
import { onSession, sessionState } from '../../api/session'
import { sleep } from '../../api/sleep'
import type { Checkout, Order, ProductInList } from '../../api/types'
import { CACHED, readFailure } from './answer'
import { type Answer, type Basket, leftBehind, type Mark, seenBy } from './basket'
import { createCheckouts } from './runner'
import { createStore } from './storage'

const newId = () => crypto.randomUUID()

export const store = createStore(() => localStorage, newId)

/** The orders that this tab placed: a list may lag behind them. */
export const placedHere = new Map<string, Order>()

/** The order, if this tab placed it for who is logged in now. */
export function placedByMe(id: string): Order | undefined {
  const order = placedHere.get(id)
  return order?.user_id === userId() ? order : undefined
}

export const checkouts = createCheckouts({
  store,
  lock: async (work) => {
    await ('locks' in navigator ? navigator.locks.request('checkout', work) : work())
  },
  send,
  sleep,
  now: Date.now,
  newId,
  user: userId,
})

async function send(body: Checkout, key: string): Promise<Answer> {
  try {
    const order = await data(own.POST('/orders', { body, params: { header: { 'Idempotency-Key': key } } }))
    placedHere.set(order.order_id, order)
    return { kind: 'placed', order_id: order.order_id }
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return lookAtLines(body, error)
    return readFailure(error)
  }
}

/** Finds out which lines are gone: the refusal names none. */
async function lookAtLines(body: Checkout, refused: ApiError): Promise<Answer> {
  const answer = readFailure(refused)
  try {
    const there = new Set((await loadProducts(body.items.map((item) => item.product_id), 'reload')).map((product) => product.product_id))
    const gone = body.items.filter((item) => !there.has(item.product_id))
    if (gone.length === 0) return answer
    const mark: Mark = { kind: 'gone', at: Date.now() + CACHED }
    return { kind: 'refused', marks: Object.fromEntries(gone.map((item) => [item.product_id, mark])) }
  } catch (error) {
    if (isPassing(error)) return answer
    throw error
  }
}

/** The products with these ids that are for sale. */
export async function loadProducts(ids: string[], cache: RequestCache = 'default', signal?: AbortSignal): Promise<ProductInList[]> {
  const products: ProductInList[] = []
  for (let i = 0; i < ids.length; i += 98) {
    const query = { ids: ids.slice(i, i + 98).join(',') }
    const page = await data(open.GET('/products', { params: { query }, cache, ...(signal && { signal }) }))
    products.push(...page.items)
  }
  return products
}

/** Goes on with what was left, follows the other tabs, and gives nobody another one's checkout. */
export function startCheckout(): void {
  addEventListener('storage', (event) => {
    if (event.key !== 'shop.cart' && event.key !== null) return
    store.changed()
    void checkouts.resume(false)
  })
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return
    store.changed()
    void checkouts.resume(true)
  })
  addEventListener('online', () => void checkouts.resume(true))
  onSession(adopt)
  adopt()
}

function adopt(): void {
  const session = sessionState()
  if (session.status === 'unknown') return
  if (session.status === 'user') {
    replace(seenBy(store.read(), session.user.user_id, newId()))
    void checkouts.resume(true)
  } else if (!session.ended) {
    placedHere.clear()
  }
}

/** Forgets what the user who logs out was ordering. */
export function leaveCheckout(): void {
  placedHere.clear()
  replace(leftBehind(store.read(), newId()))
}

function replace(next: Basket): void {
  if (next !== store.read()) store.write(next)
}

export function useBasket(): Basket {
  const [basket, setBasket] = useState(store.read())
  useEffect(() => {
    const look = () => setBasket(store.read())
    look()
    return store.listen(look)
  }, [])
  return basket
}
