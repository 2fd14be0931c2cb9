import { useQuery, useQueryClient } from '@tanstack/preact-query'
import { useLocation, useRoute } from 'preact-iso'
import { useEffect, useState } from 'preact/hooks'
import { data, own, userId } from '../../api/client'
import { cancelOwn, isBeingCancelled } from '../../api/order-status'
import { isMissing, ownMeta } from '../../api/queries'
import type { Order } from '../../api/types'
import { Time } from '../../parts/amount'
import { Dialog } from '../../parts/dialog'
import { announce } from '../../parts/live'
import { OrderLines } from '../../parts/order-lines'
import { OrderProgress } from '../../parts/order-progress'
import { Page } from '../../parts/page'
import { ResultNotice } from '../../parts/result-notice'
import { Failure, Loading, Waiting } from '../../parts/states'
import { type Result, useStatusChange } from '../../parts/use-status-change'
import { useSteps } from '../../parts/use-steps'
import { common } from '../../words/en/common'
import { shop } from '../../words/en/shop'
import { placedByMe, placedHere } from '../checkout'
import { LoggedIn } from '../logged-in'

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
    placeholderData: placedByMe(id),
  })
  const order = query.data
  const isWaiting = order?.email_status === 'pending' && query.isSuccess
  const look = () => void queries.invalidateQueries({ queryKey: key })
  const isSlow = useSteps(isWaiting, look)
  useSteps(isBeingCancelled(order?.status), look)
  useEffect(() => {
    if (order && query.isSuccess && placedByMe(id)) placedHere.set(id, order) // the next look begins with it
  }, [order])
  useEffect(() => {
    if (order && order.email_status !== 'pending') announce(shop.mailState[order.email_status])
  }, [order?.email_status])
  if (query.isError && isMissing(query.error)) {
    return (
      <Page key="missing" title={common.noOrder} lead={shop.noOrderLead} kind="narrow">
        <a class="button" href="/orders">
          {shop.orders}
        </a>
      </Page>
    )
  }
  const isCancelled = order?.status === 'cancelled' || isBeingCancelled(order?.status)
  const lead = 'earlier' in search ? shop.earlier : 'placed' in search ? shop.thanks : undefined
  return (
    <Page key="order" title={shop.order} {...(order && lead && !isCancelled && { lead })} kind="narrow">
      {query.isError && <Failure error={query.error} again={() => void query.refetch()} />}
      {query.failureReason && !query.isError && order && <Waiting error={query.failureReason} />}
      {order ? (
        <>
          <Details order={order} isSlow={isWaiting && isSlow} />
          <Cancellation order={order} queryKey={key} />
          <Links />
        </>
      ) : (
        <Loading shape="row" count={4} waiting={query.failureReason} />
      )}
    </Page>
  )
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
          <dt>{common.status}</dt>
          <dd>{common.orderStatus[order.status]}</dd>
        </div>
        {order.tracking && (
          <div>
            <dt>{common.tracking}</dt>
            <dd dir="auto">{order.tracking}</dd>
          </div>
        )}
        <div>
          <dt>{common.mail}</dt>
          <dd class={order.email_status === 'failed' ? 'bad-text' : undefined}>
            {isSlow ? shop.mailSlow : shop.mailState[order.email_status]}
          </dd>
        </div>
      </dl>
      <OrderLines order={order} hrefOf={(id) => `/products/${id}`} />
      <OrderProgress order={order} by={shop.by} />
    </>
  )
}

function Links() {
  return (
    <p class="row">
      <a class="button" href="/orders">
        {shop.orders}
      </a>
      <a class="button" href="/">
        {shop.homeLink}
      </a>
    </p>
  )
}

/** Cancels the order, which its customer may while it is placed. */
function Cancellation({ order, queryKey }: { order: Order; queryKey: unknown[] }) {
  const [isOpen, setOpen] = useState(false)
  const { isBusy, result, run } = useStatusChange(queryKey)
  const isUnknown = result?.kind === 'unknown'
  const isAnswered = isUnknown && order.status !== 'placed'
  return (
    <>
      {order.status === 'placed' && !isUnknown && (
        <p class="row">
          <button
            type="button"
            class="button danger"
            aria-disabled={isBusy}
            aria-busy={isBusy}
            onClick={() => setOpen(!isBusy)}
          >
            {isBusy ? shop.cancelling : shop.cancelOrder}
          </button>
        </p>
      )}
      <Dialog title={shop.cancelTitle} isOpen={isOpen} close={() => setOpen(false)}>
        <p>{shop.cancelLead}</p>
        <p class="row">
          <button
            type="button"
            class="button danger"
            onClick={() => {
              setOpen(false)
              void run(() => cancelOwn(order.order_id))
            }}
          >
            {shop.cancelOrder}
          </button>
          <button type="button" class="button" onClick={() => setOpen(false)}>
            {common.keepOrder}
          </button>
        </p>
      </Dialog>
      {!isAnswered && <ResultNotice result={result}>{result && said(result)}</ResultNotice>}
    </>
  )
}

function said(result: Result): string {
  switch (result.kind) {
    case 'done':
      return isBeingCancelled(result.order.status) ? shop.beingCancelled : shop.cancelled
    case 'conflict':
      return shop.tooLate(common.orderStatus[result.now])
    default:
      return shop.cancelUnknown
  }
}
