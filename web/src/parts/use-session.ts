import { useEffect, useState } from 'preact/hooks'
import { accessToken, onSession, type SessionState, sessionState } from '../api/session'

/** The state of the session. Asks for a token where there was a session when the page was left. */
export function useSession(): SessionState {
  const [state, setState] = useState(sessionState())
  useEffect(() => {
    setState(sessionState())
    return onSession(setState)
  }, [])
  return state
}

/** Finds out who is here, and tries again while the API cannot be reached. */
export async function awaken(): Promise<void> {
  for (let failures = 0; sessionState().status === 'unknown'; failures++) {
    try {
      await accessToken()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, Math.min(1000 * 2 ** failures, 15_000)))
    }
  }
}
