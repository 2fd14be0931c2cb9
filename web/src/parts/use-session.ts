import { useEffect, useState } from 'preact/hooks'
import { wait } from '../api/problem'
import { accessToken, onSession, type SessionState, sessionState } from '../api/session'
import { sleep } from '../api/sleep'

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
    } catch (error) {
      await sleep(wait(failures, error))
    }
  }
}
