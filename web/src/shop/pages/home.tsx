import { keepPreviousData, useInfiniteQuery } from '@tanstack/preact-query'
import { useLocation } from 'preact-iso'
import { useEffect, useRef, useState } from 'preact/hooks'
import { data, open } from '../../api/client'
import type { ProductInList } from '../../api/types'
import { Amount, Badge } from '../../parts/amount'
import { announce } from '../../parts/live'
import { More } from '../../parts/more'
import { Page } from '../../parts/page'
import { Picture } from '../../parts/picture'
import { Empty, Failure, Loading, Waiting } from '../../parts/states'
import { shop } from '../../words/en/shop'

const PAGE = 24
const DEBOUNCE = 250
const MAX_SEARCH = 200

export function Home() {
  const { query } = useLocation()
  const q = (query.q ?? '').slice(0, MAX_SEARCH)
  return (
    <Page title={shop.tagline} lead={shop.lead} aside={<Search q={q} />}>
      <Products q={q} />
    </Page>
  )
}

function Search({ q }: { q: string }) {
  const { route } = useLocation()
  const [text, setText] = useState(q)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const sent = useRef(q)
  useEffect(() => {
    if (q !== sent.current) setText(q) // Back, or Clear
    sent.current = q
  }, [q])
  useEffect(() => () => clearTimeout(timer.current), [])
  function look(next: string): void {
    clearTimeout(timer.current)
    sent.current = next
    if (next !== q) route(next ? `/?q=${encodeURIComponent(next)}` : '/', true)
  }
  function type(next: string): void {
    setText(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => look(next.trim()), DEBOUNCE)
  }
  return (
    <search>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault()
          look(text.trim())
        }}
      >
        <label class="hidden" for="q">
          {shop.search}
        </label>
        <input
          id="q"
          name="q"
          type="search"
          value={text}
          maxLength={MAX_SEARCH}
          placeholder={shop.search}
          autocomplete="off"
          onInput={(event) => type(event.currentTarget.value)}
        />
        <button type="submit" class="hidden">
          {shop.searchButton}
        </button>
      </form>
    </search>
  )
}

function Products({ q }: { q: string }) {
  const list = useRef<HTMLUListElement>(null)
  const products = useInfiniteQuery({
    queryKey: ['products', q],
    queryFn: ({ pageParam, signal }) => {
      const search = { ...(q && { q }), limit: PAGE, ...(pageParam && { cursor: pageParam }) }
      return data(open.GET('/products', { params: { query: search }, signal }))
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  })
  const items = products.data?.pages.flatMap((page) => page.items) ?? []
  const isShown = products.isSuccess && !products.isPlaceholderData
  useEffect(() => {
    if (isShown && q) announce(items.length === 0 ? shop.noMatch(q) : shop.results(q))
  }, [isShown, q])
  if (products.isPending) return <Loading shape="card" count={8} waiting={products.failureReason} />
  if (products.isError && items.length === 0) return <Failure error={products.error} again={() => void products.refetch()} />
  return (
    <section aria-label={q ? shop.results(q) : shop.tagline} aria-busy={products.isPlaceholderData}>
      {products.isError && <Failure error={products.error} again={() => void products.refetch()} />}
      {products.failureReason && !products.isError && <Waiting error={products.failureReason} />}
      {items.length === 0 && isShown && <NoProducts q={q} />}
      <ul class="grid products" ref={list}>
        {items.map((product, i) => (
          <Card key={product.product_id} product={product} isFirst={i < 4} />
        ))}
      </ul>
      <More
        count={items.length}
        hasMore={products.hasNextPage}
        isBusy={products.isFetchingNextPage}
        load={() => void products.fetchNextPage()}
        focusAt={(i) => list.current?.children[i]?.querySelector('a')}
      />
    </section>
  )
}

function NoProducts({ q }: { q: string }) {
  if (!q) {
    return (
      <Empty title={shop.nothingYet}>
        <p>{shop.nothingYetLead}</p>
      </Empty>
    )
  }
  return (
    <Empty title={shop.noMatch(q)}>
      <a class="button" href="/">
        {shop.clearSearch}
      </a>
    </Empty>
  )
}

function Card({ product, isFirst }: { product: ProductInList; isFirst: boolean }) {
  return (
    <li class="card">
      <Picture product={product} isFirst={isFirst} size={400} />
      <h2>
        <a href={`/products/${product.product_id}`} dir="auto">
          {product.name}
        </a>
      </h2>
      <p class="card-facts">
        <Amount money={product.price} />
        {product.stock_status !== 'in_stock' && <Badge status={product.stock_status} />}
      </p>
    </li>
  )
}

