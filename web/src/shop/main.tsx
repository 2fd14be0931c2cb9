import { QueryClientProvider } from '@tanstack/preact-query'
import { render } from 'preact'
import { LocationProvider, Route, Router } from 'preact-iso'
import { createQueries } from '../api/queries'
import { finishLeaving } from '../api/session'
import { later, whenIdle } from '../parts/later'
import { rememberScroll } from '../parts/scroll'
import { awaken } from '../parts/use-session'
import '../parts/styles.css'
import { startCheckout } from './checkout'
import { Layout } from './layout'
import { Home } from './pages/home'
import { NotFound } from './pages/not-found'
import { takeToken } from './token'

const product = () => import('./pages/product')
const cart = () => import('./pages/cart')
const account = () => import('./pages/account')
const links = () => import('./pages/links')
const logIn = () => import('./pages/log-in')
const order = () => import('./pages/order')
const orders = () => import('./pages/orders')
const ProductPage = later(product, 'ProductPage')
const Cart = later(cart, 'Cart')
const Account = later(account, 'Account')
const ForgotPassword = later(links, 'ForgotPassword')
const ResetPassword = later(links, 'ResetPassword')
const VerifyEmail = later(links, 'VerifyEmail')
const LogIn = later(logIn, 'LogIn')
const SignUp = later(logIn, 'SignUp')
const OrderPage = later(order, 'OrderPage')
const Orders = later(orders, 'Orders')

/** The desk is another page, and so are files. */
const ROUTES = /^\/(?!admin(\/|$)|api\/|images\/|reference(\/|$))/

function App() {
  return (
    <LocationProvider scope={ROUTES}>
      <Layout>
        <Router>
          <Route path="/" component={Home} />
          <Route path="/products/:id" component={ProductPage} />
          <Route path="/cart" component={Cart} />
          <Route path="/orders" component={Orders} />
          <Route path="/orders/:id" component={OrderPage} />
          <Route path="/log-in" component={LogIn} />
          <Route path="/sign-up" component={SignUp} />
          <Route path="/forgot-password" component={ForgotPassword} />
          <Route path="/verify-email" component={VerifyEmail} />
          <Route path="/reset-password" component={ResetPassword} />
          <Route path="/account" component={Account} />
          <Route default component={NotFound} />
        </Router>
      </Layout>
    </LocationProvider>
  )
}

function isReadable(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

if (!isReadable(location.pathname)) history.replaceState(null, '', '/not-found')
takeToken()
rememberScroll()
startCheckout()
void finishLeaving().then(awaken)
const root = document.getElementById('app')
if (root) {
  render(
    <QueryClientProvider client={createQueries()}>
      <App />
    </QueryClientProvider>,
    root,
  )
}
whenIdle(product, cart, logIn, order, orders, account, links)
