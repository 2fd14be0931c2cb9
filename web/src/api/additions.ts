// Parameters that docs/openapi.yaml is about to have. Once it has them, `npm run types` brings them, and this file goes.
import type { components, paths } from './schema'

type Read<Body, Query> = {
  parameters: { query?: Query }
  requestBody?: never
  responses: { 200: { content: { 'application/json': Body } } }
}
type Page = { limit?: number; cursor?: string }

interface Changed {
  '/admin/products': Omit<paths['/admin/products'], 'get'> & {
    get: Read<components['schemas']['AdminProductPage'], Page & { q?: string; stock?: 'low' }>
  }
  '/admin/orders': Omit<paths['/admin/orders'], 'get'> & {
    get: Read<components['schemas']['HistoryPage'], Page & { from?: string; to?: string; customer?: string; email?: string }>
  }
}

export type Paths = Omit<paths, keyof Changed> & Changed
