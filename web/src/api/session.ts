/**
 * The session of this browser. Its refresh token is in a cookie that no script can read; the access token is in this
 * module's memory only. localStorage holds no secret: that there is a session and when it was renewed, so that guests
 * never ask for one, and that a log-out is still to be carried out.
 */
import { NoAnswer, PATIENCE, toError } from './problem'
import type { BrowserSession, SessionUser } from './types'

/**
 * `unknown`: there was a session when this page was left, and the API has not said yet whose; `error` is why, at the last
 * attempt. A `user` whose session has ended can do nothing until the next log-in: see keepUser.
 */
export type SessionState =
  | { status: 'unknown'; error?: Error }
  | { status: 'guest'; ended?: boolean }
  | { status: 'user'; user: SessionUser; ended?: boolean }

interface Token {
  value: string
  expires: number
  user: SessionUser
}

type Message = { type: 'token'; token: Token; renewed: number } | { type: 'over'; ended: boolean }

const RENEWED = 'shop.session'
const LEAVING = 'shop.leaving'
const MARGIN = 60_000

const memory = new Map<string, string>() // what a localStorage that is blocked or full did not take

let token: Token | undefined
let isUserKept = false
let over = 0 // when this tab last learned that the session had ended, in milliseconds
let state: SessionState = readFlag(RENEWED) ? { status: 'unknown' } : { status: 'guest' }
const listeners = new Set<(state: SessionState) => void>()
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('shop.session') : undefined

if (channel) channel.onmessage = (event: MessageEvent<Message>) => receive(event.data)

function receive(message: Message): void {
  if (message.type === 'over') forget(message.ended)
  else if (message.renewed > over) take(message.token)
}

/** Call `listener` at every change of the state. Returns what ends that. */
export function onSession(listener: (state: SessionState) => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export function sessionState(): SessionState {
  return state
}

function become(next: SessionState): void {
  state = next
  for (const listener of listeners) listener(next)
}

function take(next: Token): void {
  const before = state
  token = next
  if (before.status !== 'user' || before.ended || !isSame(before.user, next.user)) become({ status: 'user', user: next.user })
}

function isSame(a: SessionUser, b: SessionUser): boolean {
  return a.user_id === b.user_id && a.name === b.name && a.email === b.email && a.scopes.join() === b.scopes.join()
}

function forget(ended: boolean): void {
  over = Date.now()
  token = undefined
  if (state.status === 'guest') return
  if (!ended || !isUserKept || state.status !== 'user') become({ status: 'guest', ended })
  else if (!state.ended) become({ ...state, ended })
}

/** From now on a session that ends leaves its user, so that a page can keep what they typed until they log in again. */
export function keepUser(): void {
  isUserKept = true
}

/** Opens a session. Throws ApiError or NoAnswer. */
export async function logIn(email: string, password: string): Promise<SessionUser> {
  return locked(async () => {
    const session = await post('/browser-sessions', { email, password })
    writeFlag(LEAVING, '')
    return keep(session as BrowserSession).user
  })
}

/** Ends the session of this browser, here and in its other tabs at once, and with the API when it can be reached. */
export async function logOut(): Promise<void> {
  end(false)
  writeFlag(LEAVING, '1') // after the end, which makes room where storage is full
  await finishLeaving()
}

/** Carries out a log-out that did not reach the API. */
export async function finishLeaving(): Promise<void> {
  if (!readFlag(LEAVING)) return
  try {
    await locked(async () => {
      if (!readFlag(LEAVING)) return // somebody logged in meanwhile, which ended the old session
      await post('/browser-sessions/revoke', {})
      writeFlag(LEAVING, '')
    })
  } catch {
    // tried again at the next start
  }
}

/** Forgets the session because the API said that it is over. */
export function end(ended: boolean): void {
  writeFlag(RENEWED, '')
  forget(ended)
  channel?.postMessage({ type: 'over', ended } satisfies Message)
}

/** The user's name was changed: shows it here and in the other tabs. */
export function rename(name: string): void {
  if (!token) return
  const next = { ...token, user: { ...token.user, name } }
  take(next)
  channel?.postMessage({ type: 'token', token: next, renewed: Date.now() } satisfies Message)
}

/** An access token that is good for a minute at least, or undefined for a guest. Throws what a refresh throws. */
export async function accessToken(): Promise<string | undefined> {
  if (state.status === 'guest') return undefined
  if (token && token.expires - Date.now() > MARGIN) return token.value
  return refresh(token?.value)
}

/** The next access token after `used`, which is about to expire or was refused. */
export async function refresh(used: string | undefined): Promise<string | undefined> {
  const asked = Date.now()
  return locked(async () => {
    if (token && token.value !== used) return token.value
    if (!readFlag(RENEWED)) {
      forget(true)
      return undefined
    }
    if (Number(readFlag(RENEWED)) >= asked && (await another(used))) return token?.value
    return renew()
  })
}

/** Keeps nothing if the session was ended while the answer was on its way. */
async function renew(): Promise<string | undefined> {
  const asked = Date.now()
  try {
    const session = await post('/browser-sessions/refresh', {})
    if (over >= asked || !readFlag(RENEWED)) return undefined
    return keep(session as BrowserSession).value
  } catch (error) {
    if ((error as { status?: number }).status === 401) {
      end(true)
      return undefined
    }
    if (state.status === 'unknown') become({ status: 'unknown', error: error as Error })
    throw error
  }
}

/** Waits a moment for the token that another tab just got: its message may arrive after its lock ended. */
async function another(used: string | undefined): Promise<boolean> {
  for (let i = 0; i < 20; i++) {
    if (token && token.value !== used) return true
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return false
}

function keep(session: BrowserSession): Token {
  const next = { value: session.access_token, expires: Date.now() + session.expires_in * 1000, user: session.user }
  const renewed = Date.now()
  over = 0
  writeFlag(RENEWED, String(renewed))
  take(next)
  channel?.postMessage({ type: 'token', token: next, renewed } satisfies Message)
  return next
}

/**
 * keepalive: the cookie of the answer arrives though the page is left meanwhile. The time is limited, because the other
 * tabs wait for the lock; a refresh whose answer was lost may be repeated.
 */
async function post(path: string, body: unknown): Promise<unknown> {
  let response: Response
  let text: string
  try {
    response = await fetch(`/api${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      keepalive: true,
      signal: AbortSignal.timeout(PATIENCE),
    })
    text = await response.text()
  } catch (error) {
    throw new NoAnswer(error)
  }
  if (!response.ok) throw await toError(response, text)
  return text ? JSON.parse(text) : undefined
}

/** One tab at a time. The promise of the lock's callback is the whole of the work. */
function locked<T>(work: () => Promise<T>): Promise<T> {
  if (!('locks' in navigator)) return work()
  return navigator.locks.request('session', work) as Promise<T>
}

function readFlag(name: string): string {
  const here = memory.get(name)
  if (here !== undefined) return here
  try {
    return localStorage.getItem(name) ?? ''
  } catch {
    return ''
  }
}

function writeFlag(name: string, value: string): void {
  try {
    if (value) localStorage.setItem(name, value)
    else localStorage.removeItem(name)
    memory.delete(name)
  } catch {
    memory.set(name, value)
  }
}
