import { keepPreviousData, useQuery } from '@tanstack/preact-query'
import { useLocation } from 'preact-iso'
import { useEffect, useState } from 'preact/hooks'
import { data, own, userId } from '../../api/client'
import { ApiError } from '../../api/problem'
import { ownMeta } from '../../api/queries'
import type { OrderInList } from '../../api/types'
import { Amount, Time } from '../../parts/amount'
import { ErrorSummary, type Errors, Field, Submit, text, useForm } from '../../parts/form'
import { FieldError } from '../../parts/field-error'
import { announce } from '../../parts/live'
import { plainMoney } from '../../parts/money'
import { Page } from '../../parts/page'
import { Empty, Failure, Loading, Waiting } from '../../parts/states'
import { common } from '../../words/en/common'
import { desk } from '../../words/en/desk'
import { Export } from '../export'
import { useRights } from '../rights'

const PAGE = 20
const DAY = /^\d{4}-\d{2}-\d{2}$/
const ORDER = /^ord_[a-z2-7]{26}$/
const CUSTOMER = /^usr_[0-9a-f-]{36}$/

/** The filters of the history, as its address has them. Days are the store's, and both are included. */
interface Filters {
  from: string
  to: string
  customer: string
  status: Status | ''
}

/** Those that the store can list. Who chooses one sees all customers' orders. */
const STATUSES = ['packed', 'shipped', 'delivered', 'cancelled'] as const
type Status = (typeof STATUSES)[number]

function filtersOf(query: Record<string, string>): Filters {
  const day = (value = '') => (DAY.test(value) && !Number.isNaN(Date.parse(value)) ? value : '')
  const status = STATUSES.find((each) => each === query.status) ?? ''
  return { from: day(query.from), to: day(query.to), customer: status ? '' : (query.customer ?? ''), status }
}

function address(filters: Filters, cursor = ''): string {
  const all = Object.entries({ ...filters, cursor }).filter(([, value]) => value)
  return all.length > 0 ? `/admin/orders?${new URLSearchParams(all)}` : '/admin/orders'
}

function searchOf({ from, to, customer, status }: Filters, limit: number, cursor: string) {
  return {
    ...(from && { from }),
    ...(to && { to }),
    ...(customer && { customer }),
    ...(status && { status }),
    limit,
    ...(cursor && { cursor }),
  }
}

export function History() {
  const { query } = useLocation()
  const filters = filtersOf(query)
  if (!useRights()('history')) return <Opening />
  return (
    <Page title={desk.orders}>
      <Tools filters={filters} key={address(filters)} />
      <Table filters={filters} cursor={query.cursor ?? ''} />
    </Page>
  )
}

/** For who may change an order's status but not list all orders: the one whose id they have. */
function Opening() {
  const opener = useOpener()
  return (
    <Page title={desk.orders} lead={desk.openLead} kind="narrow">
      <ErrorSummary errors={opener.errors} labels={{ order_id: desk.orderId }} />
      <Opener opener={opener} />
    </Page>
  )
}

function useOpener() {
  const { route } = useLocation()
  return useForm(
    async (values) => route(`/admin/orders/${text(values, 'order_id').trim()}`),
    (values) => ({ order_id: ORDER.test(text(values, 'order_id').trim()) ? undefined : desk.badOrderId }),
  )
}

function Opener({ opener }: { opener: ReturnType<typeof useOpener> }) {
  return (
    <form class="tools flush push" method="post" noValidate onSubmit={opener.submit}>
      <Field name="order_id" label={desk.orderId} autocomplete="off" spellcheck={false} error={opener.errors.order_id} />
      <Submit isBusy={opener.isBusy} kind="">
        {desk.open}
      </Submit>
    </form>
  )
}

function Tools({ filters }: { filters: Filters }) {
  const { route } = useLocation()
  const form = useForm(async (values) => {
    const asked = text(values, 'customer').trim()
    const customer = asked.includes('@') ? await idOf(asked) : asked
    const { status } = filtersOf({ status: text(values, 'status') })
    route(address({ from: text(values, 'from'), to: text(values, 'to'), customer, status }))
  }, checkFilters)
  const opener = useOpener()
  const labels = { from: desk.from, to: desk.to, customer: desk.customer, status: common.status, order_id: desk.orderId }
  return (
    <>
      <ErrorSummary errors={{ ...form.errors, ...opener.errors }} labels={labels} failure={form.failure} />
      <div class="tools">
        <form class="tools flush" method="post" noValidate onSubmit={form.submit}>
          <Field name="from" label={desk.from} type="date" defaultValue={filters.from} error={form.errors.from} />
          <Field name="to" label={desk.to} type="date" defaultValue={filters.to} error={form.errors.to} />
          <div class={form.errors.status ? 'field wrong' : 'field'}>
            <label for="status">{common.status}</label>
            <select
              id="status"
              name="status"
              aria-invalid={form.errors.status ? true : undefined}
              aria-describedby={form.errors.status ? 'status-error' : undefined}
            >
              <option value="">{desk.anyStatus}</option>
              {STATUSES.map((each) => (
                <option key={each} value={each} selected={each === filters.status}>
                  {common.orderStatus[each]}
                </option>
              ))}
            </select>
            <FieldError id="status-error" error={form.errors.status} />
          </div>
          <Field
            name="customer"
            label={desk.customer}
            defaultValue={filters.customer}
            autocomplete="off"
            spellcheck={false}
            error={form.errors.customer}
          />
          <Submit isBusy={form.isBusy} kind="primary">
            {desk.find}
          </Submit>
        </form>
        <Opener opener={opener} />
      </div>
    </>
  )
}

function checkFilters(values: FormData): Errors {
  const [from, to, customer] = [text(values, 'from'), text(values, 'to'), text(values, 'customer').trim()]
  return {
    to: from && to && to < from ? desk.badDays : undefined,
    customer: customer === '' || customer.includes('@') || CUSTOMER.test(customer) ? undefined : desk.badCustomer,
    status: customer && text(values, 'status') ? desk.statusAlone : undefined,
  }
}

/** The customer with this address: an address stands in no page's URL. */
async function idOf(email: string): Promise<string> {
  const page = await data(own.GET('/admin/orders', { params: { query: { email, limit: 1 } } }))
  const customer = page.customer
  if (!customer) throw new ApiError(400, { code: 'invalid_request', errors: [{ field: 'customer', message: desk.unknownEmail }] })
  return customer
}

function Table({ filters, cursor }: { filters: Filters; cursor: string }) {
  const { route } = useLocation()
  const [note, setNote] = useState('')
  const load = (limit: number) => (after: string, signal: AbortSignal) =>
    data(own.GET('/admin/orders', { params: { query: searchOf(filters, limit, after) }, signal }))
  const query = useQuery({
    queryKey: ['history', userId(), filters, cursor],
    queryFn: ({ signal }) => load(PAGE)(cursor, signal),
    placeholderData: keepPreviousData,
    meta: ownMeta,
    staleTime: 0,
  })
  const isStale = query.error instanceof ApiError && query.error.code === 'invalid_cursor'
  useEffect(() => {
    if (!isStale) return
    setNote(desk.cursorGone)
    announce(desk.cursorGone)
    route(address(filters), true)
  }, [isStale])
  const items = query.data?.items ?? []
  const isFiltered = address(filters) !== '/admin/orders'
  return (
    <>
      {note && <p class="notice">{note}</p>}
      <div class="tools">
        <p class="fine">{desk.daysNote}</p>
        <div class="push">
          {isFiltered && (
            <a class="button" href="/admin/orders">
              {desk.clear}
            </a>
          )}
          <Export
            name="orders"
            head={['order_id', 'placed_at', 'status', 'user_id', 'email', 'total', 'currency', 'units', 'items']}
            load={load(100)}
            row={rowOf}
          />
        </div>
      </div>
      {query.isPending && <Loading shape="row" count={8} waiting={query.failureReason} />}
      {query.isError && !isStale && <Failure error={query.error} again={() => void query.refetch()} />}
      {query.data && query.failureReason && !query.isError && <Waiting error={query.failureReason} />}
      {query.isSuccess && items.length === 0 && <Empty title={isFiltered ? desk.noOrdersMatch : desk.noOrders} />}
      {items.length > 0 && <Orders items={items} isOld={query.isPlaceholderData} />}
      <p class="row">
        {cursor && (
          <a class="button" href={address(filters)}>
            {desk.newest}
          </a>
        )}
        {query.data?.next_cursor && !query.isPlaceholderData && ( // the cursor of a list that is still shown fits no other
          <a class="button" href={address(filters, query.data.next_cursor)}>
            {desk.next}
          </a>
        )}
      </p>
    </>
  )
}

function unitsOf(order: OrderInList): number {
  return order.items.reduce((sum, line) => sum + line.quantity, 0)
}

function rowOf(order: OrderInList) {
  return [
    order.order_id,
    order.placed_at,
    order.status,
    order.user_id,
    order.email,
    Number(plainMoney(order.total)),
    order.total.currency,
    unitsOf(order),
    order.items.map((line) => `${line.quantity} ${line.product_id}`).join('; '),
  ]
}

function Orders({ items, isOld }: { items: OrderInList[]; isOld: boolean }) {
  return (
    <div class="scroller" role="region" aria-label={desk.orders} tabIndex={0} aria-busy={isOld}>
      <table class="history">
        <thead>
          <tr>
            <th scope="col">{desk.order}</th>
            <th scope="col">{desk.placedAt}</th>
            <th scope="col" class="if-wide">
              {common.status}
            </th>
            <th scope="col" class="if-wide">
              {desk.email}
            </th>
            <th scope="col" class="number if-wide">
              {desk.units}
            </th>
            <th scope="col" class="number">
              {common.total}
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((order) => (
            <tr key={order.order_id}>
              <th scope="row">
                <a href={`/admin/orders/${order.order_id}`}>
                  <code>{order.order_id}</code>
                </a>
              </th>
              <td>
                <Time at={order.placed_at} />
                <span class="fine if-narrow">{common.orderStatus[order.status]}</span>
              </td>
              <td class="if-wide">{common.orderStatus[order.status]}</td>
              <td class="if-wide">{order.email || <span class="off">{desk.gone}</span>}</td>
              <td class="number if-wide">{unitsOf(order)}</td>
              <td class="number">
                <Amount money={order.total} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
