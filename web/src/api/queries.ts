/** The query cache: what the API answered, shared by the pages of one tab. */
import { QueryClient } from '@tanstack/preact-query'
import { ApiError, isPassing, wait } from './problem'
import { onSession, sessionState } from './session'

const ATTEMPTS = 3

/** The defaults of every query: reads are repeated by themselves, changes never. */
export function createQueries(): QueryClient {
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        retry: (failures, error) => failures < ATTEMPTS && isPassing(error),
        retryDelay: wait,
        staleTime: 10_000, // as long as the catalogue's own Cache-Control
        gcTime: 10 * 60_000,
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  })
  forgetOthers(queries)
  return queries
}

/** Nobody sees what was loaded for somebody else. */
function forgetOthers(queries: QueryClient): void {
  const idOf = () => {
    const state = sessionState()
    return state.status === 'user' ? state.user.user_id : state.status
  }
  let before = idOf()
  onSession(() => {
    const now = idOf()
    if (now !== before && before !== 'unknown') queries.removeQueries({ predicate: (query) => query.meta?.own === true })
    before = now
  })
}

/** Marks a query as one of who is logged in. */
export const ownMeta = { own: true }

/** Reports whether the error says that there is no such thing. */
export function isMissing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 404 || (error.status === 400 && error.code === 'invalid_request'))
}
