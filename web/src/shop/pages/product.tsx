import { useQuery } from '@tanstack/preact-query'
import { useRoute } from 'preact-iso'
import { useState } from 'preact/hooks'
import { data, open } from '../../api/client'
import { isMissing } from '../../api/queries'
import type { Product } from '../../api/types'
import { Amount, Badge } from '../../parts/amount'
import { announce } from '../../parts/live'
import { Page } from '../../parts/page'
import { Picture } from '../../parts/picture'
import { Failure, Loading, Waiting } from '../../parts/states'
import { common } from '../../words/en/common'
import { shop } from '../../words/en/shop'
import { useBasket, store } from '../checkout'
import { add, isPending, MAX_LINES, MAX_UNITS } from '../checkout/basket'
import { BackInStock } from '../back-in-stock'
import { Stepper } from '../stepper'

export function ProductPage() {
  const id = useRoute().params.id ?? ''
  return <ProductOf key={id} id={id} />
}

function ProductOf({ id }: { id: string }) {
  const query = useQuery({
    queryKey: ['product', id],
    queryFn: ({ signal }) => data(open.GET('/products/{product_id}', { params: { path: { product_id: id } }, signal })),
  })
  const product = query.data
  if (query.isError && isMissing(query.error)) return <NoProduct />
  if (!product) {
    return (
      <Page
        key="loading"
        title={query.isError ? common.product : common.loading}
        isHeadingHidden
        isWaiting={!query.isError}
      >
        {query.isError ? (
          <Failure error={query.error} again={() => void query.refetch()} />
        ) : (
          <Loading shape="product" count={2} waiting={query.failureReason} />
        )}
      </Page>
    )
  }
  return (
    <Page key="loaded" title={product.name} isHeadingHidden>
      {query.isError && <Failure error={query.error} again={() => void query.refetch()} />}
      {query.failureReason && !query.isError && <Waiting error={query.failureReason} />}
      <div class="product">
        <Picture product={product} isFirst size={640} />
        <div class="product-facts">
          <p class="product-name" aria-hidden="true" dir="auto">
            {product.name}
          </p>
          <p class="product-price">
            <Amount money={product.price} />
          </p>
          <p>
            <Badge status={product.stock_status} />
          </p>
          <Add product={product} at={query.dataUpdatedAt} />
          {product.stock_status === 'out_of_stock' && <BackInStock product={product} />}
          {product.categories && (
            <ul class="row flush" aria-label={common.categories}>
              {product.categories.map((name) => (
                <li key={name}>
                  <a href={`/?category=${encodeURIComponent(name)}`} dir="auto">
                    {name}
                  </a>
                </li>
              ))}
            </ul>
          )}
          {product.description && (
            <p class="product-text" dir="auto">
              {product.description}
            </p>
          )}
        </div>
      </div>
    </Page>
  )
}

function NoProduct() {
  return (
    <Page key="missing" title={shop.noProduct} lead={shop.noProductLead} kind="narrow">
      <p>
        <a class="button primary" href="/">
          {shop.homeLink}
        </a>
      </p>
    </Page>
  )
}

function Add({ product, at }: { product: Product; at: number }) {
  const basket = useBasket()
  const [quantity, setQuantity] = useState(1)
  const line = basket.lines.find((each) => each.product_id === product.product_id)
  const max = product.max_per_order ?? MAX_UNITS
  const reason = whyNot()
  function whyNot(): string {
    if (product.stock_status === 'out_of_stock') return shop.soldOutWhy
    if (isPending(basket)) return shop.basketFrozen
    if (!line && basket.lines.length >= MAX_LINES) return shop.basketFull
    if (line && line.quantity >= max) return shop.limit(max)
    return ''
  }
  return (
    <div class="add">
      <div class="add-row">
        <Stepper
          id="quantity"
          name={product.name}
          value={quantity}
          max={Math.max(1, max - (line?.quantity ?? 0))}
          isDisabled={reason !== ''}
          change={setQuantity}
        />
        <button
          type="button"
          class="button primary"
          aria-disabled={reason !== ''}
          aria-describedby={reason ? 'why-not' : undefined}
          onClick={() => {
            if (reason) return
            store.write(add(store.read(), product.product_id, quantity, max, { price: product.price, at }))
            setQuantity(1)
            announce(shop.added(product.name))
          }}
        >
          {shop.add}
        </button>
      </div>
      {reason && (
        <p class="hint" id="why-not">
          {reason}
        </p>
      )}
      {line && (
        <p class="in-basket">
          {shop.inBasket(line.quantity)} <a href="/cart">{shop.goToBasket}</a>
        </p>
      )}
    </div>
  )
}
