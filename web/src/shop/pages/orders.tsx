import { useInfiniteQuery } from '@tanstack/preact-query'
import { useLocation } from 'preact-iso'
import { useRef } from 'preact/hooks'
import { data, own, userId } from '../../api/client'
import { ownMeta } from '../../api/queries'
import type { OrderInList } from '../../api/types'
import { Amount, Time } from '../../parts/amount'
import { More } from '../../parts/more'
import { Page } from '../../parts/page'
import { Empty, Failure, Loading, Waiting } from '../../parts/states'
import { common } from '../../words/en/common'
import { shop } from '../../words/en/shop'
import { placedHere } from '../checkout'
import { LoggedIn } from '../logged-in'

export function Orders() {
  return (
    <LoggedIn title={shop.orders}>
      <List />
    </LoggedIn>
  )
}

function List() {
  const { query: search } = useLocation()
  const list = useRef<HTMLUListElement>(null)
  const query = useInfiniteQuery({
    queryKey: ['orders', userId()],
    queryFn: ({ pageParam, signal }) =>
      data(own.GET('/orders', { params: { query: { limit: 20, ...(pageParam && { cursor: pageParam }) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    meta: ownMeta,
    staleTime: 0,
  })
  const loaded: OrderInList[] = query.data?.pages.flatMap((page) => page.items) ?? []
  const orders = withPlacedHere(loaded)
  return (
    <Page title={shop.orders} kind="narrow" {...('earlier' in search && { lead: shop.earlierUnknown })}>
      {query.isPending && <Loading shape="row" count={4} waiting={query.failureReason} />}
      {query.isError && <Failure error={query.error} again={() => void query.refetch()} />}
      {query.data && query.failureReason && !query.isError && <Waiting error={query.failureReason} />}
      {query.isSuccess && orders.length === 0 && (
        <Empty title={shop.noOrders}>
          <a class="button primary" href="/">
            {shop.browse}
          </a>
        </Empty>
      )}
      <ul class="orders" ref={list}>
        {orders.map((order) => (
          <OrderRow key={order.order_id} order={order} />
        ))}
      </ul>
      <More
        count={loaded.length}
        hasMore={query.hasNextPage}
        isBusy={query.isFetchingNextPage}
        load={() => void query.fetchNextPage()}
        focusAt={(i) => list.current?.children[i + orders.length - loaded.length]?.querySelector('a')}
      />
    </Page>
  )
}

/** The list may lag behind an order by a second; this tab knows those that it placed. */
function withPlacedHere(loaded: OrderInList[]): OrderInList[] {
  const known = new Set(loaded.map((order) => order.order_id))
  const mine = [...placedHere.values()].filter((order) => order.user_id === userId() && !known.has(order.order_id))
  const isNew = (order: OrderInList) => order.placed_at > (loaded[0]?.placed_at ?? '')
  return [...mine.filter(isNew).toReversed(), ...loaded]
}

const NAMES = 3

function OrderRow({ order }: { order: OrderInList }) {
  const names = order.items.slice(0, NAMES).map((line) => line.name)
  const rest = order.items.length - names.length
  return (
    <li class="order-row">
      <a href={`/orders/${order.order_id}`}>
        <Time at={order.placed_at} />
      </a>
      <p dir="auto">
        {names.join(' · ')} {rest > 0 && shop.andMore(rest)}
      </p>
      <p class="order-sum">
        <Amount money={order.total} />
      </p>
      <p class="order-status">{common.orderStatus[order.status]}</p>
    </li>
  )
}
