import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/preact-query'
import { useLocation } from 'preact-iso'
import { useRef } from 'preact/hooks'
import { data, own, userId } from '../../api/client'
import { ownMeta } from '../../api/queries'
import type { AdminProductInList } from '../../api/types'
import { Amount } from '../../parts/amount'
import { Check, Field } from '../../parts/form'
import { plainMoney } from '../../parts/money'
import { More } from '../../parts/more'
import { Page } from '../../parts/page'
import { Picture } from '../../parts/picture'
import { Empty, Failure, Loading, Waiting } from '../../parts/states'
import { useSearch } from '../../parts/use-search'
import { common } from '../../words/en/common'
import { desk } from '../../words/en/desk'
import { Export } from '../export'
import { StockCell } from '../stock-cell'

const PAGE = 50

export function Inventory() {
  const { query } = useLocation()
  const q = query.q ?? ''
  const isLow = query.stock === 'low'
  return (
    <Page
      title={desk.inventory}
      aside={
        <p class="row flush">
          <a class="button primary" href="/admin/new">
            {desk.newProduct}
          </a>{' '}
          <a class="button" href="/admin/stocktake">
            {desk.stocktake}
          </a>
        </p>
      }
    >
      <Tools q={q} isLow={isLow} />
      <Table q={q} isLow={isLow} />
    </Page>
  )
}

function address(q: string, isLow: boolean): string {
  const search = new URLSearchParams({ ...(q && { q }), ...(isLow && { stock: 'low' }) }).toString()
  return search ? `/admin/?${search}` : '/admin/'
}

const loadPage = (q: string, isLow: boolean, limit: number) => (cursor: string, signal: AbortSignal) => {
  const query = { ...(q && { q }), ...(isLow && { stock: 'low' as const }), limit, ...(cursor && { cursor }) }
  return data(own.GET('/admin/products', { params: { query }, signal }))
}

function Tools({ q, isLow }: { q: string; isLow: boolean }) {
  const { route } = useLocation()
  const { text, type, look } = useSearch(q, (next) => route(address(next, isLow), true))
  return (
    <form
      class="tools"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        look()
      }}
    >
      <Field
        name="q"
        label={desk.nameBegins}
        type="search"
        value={text}
        maxLength={200}
        autocomplete="off"
        onInput={(event) => type(event.currentTarget.value)}
      />
      <Check label={desk.lowStock} checked={isLow} onChange={(event) => route(address(q, event.currentTarget.checked), true)} />
      <div class="push">
        <Export
          name="inventory"
          head={['product_id', 'name', 'price', 'currency', 'stock', 'low_stock_threshold', 'active', 'max_per_order', 'version', 'updated_at']}
          load={loadPage(q, isLow, 100)}
          row={(each) => [
            each.product_id,
            each.name,
            Number(plainMoney(each.price)),
            each.price.currency,
            each.stock,
            each.low_stock_threshold,
            String(each.active),
            each.max_per_order ?? '',
            each.version,
            each.updated_at,
          ]}
        />
      </div>
    </form>
  )
}

function Table({ q, isLow }: { q: string; isLow: boolean }) {
  const body = useRef<HTMLTableSectionElement>(null)
  const queries = useQueryClient()
  const key = ['inventory', userId(), q, isLow]
  const load = loadPage(q, isLow, PAGE)
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => load(pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    meta: ownMeta,
    staleTime: 0,
  })
  const items = query.data?.pages.flatMap((page) => page.items) ?? []
  if (query.isPending) return <Loading shape="row" count={8} waiting={query.failureReason} />
  return (
    <div aria-busy={query.isPlaceholderData}>
      {query.isError && <Failure error={query.error} again={() => void query.refetch()} />}
      {query.failureReason && !query.isError && <Waiting error={query.failureReason} />}
      {query.isSuccess && items.length === 0 && <Nothing isFiltered={q !== '' || isLow} />}
      {items.length > 0 && (
        <div class="scroller" role="region" aria-label={desk.inventory} tabIndex={0}>
          <table class="inventory">
            <thead>
              <tr>
                <th scope="col">{common.product}</th>
                <th scope="col" class="number">
                  {desk.price}
                </th>
                <th scope="col">{desk.stock}</th>
                <th scope="col" class="if-wide">
                  {desk.active}
                </th>
              </tr>
            </thead>
            <tbody ref={body}>
              {items.map((product) => (
                <Row key={product.product_id} product={product} changed={() => void queries.invalidateQueries({ queryKey: key })} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More
        count={items.length}
        hasMore={query.hasNextPage}
        isBusy={query.isFetchingNextPage}
        load={() => void query.fetchNextPage()}
        focusAt={(i) => body.current?.querySelectorAll<HTMLElement>('th a')[i]}
      />
    </div>
  )
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  return (
    <Empty title={isFiltered ? desk.noProductsMatch : desk.noProducts}>
      <a class="button" href={isFiltered ? '/admin/' : '/admin/new'}>
        {isFiltered ? desk.clear : desk.newProduct}
      </a>
    </Empty>
  )
}

function Row({ product, changed }: { product: AdminProductInList; changed: () => void }) {
  return (
    <tr class={product.active ? undefined : 'off'}>
      <th scope="row">
        <div class="with-thumb">
          <Picture product={product} size={44} />
          <div>
            <a href={`/admin/products/${product.product_id}`} dir="auto">
              {product.name}
            </a>
            {!product.active && <span class="fine if-narrow">{desk.notForSale}</span>}
          </div>
        </div>
      </th>
      <td class="number">
        <Amount money={product.price} />
      </td>
      <td>
        <StockCell product={product} changed={changed} />
      </td>
      <td class="if-wide">{product.active ? desk.yes : desk.no}</td>
    </tr>
  )
}
