import { keepPreviousData, useQuery } from '@tanstack/preact-query'
import { useLocation } from 'preact-iso'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Checkout, Money, ProductInList } from '../../api/types'
import { Amount } from '../../parts/amount'
import { announce } from '../../parts/live'
import { formatMoney, total } from '../../parts/money'
import { Page } from '../../parts/page'
import { Picture } from '../../parts/picture'
import { Empty, Failure, Loading, Waiting } from '../../parts/states'
import { useSession } from '../../parts/use-session'
import { common } from '../../words/en/common'
import { shop } from '../../words/en/shop'
import { checkouts, loadProducts, store, useBasket } from '../checkout'
import {
  acceptPrice,
  type Basket,
  isPending,
  isStalled,
  type Line,
  marked,
  MAX_LINES,
  MAX_UNITS,
  remove,
  review,
  setQuantity,
} from '../checkout/basket'
import { Stepper } from '../stepper'

/** A line with what is known of its product. */
interface Row {
  line: Line
  product: ProductInList | undefined
  price: Money | undefined
  isGone: boolean
}

export function Cart() {
  const basket = useBasket()
  useLeaving(basket)
  return (
    <Page title={shop.basket}>
      {basket.lines.length === 0 ? (
        <Empty title={shop.emptyBasket}>
          <a class="button primary" href="/">
            {shop.browse}
          </a>
        </Empty>
      ) : (
        <Lines basket={basket} />
      )}
    </Page>
  )
}

/** Shows the order as soon as the basket that is shown was ordered, by whichever tab. */
function useLeaving(basket: Basket): void {
  const { route } = useLocation()
  const shown = useRef(basket.id)
  const placed = basket.placed
  useEffect(() => {
    if (placed && placed.basket === shown.current) {
      announce(placed.isEarlier ? shop.earlier : shop.thanks)
      const note = placed.isEarlier ? '?earlier' : '?placed'
      route(placed.order_id ? `/orders/${placed.order_id}${note}` : `/orders${note}`, true)
    } else shown.current = basket.id
  }, [basket])
}

function Lines({ basket }: { basket: Basket }) {
  const ids = basket.lines.map((line) => line.product_id).toSorted()
  const products = useQuery({
    queryKey: ['products', 'ids', ids],
    queryFn: ({ signal }) => loadProducts(ids, 'no-cache', signal),
    placeholderData: keepPreviousData,
  })
  useEffect(() => {
    if (!products.data || products.isPlaceholderData) return
    const loaded = new Map(products.data.map((product) => [product.product_id, product]))
    const [before, after] = [store.read(), review(store.read(), loaded, products.dataUpdatedAt)]
    if (after !== before) store.write(after)
  }, [basket, products.data, products.dataUpdatedAt])
  if (products.isPending) return <Loading shape="row" count={ids.length} waiting={products.failureReason} />
  if (!products.data) return <Failure error={products.error} again={() => void products.refetch()} />
  const isCurrent = !products.isPlaceholderData
  const rowsOf = ({ lines }: Basket) => lines.map((line) => rowOf(line, products.data, isCurrent))
  const rows = rowsOf(basket)
  const sum = sumOf(rows)
  /** Takes in a line that was mended: the button for it is gone, and its quantity has the focus. */
  const mend = (id: string, mended: Basket) => {
    store.write(mended)
    document.getElementById(`quantity-${id}`)?.focus()
    const now = sumOf(rowsOf(mended))
    if (now) announce(shop.totalNow(formatMoney(now)))
  }
  return (
    <>
      {products.isError && <Failure error={products.error} again={() => void products.refetch()} />}
      {products.failureReason && !products.isError && <Waiting error={products.failureReason} />}
      {!store.isKept() && <p class="notice">{shop.notStored}</p>}
      <Problems basket={basket} rows={rows} />
      <div class="cart">
        <ul class="lines">
          {rows.map((row) => (
            <LineRow key={row.line.product_id} row={row} isFrozen={isPending(basket)} mend={mend} />
          ))}
        </ul>
        <Order basket={basket} rows={rows} sum={sum} isCurrent={isCurrent} refresh={() => void products.refetch()} />
      </div>
    </>
  )
}

function rowOf(line: Line, products: ProductInList[], isCurrent: boolean): Row {
  const product = products.find((each) => each.product_id === line.product_id)
  return {
    line,
    product,
    price: line.agreed?.price ?? product?.price,
    isGone: line.mark?.kind === 'gone' || (isCurrent && !product),
  }
}

/** What the button says, and the order is expected to cost. */
function sumOf(rows: Row[]): Money | undefined {
  const priced = rows.filter((row) => !row.isGone).flatMap(({ price, line }) => (price ? [{ price, quantity: line.quantity }] : []))
  return total(priced)
}

/** How many lines cannot be ordered as they are. */
function wrongLines(rows: Row[]): Row[] {
  return rows.filter((row) => row.line.mark ?? row.isGone)
}

function Problems({ basket, rows }: { basket: Basket; rows: Row[] }) {
  const box = useRef<HTMLDivElement>(null)
  const wrong = wrongLines(rows)
  const phase = basket.attempt?.phase
  const before = useRef(phase)
  useEffect(() => {
    // the button that was pressed is gone; what is wrong without an attempt takes no focus
    if (before.current === 'pending' && phase === 'open') (box.current ?? document.querySelector('h1'))?.focus()
    before.current = phase
  }, [phase])
  if (isPending(basket)) return null
  if (wrong.length > 0) {
    return (
      <div class="notice bad" role="alert" tabIndex={-1} ref={box}>
        <p>{shop.needsChange(wrong.length)}</p>
        <ul>
          {wrong.map(({ line, product }) => (
            <li key={line.product_id}>
              <a href={`#line-${line.product_id}`}>{product?.name ?? line.product_id}</a>
            </li>
          ))}
        </ul>
      </div>
    )
  }
  if (basket.lines.length > MAX_LINES) {
    return (
      <p class="notice bad" role="alert">
        {shop.tooManyLines}
      </p>
    )
  }
  if (!basket.refusal) return null
  return (
    <div class="notice bad" role="alert" tabIndex={-1} ref={box}>
      <p>{basket.refusal.detail || common.failed}</p>
      {basket.refusal.request_id && (
        <p class="fine">
          {common.requestId} <code>{basket.refusal.request_id}</code>
        </p>
      )}
    </div>
  )
}

interface LineProps {
  row: Row
  isFrozen: boolean
  mend: (id: string, mended: Basket) => void
}

function LineRow({ row, isFrozen, mend }: LineProps) {
  const { line, product, price, isGone } = row
  const name = product?.name ?? line.product_id
  const drop = () => {
    store.write(remove(store.read(), line.product_id))
    announce(shop.removed(name))
    document.querySelector<HTMLElement>('h1')?.focus()
  }
  return (
    <li class={line.mark || isGone ? 'line wrong' : 'line'} id={`line-${line.product_id}`}>
      <div class="line-picture">{product && <Picture product={product} size={96} />}</div>
      <div class="line-name">
        <a href={`/products/${line.product_id}`} dir="auto">
          {name}
        </a>
        {price && (
          <p class="fine">
            <Amount money={price} /> {common.each}
          </p>
        )}
      </div>
      <Stepper
        id={`quantity-${line.product_id}`}
        name={name}
        value={line.quantity}
        max={product?.max_per_order ?? MAX_UNITS}
        isDisabled={isFrozen || isGone}
        isCompact
        change={(quantity) => store.write(setQuantity(store.read(), line.product_id, quantity))}
      />
      <p class="line-sum">{price && !isGone && <Amount money={{ ...price, amount: price.amount * line.quantity }} />}</p>
      <button type="button" class="quiet line-remove" aria-label={shop.removeLine(name)} disabled={isFrozen} onClick={drop}>
        {shop.remove}
      </button>
      <Mend row={row} isFrozen={isFrozen} mend={mend} drop={drop} />
    </li>
  )
}

/** What is wrong with a line, and the ways to mend it. */
function Mend({ row, isFrozen, mend, drop }: LineProps & { drop: () => void }) {
  const { line, isGone } = row
  const mark = isGone ? ({ kind: 'gone' } as const) : line.mark
  if (!mark || isFrozen) return null
  const available = mark.kind === 'stock' ? mark.available : mark.kind === 'limit' ? mark.allowed : 0
  const said = {
    stock: shop.left(available),
    limit: shop.allowed(available),
    price: mark.kind === 'price' ? shop.newPrice(formatMoney(mark.price)) : '',
    gone: shop.gone,
  }[mark.kind]
  return (
    <div class="mend">
      <p>{said}</p>
      {available > 0 && (
        <button
          type="button"
          class="button small"
          onClick={() => mend(line.product_id, setQuantity(store.read(), line.product_id, available))}
        >
          {shop.take(available)}
        </button>
      )}
      {mark.kind === 'price' && (
        <button
          type="button"
          class="button small"
          onClick={() => mend(line.product_id, acceptPrice(store.read(), line.product_id))}
        >
          {shop.accept(formatMoney(mark.price))}
        </button>
      )}
      {mark.kind !== 'price' && (
        <button type="button" class="button small" onClick={drop}>
          {shop.remove}
        </button>
      )}
    </div>
  )
}

interface OrderProps {
  basket: Basket
  rows: Row[]
  sum: Money | undefined
  isCurrent: boolean
  refresh: () => void
}

function Order({ basket, rows, sum, isCurrent, refresh }: OrderProps) {
  const session = useSession()
  const attempt = basket.attempt
  const isFrozen = isPending(basket)
  const shownSum = isFrozen ? attempt?.body.expected_total : sum
  useEffect(() => {
    // refused, and no line says why: what is shown is old. A price that moved is agreed to at its line, not by reloading.
    if (attempt?.phase === 'open' && marked(basket).length === 0) refresh()
  }, [attempt?.phase, attempt?.sends])
  return (
    <section class="order-box" aria-label={common.total}>
      <p class="order-total">
        <span>{common.total}</span> {shownSum && <Amount money={shownSum} />}
      </p>
      {isFrozen ? (
        <Finding basket={basket} isGuest={session.status === 'guest'} />
      ) : (
        <Press basket={basket} rows={rows} sum={sum} isCurrent={isCurrent} />
      )}
    </section>
  )
}

function Press({ basket, rows, sum, isCurrent }: Omit<OrderProps, 'refresh'>) {
  const session = useSession()
  if (session.status === 'guest') {
    return (
      <>
        <a class="button primary wide" href="/log-in?next=/cart">
          {shop.logInToOrder}
        </a>
        <p class="fine">{basket.attempt ? shop.sessionEndedOrder : session.ended ? common.sessionEnded : shop.guestNote}</p>
      </>
    )
  }
  const isReady = session.status === 'user' && isCurrent && sum !== undefined && rows.every((row) => row.price)
  const wrong = wrongLines(rows).length
  const isRight = wrong === 0 && basket.lines.length <= MAX_LINES
  return (
    <>
      <button
        type="button"
        class="button primary wide"
        disabled={!isReady || !isRight}
        aria-describedby="order-note"
        onClick={() => sum && void checkouts.order({ basket: basket.id, body: bodyOf(rows, sum), prices: pricesOf(rows) })}
      >
        {sum ? shop.place(formatMoney(sum)) : shop.placeOrder}
      </button>
      <p class="fine" id="order-note">
        {wrong > 0 ? shop.needsChange(wrong) : shop.confirmationNote}
      </p>
    </>
  )
}

function pricesOf(rows: Row[]): Record<string, number> {
  return Object.fromEntries(rows.flatMap(({ line, price }) => (price ? [[line.product_id, price.amount]] : [])))
}

function bodyOf(rows: Row[], sum: Money): Checkout {
  return {
    items: rows.map(({ line }) => ({ product_id: line.product_id, quantity: line.quantity })),
    expected_total: sum,
  }
}

/** The outcome of an attempt is not known yet. A first answer that is quick is not made a drama of. */
function Finding({ basket, isGuest }: { basket: Basket; isGuest: boolean }) {
  const [now, setNow] = useState(Date.now())
  const [began] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(timer)
  }, [])
  const isFirst = (basket.attempt?.sends ?? 0) <= 1 && now - began < 3000
  if (isGuest) {
    return (
      <>
        <p role="status">{shop.findingLogIn}</p>
        <a class="button primary wide" href="/log-in?next=/cart">
          {common.logIn}
        </a>
      </>
    )
  }
  if (isStalled(basket, now)) {
    return (
      <>
        <p role="status">{shop.stalled}</p>
        <button type="button" class="button primary wide" onClick={() => void checkouts.resume(true)}>
          {common.askAgain}
        </button>
      </>
    )
  }
  return (
    <div role="status" aria-busy="true">
      <p class="working">
        <strong>{isFirst ? shop.placing : shop.finding}</strong>
      </p>
      {!isFirst && <p class="fine">{shop.findingLead}</p>}
    </div>
  )
}
