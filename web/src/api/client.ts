/** Calls to the API, typed by its contract. */
import createClient from 'openapi-fetch'
import type { paths } from './schema'
import { ApiError, NoAnswer, PATIENCE, toError } from './problem'
import { accessToken, refresh, sessionState } from './session'

/* The pages ask for JSON alone, where the contract has another form of an answer, too. */

/** Open to everyone: no token is sent, so that caches answer all alike. */
export const open = createClient<paths, 'application/json'>({ baseUrl: '/api', fetch: patient })

/** For who is logged in: brings the access token, and a new one once if it is refused. */
export const own = createClient<paths, 'application/json'>({ baseUrl: '/api', fetch: authorized })

/** The data of an answer. Throws ApiError for an error and NoAnswer when none came. */
export async function data<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data: body } = await call
  return body as T
}

async function authorized(request: Request): Promise<Response> {
  const token = await accessToken()
  if (!token) throw new ApiError(401, { code: 'unauthenticated' })
  try {
    return await patient(withToken(request.clone(), token))
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401 || error.code === 'invalid_credentials') throw error
    const next = await refresh(token)
    if (!next) throw error
    return patient(withToken(request, next))
  }
}

function withToken(request: Request, token: string): Request {
  request.headers.set('Authorization', `Bearer ${token}`)
  return request
}

/** Fetches the whole answer within PATIENCE. */
async function patient(request: Request): Promise<Response> {
  const late = AbortSignal.timeout(PATIENCE)
  let response: Response
  let text: string
  try {
    response = await fetch(request, { signal: AbortSignal.any([request.signal, late]) })
    text = await response.text()
  } catch (error) {
    if (request.signal.aborted) throw error // the page no longer wants it
    throw new NoAnswer(error)
  }
  if (!response.ok) throw await toError(response, text)
  return new Response(response.status === 204 ? null : text, response)
}

/** The id of who is logged in, or undefined. */
export function userId(): string | undefined {
  const state = sessionState()
  return state.status === 'user' ? state.user.user_id : undefined
}
