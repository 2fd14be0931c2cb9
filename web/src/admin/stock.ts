/** Changes of a stock whose answer may be lost: nothing is shown before the store has said it. */
import { data, own } from '../api/client'
import { ApiError, isUnknown } from '../api/problem'

/** `conflict`: the stock was not what was seen. `unsure`: the answer was lost, and the stock is neither old nor new. */
export type Outcome =
  | { kind: 'done'; quantity: number }
  | { kind: 'conflict'; quantity: number }
  | { kind: 'unsure'; quantity: number }

/** Sets the stock that was seen as `seen`. A lost answer is looked for: is the stock the new one? Throws what a call throws. */
export async function setStock(id: string, quantity: number, seen: number, reason: string): Promise<Outcome> {
  const path = { product_id: id }
  try {
    const body = { quantity, compare_quantity: seen, reason }
    return { kind: 'done', quantity: (await data(own.PUT('/admin/products/{product_id}/stock', { params: { path }, body }))).quantity }
  } catch (error) {
    if (error instanceof ApiError && error.code === 'stock_changed') return { kind: 'conflict', quantity: error.body.quantity ?? 0 }
    if (!isUnknown(error)) throw error
    const stock = (await data(own.GET('/admin/products/{product_id}', { params: { path } }))).stock
    if (stock === quantity) return { kind: 'done', quantity: stock }
    if (stock === seen) throw error // it was not done, or has not been yet
    return { kind: 'unsure', quantity: stock }
  }
}

/** Changes the stock by a difference. The key makes a repeat of the same change the same change. */
export async function adjustStock(id: string, delta: number, reason: string, key: string): Promise<Outcome> {
  const params = { path: { product_id: id }, header: { 'Idempotency-Key': key } }
  const send = () => data(own.POST('/admin/products/{product_id}/stock/adjustments', { params, body: { delta, reason } }))
  try {
    return { kind: 'done', quantity: (await send()).quantity }
  } catch (error) {
    if (!isUnknown(error)) throw error
    return { kind: 'done', quantity: (await send()).quantity }
  }
}
