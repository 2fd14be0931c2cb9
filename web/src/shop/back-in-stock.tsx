/** Asks for a mail when a product that is sold out is back. */
import { useQuery, useQueryClient } from '@tanstack/preact-query'
import { useRef, useState } from 'preact/hooks'
import { data, own, userId } from '../api/client'
import { ApiError } from '../api/problem'
import { ownMeta } from '../api/queries'
import type { Product } from '../api/types'
import { announce } from '../parts/live'
import { Failure } from '../parts/states'
import { useSession } from '../parts/use-session'
import { shop } from '../words/en/shop'

/** For who is logged in the button; for everyone else the way there, and back to this page. */
export function BackInStock({ product }: { product: Product }) {
  const session = useSession()
  if (session.status === 'unknown') return null
  if (session.status === 'user') return <Ask product={product} email={session.user.email} />
  return (
    <p>
      <a class="button" href={`/log-in?next=${encodeURIComponent(location.pathname)}`}>
        {shop.backLogIn}
      </a>
    </p>
  )
}

function Ask({ product, email }: { product: Product; email: string }) {
  const id = product.product_id
  const params = { params: { path: { product_id: id } } }
  const key = ['back-in-stock', userId(), id]
  const queries = useQueryClient()
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => data(own.GET('/products/{product_id}/back-in-stock', { ...params, signal })),
    meta: ownMeta,
  })
  const running = useRef(false)
  const [failure, setFailure] = useState<unknown>()
  const isAsked = query.data?.requested ?? false

  async function change(): Promise<void> {
    if (running.current) return // a double click
    running.current = true
    setFailure(undefined)
    try {
      await queries.cancelQueries({ queryKey: key })
      if (isAsked) await data(own.DELETE('/products/{product_id}/back-in-stock', params))
      else await data(own.PUT('/products/{product_id}/back-in-stock', params))
      queries.setQueryData(key, { product_id: id, requested: !isAsked })
      announce(isAsked ? shop.backWithdrawn : shop.backAsked(email))
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'in_stock')) return setFailure(error)
      // Caches may say otherwise for some seconds.
      queries.setQueryData<Product>(['product', id], (shown) => shown && { ...shown, stock_status: 'in_stock' })
      announce(shop.backAlready)
    } finally {
      running.current = false
    }
  }

  if (query.isError && !query.data) return <Failure error={query.error} again={() => void query.refetch()} />
  if (!query.data) return null
  return (
    <div class="back-in-stock">
      {failure !== undefined && <Failure error={failure} />}
      {isAsked && <p dir="auto">{shop.backAsked(email)}</p>}
      <button type="button" class="button" onClick={() => void change()}>
        {isAsked ? shop.backWithdraw : shop.backAsk}
      </button>
    </div>
  )
}
