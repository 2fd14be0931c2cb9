import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/preact-query'
import { useLocation, useRoute } from 'preact-iso'
import { useEffect, useRef, useState } from 'preact/hooks'
import { data, own, userId } from '../../api/client'
import { ApiError, isUnknown } from '../../api/problem'
import { isMissing, ownMeta } from '../../api/queries'
import type { AdminProduct, SaveProduct } from '../../api/types'
import { Time } from '../../parts/amount'
import { Check, Done, ErrorSummary, type Errors, Field, Submit, text, TextField, useForm } from '../../parts/form'
import { announce } from '../../parts/live'
import { digitsOf, parseMoney, plainMoney } from '../../parts/money'
import { More } from '../../parts/more'
import { Page } from '../../parts/page'
import { Picture } from '../../parts/picture'
import { Empty, Failure, Loading, Waiting } from '../../parts/states'
import { common } from '../../words/en/common'
import { desk } from '../../words/en/desk'
import { Export } from '../export'
import { PictureField, UPLOADING } from '../picture-field'
import { LinkFor, useRights } from '../rights'
import { StockCell } from '../stock-cell'

/** The form's members: a new one of the contract is missed here until the form has it. */
type ProductForm = Required<Omit<SaveProduct, 'stock' | 'compare_version'>>

const LABELS: Record<Exclude<keyof SaveProduct, 'compare_version'> | 'product_id', string> = {
  product_id: desk.productId,
  name: desk.productName,
  description: desk.description,
  price: desk.price,
  image_url: desk.imageUrl,
  max_per_order: desk.maxPerOrder,
  low_stock_threshold: desk.lowStockThreshold,
  categories: common.categories,
  active: desk.forSale,
  stock: desk.initialStock,
}
/** Each member of the form as a conflict shows it. */
const SHOWN: Record<keyof ProductForm, (product: SaveProduct) => string> = {
  name: (product) => product.name,
  description: (product) => product.description,
  price: (product) => plainMoney(product.price),
  image_url: (product) => product.image_url,
  max_per_order: (product) => String(product.max_per_order ?? NO_LIMIT),
  low_stock_threshold: (product) => String(product.low_stock_threshold ?? THRESHOLD),
  categories: (product) => (product.categories ?? []).join(', '),
  active: (product) => (product.active ? desk.yes : desk.no),
}

/** The members in which two products differ. */
function differing(a: SaveProduct, b: SaveProduct): (keyof ProductForm)[] {
  return (Object.keys(SHOWN) as (keyof ProductForm)[]).filter((member) => SHOWN[member](a) !== SHOWN[member](b))
}

const ID = /^([A-Za-z0-9_-][A-Za-z0-9._-]{0,63}|\.[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}|\.\.[A-Za-z0-9._-]{1,62})$/
const NO_LIMIT = 10_000
const THRESHOLD = 5
const MAX_CATEGORIES = 5
const CATEGORY = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}&'’.,/()+-]*( [\p{L}\p{M}\p{N}&'’.,/()+-]+)*$/u
const MAX_CATEGORY = 40 // characters

/** The fields of a product's form that both pages have. */
function check(values: FormData, currency: string): Errors {
  const max = text(values, 'max_per_order').trim()
  const threshold = text(values, 'low_stock_threshold').trim()
  return {
    name: text(values, 'name').trim() ? undefined : common.required,
    price: parseMoney(text(values, 'price'), currency) ? undefined : desk.badPrice(digitsOf(currency)),
    image_url: values.has(UPLOADING) ? desk.pictureBusy : undefined,
    max_per_order: max === '' || isWhole(max, 1, NO_LIMIT) ? undefined : desk.badMax,
    low_stock_threshold: threshold === '' || isWhole(threshold, 0, 1_000_000) ? undefined : desk.badThreshold,
    categories: areCategories(categoriesOf(values)) ? undefined : desk.badCategories,
  }
}

/** The categories of the form, one a line. */
function categoriesOf(values: FormData): string[] {
  const lines = text(values, 'categories').normalize('NFC').split('\n')
  return lines.map((line) => line.trim().replace(/\s+/g, ' ')).filter((name) => name !== '')
}

function areCategories(names: string[]): boolean {
  return names.length <= MAX_CATEGORIES && names.every((name) => [...name].length <= MAX_CATEGORY && CATEGORY.test(name))
}

function isWhole(value: string, least: number, most: number): boolean {
  return /^\d{1,10}$/.test(value) && Number(value) >= least && Number(value) <= most
}

function productOf(values: FormData, currency: string): ProductForm {
  return {
    name: text(values, 'name').trim(),
    description: text(values, 'description'),
    price: parseMoney(text(values, 'price'), currency) ?? { amount: 0, currency },
    image_url: text(values, 'image_url').trim(),
    active: values.has('active'),
    max_per_order: Number(text(values, 'max_per_order').trim() || NO_LIMIT),
    low_stock_threshold: Number(text(values, 'low_stock_threshold').trim() || THRESHOLD),
    categories: categoriesOf(values),
  }
}

/** "price.amount" is the price's field. */
const fieldOf = (field: string) => field.split('.')[0] ?? field

function Fields({ product, currency, errors }: { product?: AdminProduct; currency: string; errors: Errors }) {
  return (
    <>
      <Field name="name" label={desk.productName} defaultValue={product?.name} maxLength={200} dir="auto" error={errors.name} required />
      <TextField name="description" label={desk.description} defaultValue={product?.description} maxLength={5000} dir="auto" error={errors.description} />
      <Field
        name="price"
        label={desk.price}
        before={currency}
        inputMode="decimal"
        defaultValue={product && plainMoney(product.price)}
        error={errors.price}
        required
      />
      <PictureField stored={product?.image_url ?? ''} error={errors.image_url} />
      <Field
        name="max_per_order"
        label={desk.maxPerOrder}
        hint={desk.maxHint}
        inputMode="numeric"
        defaultValue={product?.max_per_order === undefined ? '' : String(product.max_per_order)}
        error={errors.max_per_order}
      />
      <Field
        name="low_stock_threshold"
        label={desk.lowStockThreshold}
        hint={desk.thresholdHint}
        inputMode="numeric"
        defaultValue={String(product?.low_stock_threshold ?? THRESHOLD)}
        error={errors.low_stock_threshold}
      />
      <TextField
        name="categories"
        label={common.categories}
        hint={desk.categoriesHint}
        defaultValue={product?.categories?.join('\n')}
        rows={3}
        dir="auto"
        error={errors.categories}
      />
      <Check name="active" label={desk.forSale} defaultChecked={product?.active ?? true} />
    </>
  )
}

/** The store's currency: that of any product, or of an empty summary where there is none and who asks may read it. */
function useCurrency() {
  const mayRead = useRights()('history')
  return useQuery({
    queryKey: ['currency'],
    queryFn: async ({ signal }) => {
      const some = await data(own.GET('/admin/products', { params: { query: { limit: 1 } }, signal }))
      if (some.items[0]) return some.items[0].price.currency
      if (!mayRead) return ''
      const today = new Date().toISOString().slice(0, 10)
      return (await data(own.GET('/admin/orders/summary', { params: { query: { from: today, to: today, top: 1 } }, signal }))).currency
    },
    staleTime: Number.POSITIVE_INFINITY,
    meta: ownMeta,
  })
}

/** The product that this tab added last, so that its page says so. */
let added = ''
function remember(id: string): void {
  added = id
}

export function NewProduct() {
  const currency = useCurrency()
  return (
    <Page title={desk.newTitle} kind="narrow">
      {currency.data === '' ? (
        <Empty title={desk.noCurrency} />
      ) : currency.data ? (
        <NewForm currency={currency.data} />
      ) : currency.isError ? (
        <Failure error={currency.error} again={() => void currency.refetch()} />
      ) : (
        <Loading shape="row" count={5} waiting={currency.failureReason} />
      )}
    </Page>
  )
}

function NewForm({ currency }: { currency: string }) {
  const { route } = useLocation()
  const lost = useRef('') // the id of a product that may have been added: the answer was lost
  const form = useForm(
    async (values) => {
      const id = text(values, 'product_id').trim()
      const body: SaveProduct = { ...productOf(values, currency), stock: Number(text(values, 'stock') || 0) }
      if (body.max_per_order === NO_LIMIT) delete body.max_per_order
      const isAdded = await refuseExisting(id, lost.current === id ? body : undefined)
      if (!isAdded) await add(id, body)
      announce(desk.added)
      remember(id)
      route(`/admin/products/${id}`, true)
    },
    (values) => ({
      product_id: ID.test(text(values, 'product_id').trim()) ? undefined : desk.badProductId,
      ...check(values, currency),
      stock: isWhole(text(values, 'stock') || '0', 0, 1_000_000_000) ? undefined : desk.badStock,
    }),
    fieldOf,
  )
  async function add(id: string, body: SaveProduct): Promise<void> {
    try {
      await data(own.PUT('/admin/products/{product_id}', { params: { path: { product_id: id } }, body }))
    } catch (error) {
      if (isUnknown(error)) lost.current = id
      throw error
    }
  }
  return (
    <form class="form" method="post" noValidate onSubmit={form.submit}>
      <ErrorSummary errors={form.errors} labels={LABELS} failure={form.failure} />
      <Field
        name="product_id"
        label={desk.productId}
        hint={desk.productIdHint}
        maxLength={64}
        autocapitalize="off"
        spellcheck={false}
        error={form.errors.product_id}
        required
      />
      <Fields currency={currency} errors={form.errors} />
      <Field name="stock" label={desk.initialStock} inputMode="numeric" defaultValue="0" error={form.errors.stock} />
      <Submit isBusy={form.isBusy}>{desk.save}</Submit>
    </form>
  )
}

/**
 * A save of an id that is there would change that product. Returns whether it is there as `lost`, which an attempt may
 * have added whose answer was lost.
 */
async function refuseExisting(id: string, lost?: SaveProduct): Promise<boolean> {
  try {
    const stored = await data(own.GET('/admin/products/{product_id}', { params: { path: { product_id: id } } }))
    if (lost && differing(lost, stored).length === 0) return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
  throw new ApiError(400, { code: 'invalid_request', errors: [{ field: 'product_id', message: desk.idTaken }] })
}

export function EditProduct() {
  const id = useRoute().params.id ?? ''
  return <EditOf key={id} id={id} />
}

function EditOf({ id }: { id: string }) {
  const [isAdded] = useState(() => {
    const isIt = added === id
    added = ''
    return isIt
  })
  const queries = useQueryClient()
  const key = ['admin-product', userId(), id]
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => data(own.GET('/admin/products/{product_id}', { params: { path: { product_id: id } }, signal })),
    meta: ownMeta,
    staleTime: 0,
  })
  const product = query.data
  if (query.isError && isMissing(query.error)) {
    return (
      <Page key="missing" title={desk.noProduct} kind="narrow">
        <a class="button" href="/admin/">
          {desk.inventory}
        </a>
      </Page>
    )
  }
  if (!product) {
    return (
      <Page key="loading" title={desk.editTitle} isWaiting={!query.isError}>
        {query.isError ? (
          <Failure error={query.error} again={() => void query.refetch()} />
        ) : (
          <Loading shape="row" count={5} waiting={query.failureReason} />
        )}
      </Page>
    )
  }
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: key })
    void queries.invalidateQueries({ queryKey: ['movements', userId(), id] })
  }
  return (
    <Page
      key="loaded"
      title={product.name}
      {...(isAdded && { lead: desk.added })}
      aside={
        <p class="row flush">
          <code>{product.product_id}</code> <a href={`/products/${product.product_id}`}>{desk.viewInShop}</a>
        </p>
      }
    >
      {query.isError && <Failure error={query.error} again={() => void query.refetch()} />}
      {query.failureReason && !query.isError && <Waiting error={query.failureReason} />}
      <div class="two">
        <EditForm product={product} saved={refresh} />
        <div class="stack">
          <section>
            <h2>{desk.stock}</h2>
            <div class="with-thumb">
              <Picture product={product} size={44} />
              <StockCell product={product} changed={refresh} />
            </div>
          </section>
          <Movements id={id} />
        </div>
      </div>
    </Page>
  )
}

/** Saves under the condition that the product is still what was opened. */
function EditForm({ product, saved }: { product: AdminProduct; saved: () => void }) {
  const opened = useRef(product)
  const [theirs, setTheirs] = useState<{ stored: AdminProduct; mine: SaveProduct }>()
  const [round, setRound] = useState(0)
  const currency = product.price.currency
  const path = { product_id: product.product_id }

  function show(stored: AdminProduct): void {
    opened.current = stored
    setTheirs(undefined)
    setRound(round + 1)
    saved()
  }
  async function save(body: SaveProduct, version: number): Promise<string> {
    try {
      const stored = await data(own.PUT('/admin/products/{product_id}', { params: { path }, body: { ...body, compare_version: version } }))
      show(stored)
      return common.saved
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'product_changed') throw error
      const stored = error.body.product as AdminProduct
      if (differing(body, stored).length === 0) {
        show(stored) // by an attempt whose answer was lost
        return common.saved
      }
      setTheirs({ stored, mine: body })
      return ''
    }
  }
  const form = useForm(
    (values) => save(productOf(values, currency), opened.current.version),
    (values) => check(values, currency),
    fieldOf,
  )
  return (
    <form class="form" method="post" noValidate onSubmit={form.submit} key={round}>
      <ErrorSummary errors={form.errors} labels={LABELS} failure={form.failure} />
      {theirs && (
        <Conflict
          {...theirs}
          overwrite={() => void form.run(() => save(theirs.mine, theirs.stored.version))}
          take={() => show(theirs.stored)}
        />
      )}
      <Fields product={opened.current} currency={currency} errors={form.errors} />
      <Submit isBusy={form.isBusy}>{desk.save}</Submit>
      <Done said={form.done} />
    </form>
  )
}

function Conflict({ stored, mine, overwrite, take }: { stored: AdminProduct; mine: SaveProduct; overwrite: () => void; take: () => void }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => box.current?.focus(), [stored])
  const rows = differing(mine, stored).map((member) => ({ label: LABELS[member], ours: SHOWN[member](mine), now: SHOWN[member](stored) }))
  return (
    <div class="notice bad" role="alert" tabIndex={-1} ref={box}>
      <p>{desk.versionConflict}</p>
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">{desk.yours}</th>
            <th scope="col">{desk.theirs}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ label, ours, now }) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td dir="auto">{ours}</td>
              <td dir="auto">{now}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="row">
        <button type="button" class="button small" onClick={overwrite}>
          {desk.overwrite}
        </button>
        <button type="button" class="button small" onClick={take}>
          {desk.takeTheirs}
        </button>
      </p>
    </div>
  )
}

function Movements({ id }: { id: string }) {
  const list = useRef<HTMLOListElement>(null)
  const load = (limit: number) => (cursor: string, signal: AbortSignal) =>
    data(
      own.GET('/admin/products/{product_id}/stock/movements', {
        params: { path: { product_id: id }, query: { limit, ...(cursor && { cursor }) } },
        signal,
      }),
    )
  const query = useInfiniteQuery({
    queryKey: ['movements', userId(), id],
    queryFn: ({ pageParam, signal }) => load(20)(pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    meta: ownMeta,
    staleTime: 0,
  })
  const items = query.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <section>
      <div class="tools">
        <h2>{desk.movements}</h2>
        <div class="push">
          <Export
            name={`movements-${id}`}
            head={['moved_at', 'before', 'after', 'delta', 'reason', 'by', 'order_id']}
            load={load(100)}
            row={(each) => [each.moved_at, each.before ?? '', each.after ?? '', each.delta, each.reason, each.by, each.order_id ?? '']}
          />
        </div>
      </div>
      <p class="fine">{desk.movementsLead}</p>
      {query.isPending && <Loading shape="row" count={3} waiting={query.failureReason} />}
      {query.isError && <Failure error={query.error} again={() => void query.refetch()} />}
      {query.isSuccess && items.length === 0 && <Empty title={desk.noMovements} />}
      <ol class="timeline" ref={list}>
        {items.map((each) => (
          <li key={each.movement_id} tabIndex={-1}>
            <p>
              <span class="delta">{each.delta > 0 ? `+${each.delta}` : each.delta}</span>{' '}
              {each.order_id && (
                <LinkFor rights={['history', 'orders']} href={`/admin/orders/${each.order_id}`}>
                  {desk.order}
                </LinkFor>
              )}
              {each.before !== undefined && `${each.before} → ${each.after}`}
              {(each.order_id || each.before !== undefined) && ' '}
              ·{' '}
              <span dir="auto">{each.reason}</span>
            </p>
            <p class="fine">
              <Time at={each.moved_at} /> {desk.by} <code>{each.by}</code>
            </p>
          </li>
        ))}
      </ol>
      <More
        count={items.length}
        hasMore={query.hasNextPage}
        isBusy={query.isFetchingNextPage}
        load={() => void query.fetchNextPage()}
        focusAt={(i) => list.current?.children[i] as HTMLElement | undefined}
      />
    </section>
  )
}

