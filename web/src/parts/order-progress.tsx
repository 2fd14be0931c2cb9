import type { Order } from '../api/types'
import { common } from '../words/en/common'
import { Time } from './amount'

/** What has become of an order so far, oldest first. `by` says who made a change. */
export function OrderProgress({ order, by }: { order: Order; by: Record<'customer' | 'shop', string> }) {
  if (!order.changes) return null
  return (
    <section class="part">
      <h2>{common.progress}</h2>
      <ol class="timeline">
        <li>
          <p>{common.orderStatus.placed}</p>
          <p class="fine">
            <Time at={order.placed_at} />
          </p>
        </li>
        {order.changes.map((change) => (
          <li key={change.at}>
            <p>{common.orderStatus[change.status]}</p>
            <p class="fine">
              <Time at={change.at} /> {by[change.by]}
            </p>
          </li>
        ))}
      </ol>
    </section>
  )
}
