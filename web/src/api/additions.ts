// Routes that docs/openapi.yaml is about to have. Once it has them, `npm run types` brings them, and this file goes.
import type { components, paths } from './schema'

type Json<T> = { content: { 'application/json': T } }
type Operation<Request, Responses, Parameters> = {
  parameters: Parameters
  requestBody: Json<Request>
  responses: Responses
}
type Read<Response, Parameters> = { parameters: Parameters; requestBody?: never; responses: Response }

interface ChangedPaths {
  '/products': Omit<paths['/products'], 'get'> & {
    get: Read<
      { 200: Json<components['schemas']['ProductPage']> },
      { query?: { q?: string; ids?: string; limit?: number; cursor?: string } }
    >
  }
  '/admin/products': Omit<paths['/admin/products'], 'get'> & {
    get: Read<
      { 200: Json<components['schemas']['AdminProductPage']> },
      { query?: { q?: string; stock?: 'low'; limit?: number; cursor?: string } }
    >
  }
  '/admin/products/{product_id}': Omit<paths['/admin/products/{product_id}'], 'put'> & {
    put: Operation<
      components['schemas']['SaveProduct'] & { compare_version?: number },
      { 200: Json<components['schemas']['AdminProduct']>; 201: Json<components['schemas']['AdminProduct']> },
      { path: { product_id: string } }
    >
  }
  '/admin/products/{product_id}/stock/adjustments': {
    post: Operation<
      components['schemas']['AdjustStock'],
      { 200: Json<components['schemas']['Stock']> },
      { path: { product_id: string }; header?: { 'Idempotency-Key'?: string } }
    >
  }
  '/admin/orders': {
    get: Read<
      { 200: Json<components['schemas']['HistoryPage']> },
      { query?: { from?: string; to?: string; customer?: string; email?: string; limit?: number; cursor?: string } }
    >
  }
}

export type Paths = Omit<paths, keyof ChangedPaths> & ChangedPaths
