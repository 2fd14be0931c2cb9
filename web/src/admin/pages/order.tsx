import { useQuery } from '@tanstack/preact-query'
import { useRoute } from 'preact-iso'
import { data, own, userId } from '../../api/client'
import { isMissing, ownMeta } from '../../api/queries'
import type { Order } from '../../api/types'
import { Time } from '../../parts/amount'
import { OrderLines } from '../../parts/order-lines'
import { Page } from '../../parts/page'
import { Failure, Loading, Waiting } from '../../parts/states'
import { common } from '../../words/en/common'
import { desk } from '../../words/en/desk'

export function OrderPage() {
  const id = useRoute().params.id ?? ''
  const query = useQuery({
    queryKey: ['admin-order', userId(), id],
    queryFn: ({ signal }) => data(own.GET('/orders/{order_id}', { params: { path: { order_id: id } }, signal })),
    meta: ownMeta,
    staleTime: 0,
  })
  const isGone = query.isError && isMissing(query.error)
  return (
    <Page key={id} title={isGone ? desk.noOrder : desk.order} kind="narrow">
      {query.isError && !isGone && <Failure error={query.error} again={() => void query.refetch()} />}
      {query.data && query.failureReason && !query.isError && <Waiting error={query.failureReason} />}
      {query.isPending && <Loading shape="row" count={4} waiting={query.failureReason} />}
      {query.data && <Details order={query.data} />}
      <p class="row">
        <a class="button" href="/admin/orders">
          {desk.orders}
        </a>
      </p>
    </Page>
  )
}

function Details({ order }: { order: Order }) {
  return (
    <>
      <dl class="facts">
        <div>
          <dt>{desk.orderId}</dt>
          <dd>
            <code>{order.order_id}</code>
          </dd>
        </div>
        <div>
          <dt>{desk.placedAt}</dt>
          <dd>
            <Time at={order.placed_at} />
          </dd>
        </div>
        <div>
          <dt>{desk.email}</dt>
          <dd>
            {order.email || desk.gone}
            <br />
            <a href={`/admin/orders?customer=${order.user_id}`}>{desk.customerOrders}</a>
          </dd>
        </div>
        <div>
          <dt>{desk.status}</dt>
          <dd>{common.orderStatus[order.status]}</dd>
        </div>
        {order.tracking && (
          <div>
            <dt>{desk.tracking}</dt>
            <dd dir="auto">{order.tracking}</dd>
          </div>
        )}
        <div>
          <dt>{desk.mail}</dt>
          <dd class={order.email_status === 'failed' ? 'bad-text' : undefined}>{desk.mailState[order.email_status]}</dd>
        </div>
      </dl>
      <OrderLines order={order} hrefOf={(id) => `/admin/products/${id}`} />
    </>
  )
}
