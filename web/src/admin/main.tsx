import { QueryClientProvider } from '@tanstack/preact-query'
import { render } from 'preact'
import { LocationProvider, Route, Router, useLocation } from 'preact-iso'
import { useEffect } from 'preact/hooks'
import { createQueries } from '../api/queries'
import { finishLeaving, keepUser } from '../api/session'
import { later } from '../parts/later'
import { rememberScroll } from '../parts/scroll'
import { awaken } from '../parts/use-session'
import '../parts/styles.css'
import { Layout } from './layout'
import { EditProduct, NewProduct } from './pages/edit'
import { Inventory } from './pages/inventory'
import { NotFound } from './pages/not-found'
import { OrderPage } from './pages/order'
import { History } from './pages/orders'
import { needs, useRights } from './rights'

const Pages = {
  newProduct: needs(NewProduct, 'inventory'),
  product: needs(EditProduct, 'inventory'),
  stocktake: needs(
    later(() => import('./pages/count'), 'Stocktake'),
    'inventory',
  ),
  orders: needs(History, 'history', 'orders'),
  order: needs(OrderPage, 'history', 'orders'),
  sales: needs(
    later(() => import('./pages/sales'), 'Sales'),
    'history',
  ),
}

/** The inventory, and the orders for who has no right to it. */
function Start() {
  const { route } = useLocation()
  const isKeeper = useRights()('inventory')
  useEffect(() => {
    if (!isKeeper) route('/admin/orders', true)
  }, [isKeeper])
  return isKeeper ? <Inventory /> : null
}

function App() {
  return (
    <LocationProvider scope="/admin">
      <Layout>
        <Router>
          <Route path="/admin" component={Start} />
          <Route path="/admin/new" component={Pages.newProduct} />
          <Route path="/admin/stocktake" component={Pages.stocktake} />
          <Route path="/admin/products/:id" component={Pages.product} />
          <Route path="/admin/orders" component={Pages.orders} />
          <Route path="/admin/orders/:id" component={Pages.order} />
          <Route path="/admin/sales" component={Pages.sales} />
          <Route default component={NotFound} />
        </Router>
      </Layout>
    </LocationProvider>
  )
}

keepUser()
rememberScroll()
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
