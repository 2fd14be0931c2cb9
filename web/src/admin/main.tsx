import { QueryClientProvider } from '@tanstack/preact-query'
import { render } from 'preact'
import { LocationProvider, Route, Router } from 'preact-iso'
import { createQueries } from '../api/queries'
import { finishLeaving } from '../api/session'
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

const Sales = later(() => import('./pages/sales'), 'Sales')

function App() {
  return (
    <LocationProvider scope="/admin">
      <Layout>
        <Router>
          <Route path="/admin" component={Inventory} />
          <Route path="/admin/new" component={NewProduct} />
          <Route path="/admin/products/:id" component={EditProduct} />
          <Route path="/admin/orders" component={History} />
          <Route path="/admin/orders/:id" component={OrderPage} />
          <Route path="/admin/sales" component={Sales} />
          <Route default component={NotFound} />
        </Router>
      </Layout>
    </LocationProvider>
  )
}

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
