import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/preact-query'
import { useLocation } from 'preact-iso'
import { useEffect, useRef } from 'preact/hooks'
import { data, open } from '../../api/client'
import type { ProductInList } from '../../api/types'
import { Amount, Badge } from '../../parts/amount'
import { Check } from '../../parts/form'
import { announce } from '../../parts/live'
import { More } from '../../parts/more'
import { Page } from '../../parts/page'
import { Picture } from '../../parts/picture'
import { Empty, Failure, Loading, Waiting } from '../../parts/states'
import { useSearch } from '../../parts/use-search'
import { shop } from '../../words/en/shop'

const PAGE = 24
const MAX_SEARCH = 100
const MAX_WORDS = 5
const MAX_CATEGORIES = 100
const MAX_CATEGORY = 40

/** What is looked for, as it stands in the URL. */
interface Wanted {
  q: string
  category: string
  inStock: boolean
}

function wantedOf(query: Record<string, string>): Wanted {
  return {
    q: (query.q ?? '').slice(0, MAX_SEARCH),
    category: (query.category ?? '').slice(0, MAX_CATEGORY),
    inStock: query.in_stock === 'true',
  }
}

function address({ q, category, inStock }: Wanted): string {
  const query = new URLSearchParams({ ...(q && { q }), ...(category && { category }), ...(inStock && { in_stock: 'true' }) })
  return query.size ? `/?${query}` : '/'
}

/** The words of a text that the store looks for: of letters and digits. */
function wordsOf(q: string): string {
  return (q.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []).slice(0, MAX_WORDS).join(' ')
}

export function Home() {
  const wanted = wantedOf(useLocation().query)
  return (
    <Page title={shop.tagline} lead={shop.lead} aside={<Search wanted={wanted} />}>
      <Filters wanted={wanted} />
      <Products wanted={wanted} />
    </Page>
  )
}

/**
 * What is in stock, and a category. Without categories there is no choice of one, unless the URL has made it. They come
 * later, so they stand where they move nothing.
 */
function Filters({ wanted }: { wanted: Wanted }) {
  const { route } = useLocation()
  const categories = useQuery({
    queryKey: ['categories'],
    queryFn: ({ signal }) => data(open.GET('/categories', { params: { query: { limit: MAX_CATEGORIES } }, signal })),
  })
  const names = categories.data?.items.map((each) => each.name) ?? []
  const chosen = names.find((name) => isSame(name, wanted.category)) ?? wanted.category
  if (chosen && !names.includes(chosen)) names.unshift(chosen)
  return (
    <form class="tools filters" aria-label={shop.filters} onSubmit={(event) => event.preventDefault()}>
      <Check
        label={shop.inStockOnly}
        checked={wanted.inStock}
        onChange={(event) => route(address({ ...wanted, inStock: event.currentTarget.checked }))}
      />
      {names.length > 0 && (
        <div class="field">
          <label for="category" class="hidden">
            {shop.category}
          </label>
          <select
            id="category"
            value={chosen}
            onChange={(event) => route(address({ ...wanted, category: event.currentTarget.value }))}
          >
            <option value="">{shop.allCategories}</option>
            {names.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </div>
      )}
    </form>
  )
}

function isSame(a: string, b: string): boolean {
  return a.normalize('NFC').toLowerCase() === b.normalize('NFC').toLowerCase()
}

function Search({ wanted }: { wanted: Wanted }) {
  const { q } = wanted
  const { route } = useLocation()
  const { text, type, look } = useSearch(q, (next) => route(address({ ...wanted, q: next }), true))
  return (
    <search>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault()
          look()
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

function Products({ wanted }: { wanted: Wanted }) {
  const { q, category, inStock } = wanted
  const words = wordsOf(q)
  const list = useRef<HTMLUListElement>(null)
  const products = useInfiniteQuery({
    queryKey: ['products', words, category, inStock],
    queryFn: ({ pageParam, signal }) => {
      const query = {
        ...(words && { search: words }),
        ...(category && { category }),
        ...(inStock && { in_stock: 'true' as const }),
        limit: PAGE,
        ...(pageParam && { cursor: pageParam }),
      }
      return data(open.GET('/products', { params: { query }, signal }))
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    enabled: words !== '' || q === '',
  })
  const pages = products.data?.pages ?? []
  const items = pages.flatMap((page) => page.items)
  const isFiltered = q !== '' || category !== '' || inStock
  const isShown = products.isSuccess && !products.isPlaceholderData && !(items.length === 0 && products.hasNextPage)
  useEffect(() => {
    if (isShown && isFiltered) announce(items.length === 0 ? shop.noMatch(q) : shop.results(q))
  }, [isShown, words, category, inStock])
  useEffect(() => {
    // A page may have left everything out while others follow.
    const isEmpty = pages.length > 0 && pages[pages.length - 1]?.items.length === 0
    if (isEmpty && products.hasNextPage && !products.isFetching && !products.isError) void products.fetchNextPage()
  }, [pages.length, products.hasNextPage, products.isFetching, products.isError])
  if (q !== '' && words === '') return <NoProducts q={q} isFiltered />
  if (products.isPending) return <Loading shape="card" count={8} waiting={products.failureReason} />
  if (products.isError && items.length === 0) return <Failure error={products.error} again={() => void products.refetch()} />
  return (
    <section aria-label={isFiltered ? shop.results(q) : shop.tagline} aria-busy={products.isPlaceholderData}>
      {products.isError && <Failure error={products.error} again={() => void products.refetch()} />}
      {products.failureReason && !products.isError && <Waiting error={products.failureReason} />}
      {items.length === 0 && isShown && <NoProducts q={q} isFiltered={isFiltered} />}
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

function NoProducts({ q, isFiltered }: { q: string; isFiltered: boolean }) {
  if (!isFiltered) {
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

