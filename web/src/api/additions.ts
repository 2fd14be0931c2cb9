// Routes that docs/openapi.yaml is about to have. Once it has them, `npm run types` brings them, and this file goes.
import type { components, paths } from './schema'

type Json<T> = { content: { 'application/json': T } }
type None = { content?: never }
type NoParameters = { query?: never; header?: never; path?: never; cookie?: never }
type Body<T> = { content: { 'application/json': T } }
type Operation<Request, Responses, Parameters = NoParameters> = {
  parameters: Parameters
  requestBody: Request extends undefined ? undefined : Body<Request>
  responses: Responses
}
type Read<Response, Parameters = NoParameters> = { parameters: Parameters; requestBody?: never; responses: Response }

export type SessionUser = { user_id: string; email: string; name: string; admin: boolean }
export type BrowserSession = { access_token: string; token_type: 'Bearer'; expires_in: number; user: SessionUser }

interface NewPaths {
  '/browser-sessions': { post: Operation<{ email: string; password: string }, { 201: Json<BrowserSession> }> }
  '/browser-sessions/refresh': { post: Operation<Record<string, never>, { 200: Json<BrowserSession> }> }
  '/browser-sessions/revoke': { post: Operation<Record<string, never>, { 204: None }> }
  '/users/me/password': { put: Operation<{ current: string; new: string }, { 204: None }> }
  '/users/me/export': { get: Read<{ 200: Json<Record<string, unknown>> }> }
}

interface ChangedPaths {
  '/sessions': Omit<paths['/sessions'], 'delete'> & { delete: Operation<{ password: string }, { 204: None }> }
  '/users/me': Omit<paths['/users/me'], 'get' | 'patch'> & {
    get: Read<{ 200: Json<components['schemas']['User']> }>
    patch: Operation<{ name: string }, { 200: Json<components['schemas']['User']> }>
  }
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

export type Paths = Omit<paths, keyof ChangedPaths> & ChangedPaths & NewPaths
