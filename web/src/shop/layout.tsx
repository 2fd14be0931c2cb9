import type { ComponentChildren } from 'preact'
import { useLocation } from 'preact-iso'
import { useState } from 'preact/hooks'
import { LiveRegion } from '../parts/live'
import { OfflineBanner } from '../parts/offline'
import { useSession } from '../parts/use-session'
import { common } from '../words/en/common'
import { shop } from '../words/en/shop'
import { countOf, isPending } from './checkout/basket'
import { useBasket } from './checkout'

export function Layout({ children }: { children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#main">
        {common.skip}
      </a>
      <Header />
      <OfflineBanner />
      <CheckoutBanner />
      {children}
      <footer class="footer">
        <p>{shop.footer}</p>
      </footer>
      <LiveRegion />
    </>
  )
}

function Header() {
  const session = useSession()
  const count = countOf(useBasket())
  return (
    <header class="header">
      <a class="brand" href="/">
        {common.shopName}
      </a>
      <nav aria-label={shop.nav}>
        {session.status === 'user' && session.user.scopes.length > 0 && <a href="/admin/">{shop.desk}</a>}
        <NavLink href="/orders">{shop.orders}</NavLink>
        {session.status === 'guest' ? (
          <NavLink href="/log-in">{common.logIn}</NavLink>
        ) : (
          <NavLink href="/account">{shop.account}</NavLink>
        )}
        <NavLink href="/cart">
          {shop.basket}
          {count > 0 && (
            <>
              {' '}
              <span class="count">{count}</span> <span class="hidden">{shop.unitsWord(count)}</span>
            </>
          )}
        </NavLink>
      </nav>
    </header>
  )
}

function NavLink({ href, children }: { href: string; children: ComponentChildren }) {
  const { path } = useLocation()
  return (
    <a href={href} aria-current={path === href ? 'page' : undefined}>
      {children}
    </a>
  )
}

/** On every page but the basket's own: that an order is looked into, and that it was placed, until the orders were seen. */
function CheckoutBanner() {
  const basket = useBasket()
  const { path } = useLocation()
  const [waitedFor, setWaitedFor] = useState('')
  if (isPending(basket) && waitedFor !== basket.id) setWaitedFor(basket.id)
  const placed = basket.placed?.basket === waitedFor ? basket.placed : undefined
  if (placed && path.startsWith('/orders')) setWaitedFor('')
  const target = placed?.order_id ? `/orders/${placed.order_id}` : '/orders'
  return (
    <div role="status">
      {path !== '/cart' && isPending(basket) && (
        <p class="banner">
          {shop.finding}. <a href="/cart">{shop.toBasket}</a>
        </p>
      )}
      {placed && path !== '/cart' && (
        <p class="banner">
          {shop.placedBanner} <a href={target}>{shop.seeOrder}</a>
        </p>
      )}
    </div>
  )
}
