import { useQuery, useQueryClient } from '@tanstack/preact-query'
import { useLocation, useRoute } from 'preact-iso'
import { useEffect, useState } from 'preact/hooks'
import { data, own, userId } from '../../api/client'
import { isMissing, ownMeta } from '../../api/queries'
import type { Order } from '../../api/types'
import { Time } from '../../parts/amount'
import { announce } from '../../parts/live'
import { OrderLines } from '../../parts/order-lines'
import { Page } from '../../parts/page'
import { Failure, Loading, Waiting } from '../../parts/states'
import { common } from '../../words/en/common'
import { shop } from '../../words/en/shop'
import { placedHere } from '../checkout'
import { LoggedIn } from '../logged-in'

/** When the confirmation is asked for again, in milliseconds after the last time; two minutes in all. */
const STEPS = [1, 2, 4, 8, 15, 30, 30, 30].map((seconds) => seconds * 1000)

export function OrderPage() {
  const id = useRoute().params.id ?? ''
  return (
    <LoggedIn title={shop.order}>
      <OrderOf key={id} id={id} />
    </LoggedIn>
  )
}

function OrderOf({ id }: { id: string }) {
  const { query: search } = useLocation()
  const queries = useQueryClient()
  const key = ['order', userId(), id]
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => data(own.GET('/orders/{order_id}', { params: { path: { order_id: id } }, signal })),
    meta: ownMeta,
    ...(placedHere.get(id) && { placeholderData: placedHere.get(id) }),
  })
  const order = query.data
  const isWaiting = order?.email_status === 'pending' && query.isSuccess
  const step = useSteps(isWaiting, () => void queries.invalidateQueries({ queryKey: key }))
  useEffect(() => {
    if (order && order.email_status !== 'pending') announce(shop.mailState[order.email_status])
  }, [order?.email_status])
  if (query.isError && isMissing(query.error)) {
    return (
      <Page key="missing" title={shop.noOrder} lead={shop.noOrderLead} kind="narrow">
        <a class="button" href="/orders">
          {shop.orders}
        </a>
      </Page>
    )
  }
  const said = 'earlier' in search ? shop.earlier : 'placed' in search ? shop.thanks : undefined
  return (
    <Page key="order" title={shop.order} {...(said && { lead: said })} kind="narrow">
      {query.isError && <Failure error={query.error} again={() => void query.refetch()} />}
      {query.failureReason && !query.isError && order && <Waiting error={query.failureReason} />}
      {order ? <Details order={order} isSlow={isWaiting && step >= STEPS.length} /> : <Loading shape="row" count={4} waiting={query.failureReason} />}
    </Page>
  )
}

/** Calls `act` after each step's time while `isOn`; returns how many steps are over. */
function useSteps(isOn: boolean, act: () => void): number {
  const [step, setStep] = useState(0)
  useEffect(() => {
    const pause = STEPS[step]
    if (!isOn || pause === undefined) return
    const timer = setTimeout(() => {
      act()
      setStep(step + 1)
    }, pause)
    return () => clearTimeout(timer)
  }, [isOn, step])
  return step
}

function Details({ order, isSlow }: { order: Order; isSlow: boolean }) {
  return (
    <>
      <dl class="facts">
        <div>
          <dt>{shop.orderNumber}</dt>
          <dd>
            <code>{order.order_id}</code>
          </dd>
        </div>
        <div>
          <dt>{shop.placedAt}</dt>
          <dd>
            <Time at={order.placed_at} />
          </dd>
        </div>
        <div>
          <dt>{shop.status}</dt>
          <dd>{common.orderStatus[order.status]}</dd>
        </div>
        {order.tracking && (
          <div>
            <dt>{shop.tracking}</dt>
            <dd dir="auto">{order.tracking}</dd>
          </div>
        )}
        <div>
          <dt>{shop.mail}</dt>
          <dd class={order.email_status === 'failed' ? 'bad-text' : undefined}>
            {isSlow ? shop.mailSlow : shop.mailState[order.email_status]}
          </dd>
        </div>
      </dl>
      <OrderLines order={order} hrefOf={(id) => `/products/${id}`} />
      <p class="row">
        <a class="button" href="/orders">
          {shop.orders}
        </a>
        <a class="button" href="/">
          {shop.homeLink}
        </a>
      </p>
    </>
  )
}
