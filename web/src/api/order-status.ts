/** How an order goes on: what may follow what, and changes of the status whose answers may be lost. */
import { data, own } from './client'
import { ApiError, isUnknown } from './problem'
import type { ChangedOrder, Order, OrderStatus } from './types'

export type NextStatus = 'packed' | 'shipped' | 'delivered' | 'cancelled'

/** What an admin may make of an order, by its status: the table of internal/order/status.go. */
export const NEXT: Record<OrderStatus, NextStatus[]> = {
  placed: ['packed', 'cancelled'],
  packed: ['shipped', 'cancelled'],
  shipped: ['delivered'],
  delivered: [],
  cancelling: [],
  cancelled: [],
}

/** `conflict`: the order is something else by now. `unknown`: no answer, and no change that can be seen yet. */
export type Outcome =
  | { kind: 'done'; order: ChangedOrder | Order }
  | { kind: 'conflict'; now: OrderStatus }
  | { kind: 'unknown' }

interface Change {
  from: OrderStatus
  to: NextStatus
  tracking?: string
}

/** Cancels one's own order, which may be repeated. Throws what a call throws. */
export function cancelOwn(id: string): Promise<Outcome> {
  const params = { path: { order_id: id } }
  const send = () => data(own.POST('/orders/{order_id}/cancellation', { params }))
  return follow(send, () => read(id), { from: 'placed', to: 'cancelled' })
}

/** Changes an order that was seen with the status `from`. Throws what a call throws. */
export function changeStatus(id: string, change: Change): Promise<Outcome> {
  const body = {
    status: change.to,
    compare_status: change.from,
    ...(change.tracking && { tracking: change.tracking }),
  }
  const params = { path: { order_id: id } }
  const send = () => data(own.PUT('/admin/orders/{order_id}/status', { params, body }))
  return follow(send, () => read(id), change)
}

function read(id: string): Promise<Order> {
  return data(own.GET('/orders/{order_id}', { params: { path: { order_id: id } } }))
}

/** Sends a change once. Where the answer is lost, the order itself tells what came of it. */
export async function follow(
  send: () => Promise<ChangedOrder>,
  look: () => Promise<Order>,
  change: Change,
): Promise<Outcome> {
  try {
    return { kind: 'done', order: await send() }
  } catch (error) {
    if (error instanceof ApiError && error.code === 'status_changed') {
      return { kind: 'conflict', now: error.body.order_status as OrderStatus }
    }
    if (!isUnknown(error)) throw error
    return lookAt(await look().catch(() => undefined), change)
  }
}

function lookAt(order: Order | undefined, { from, to, tracking = '' }: Change): Outcome {
  if (!order || order.status === from) return { kind: 'unknown' }
  const isSame = to !== 'shipped' || (order.tracking ?? '') === tracking
  if (isDone(order.status, to) && isSame) return { kind: 'done', order }
  return { kind: 'conflict', now: order.status }
}

/** The units of an order of many products come back in two steps, the second of which may take minutes. */
export function isBeingCancelled(status: OrderStatus | undefined): boolean {
  return status === 'cancelling'
}

/** An order that is being cancelled cannot but become cancelled. */
function isDone(status: OrderStatus, to: NextStatus): boolean {
  return status === to || (to === 'cancelled' && isBeingCancelled(status))
}
