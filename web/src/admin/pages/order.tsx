import { useQuery, useQueryClient } from '@tanstack/preact-query'
import { useRoute } from 'preact-iso'
import { useState } from 'preact/hooks'
import { data, own, userId } from '../../api/client'
import { changeStatus, isBeingCancelled, NEXT, type NextStatus } from '../../api/order-status'
import { isMissing, ownMeta } from '../../api/queries'
import type { Order, OrderStatus } from '../../api/types'
import { Time } from '../../parts/amount'
import { Dialog } from '../../parts/dialog'
import { ErrorSummary, Field, Submit, text, useForm } from '../../parts/form'
import { OrderLines } from '../../parts/order-lines'
import { OrderProgress } from '../../parts/order-progress'
import { Page } from '../../parts/page'
import { ResultNotice } from '../../parts/result-notice'
import { Failure, Loading, Waiting } from '../../parts/states'
import { type Result, useStatusChange } from '../../parts/use-status-change'
import { useSteps } from '../../parts/use-steps'
import { common } from '../../words/en/common'
import { desk } from '../../words/en/desk'
import { useRights } from '../rights'

export function OrderPage() {
  const id = useRoute().params.id ?? ''
  const queries = useQueryClient()
  const may = useRights()
  const key = ['admin-order', userId(), id]
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => data(own.GET('/orders/{order_id}', { params: { path: { order_id: id } }, signal })),
    meta: ownMeta,
    staleTime: 0,
  })
  useSteps(isBeingCancelled(query.data?.status), () => void queries.invalidateQueries({ queryKey: key }))
  const isGone = query.isError && isMissing(query.error)
  return (
    <Page key={id} title={isGone ? common.noOrder : desk.order} kind="narrow">
      {query.isError && !isGone && <Failure error={query.error} again={() => void query.refetch()} />}
      {query.data && query.failureReason && !query.isError && <Waiting error={query.failureReason} />}
      {query.isPending && <Loading shape="row" count={4} waiting={query.failureReason} />}
      {query.data && (
        <>
          <Details order={query.data} />
          {may('orders') && <NextStep order={query.data} queryKey={key} />}
          <OrderProgress order={query.data} by={desk.changedBy} />
        </>
      )}
      <p class="row">
        <a class="button" href="/admin/orders">
          {desk.orders}
        </a>
      </p>
    </Page>
  )
}

function Details({ order }: { order: Order }) {
  const may = useRights()
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
            {may('history') && (
              <>
                <br />
                <a href={`/admin/orders?customer=${order.user_id}`}>{desk.customerOrders}</a>
              </>
            )}
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
          <dd class={order.email_status === 'failed' ? 'bad-text' : undefined}>{desk.mailState[order.email_status]}</dd>
        </div>
      </dl>
      <OrderLines order={order} hrefOf={may('inventory') ? (id) => `/admin/products/${id}` : undefined} />
    </>
  )
}

/** What staff may make of the order; what came of it stays to be read. */
function NextStep({ order, queryKey }: { order: Order; queryKey: unknown[] }) {
  const [asked, setAsked] = useState<NextStatus>()
  const [seen, setSeen] = useState(order.status)
  const { isBusy, result, run } = useStatusChange(queryKey)
  const change = (to: NextStatus, tracking = '') => {
    setSeen(order.status)
    return run(() => changeStatus(order.order_id, { from: order.status, to, tracking }))
  }
  const isUnknown = result?.kind === 'unknown'
  const isStale = isUnknown && order.status !== seen
  const next = isUnknown && !isStale ? [] : NEXT[order.status]
  return (
    <section class="part">
      {next.length > 0 && (
        <>
          <h2>{desk.nextStep}</h2>
          <p class="row flush">
            {next.map((to) => (
              <Step key={to} to={to} isBusy={isBusy} act={() => (isAsked(to) ? setAsked(to) : void change(to))} />
            ))}
          </p>
        </>
      )}
      <Dialog title={asked ? desk.become[asked] : ''} isOpen={asked !== undefined} close={() => setAsked(undefined)}>
        {asked && <Confirm to={asked} change={change} close={() => setAsked(undefined)} />}
      </Dialog>
      {!asked && !isStale && <ResultNotice result={result}>{result && said(result, seen)}</ResultNotice>}
    </section>
  )
}

/** Shipped has a parcel's number, and cancelled is for ever. */
const isAsked = (to: NextStatus) => to === 'shipped' || to === 'cancelled'

function Step({ to, isBusy, act }: { to: NextStatus; isBusy: boolean; act: () => void }) {
  return (
    <button
      type="button"
      class={to === 'cancelled' ? 'button danger' : 'button primary'}
      aria-disabled={isBusy}
      aria-busy={isBusy}
      onClick={() => !isBusy && act()}
    >
      {desk.become[to]}
    </button>
  )
}

interface ConfirmProps {
  to: NextStatus
  change: (to: NextStatus, tracking?: string) => Promise<void>
  close: () => void
}

function Confirm({ to, change, close }: ConfirmProps) {
  const form = useForm(async (values) => {
    await change(to, to === 'shipped' ? text(values, 'tracking').trim() : undefined)
    close()
  })
  return (
    <form class="form" method="dialog" noValidate onSubmit={form.submit}>
      <p>{to === 'shipped' ? desk.shipLead : desk.cancelLead}</p>
      <ErrorSummary errors={form.errors} labels={{ tracking: common.tracking }} failure={form.failure} />
      {to === 'shipped' && (
        <Field
          name="tracking"
          label={common.tracking}
          hint={desk.trackingHint}
          maxLength={200}
          autocomplete="off"
          spellcheck={false}
          dir="auto"
          error={form.errors.tracking}
        />
      )}
      <p class="row">
        <Submit isBusy={form.isBusy} kind={to === 'cancelled' ? 'danger' : 'primary'}>
          {desk.become[to]}
        </Submit>
        <button type="button" class="button" onClick={close}>
          {to === 'cancelled' ? common.keepOrder : common.cancel}
        </button>
      </p>
    </form>
  )
}

function said(result: Result, seen: OrderStatus): string {
  switch (result.kind) {
    case 'done':
      return desk.became(common.orderStatus[result.order.status])
    case 'conflict':
      return desk.statusConflict(common.orderStatus[result.now], common.orderStatus[seen])
    default:
      return desk.statusUnknown
  }
}
