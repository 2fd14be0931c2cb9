import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

type Session = typeof import('../../src/api/session')

const user = { user_id: 'usr_1', email: 'ada@example.com', name: 'Ada', admin: false, scopes: [] }
let kept: Map<string, string>
let calls: string[]
let answers: ((init: RequestInit) => Response | Promise<Response>)[]

/** Another tab: the module anew, over the same storage, lock and channel. */
async function tab(): Promise<Session> {
  vi.resetModules()
  return import('../../src/api/session')
}

const session = (token: string) => Response.json({ access_token: token, token_type: 'Bearer', expires_in: 900, user })
const problem = (status: number, code: string) => Response.json({ status, code, detail: code, request_id: 'r' }, { status })

beforeEach(() => {
  kept = new Map()
  calls = []
  answers = []
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  })
  let last: Promise<unknown> = Promise.resolve()
  const request = (_: string, work: () => Promise<unknown>) => {
    const mine = last.catch(() => {}).then(work)
    last = mine
    return mine
  }
  vi.stubGlobal('navigator', { locks: { request } }) // Node has them from 24.5 on
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    calls.push(`${path}${init.keepalive ? ' keepalive' : ''}`)
    await new Promise((done) => setTimeout(done, 20))
    return (answers.shift() ?? (() => session(`t${calls.length}`)))(init)
  })
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('a session', () => {
  it('is asked for by nobody who is a guest', async () => {
    const guest = await tab()
    expect(await guest.accessToken()).toBeUndefined()
    expect(calls).toEqual([])
  })

  it('is renewed once for four tabs that ask at once, and the answer outlives its page', async () => {
    kept.set('shop.session', '1')
    const tabs = [await tab(), await tab(), await tab(), await tab()]
    const tokens = await Promise.all(tabs.map((each) => each.accessToken()))
    expect(calls).toEqual(['/api/browser-sessions/refresh keepalive'])
    expect(new Set(tokens)).toEqual(new Set(['t1']))
  })

  it('is in memory alone: storage has no token and no address', async () => {
    const one = await tab()
    await one.logIn('ada@example.com', 'a lamp in the window')
    expect(await one.accessToken()).toBe('t1')
    expect(JSON.stringify([...kept])).not.toMatch(/t1|ada|@/)
  })

  it('stays when the answer to a refresh is lost, and goes on with the next attempt', async () => {
    kept.set('shop.session', '1')
    answers = [() => Promise.reject(new TypeError('network'))]
    const one = await tab()
    await expect(one.accessToken()).rejects.toThrow('no answer')
    expect(one.sessionState().status).toBe('unknown')
    expect(await one.accessToken()).toBe('t2')
  })

  it('waits no longer than 15 seconds for a refresh, and holds no other tab up', async () => {
    kept.set('shop.session', '1')
    const late = new AbortController()
    const limit = vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(late.signal)
    answers = [({ signal }) => new Promise((_, refuse) => signal?.addEventListener('abort', () => refuse(signal.reason)))]
    const [one, two] = [await tab(), await tab()]
    const asked = [one.accessToken(), two.accessToken()]
    asked[0]?.catch(() => {})
    await vi.waitFor(() => expect(answers).toHaveLength(0), 30_000)
    late.abort()
    await expect(asked[0]).rejects.toThrow('no answer')
    expect(await asked[1]).toBe('t2')
    expect(limit.mock.calls).toEqual([[15_000], [15_000]])
  })

  it('says why nobody knows yet whose it is', async () => {
    kept.set('shop.session', '1')
    answers = [() => problem(503, 'busy')]
    const one = await tab()
    await expect(one.accessToken()).rejects.toThrow('busy')
    expect(one.sessionState()).toMatchObject({ status: 'unknown', error: { status: 503 } })
    await one.accessToken()
    expect(one.sessionState()).toEqual({ status: 'user', user })
  })

  it('ends in every tab when the API says that it is over', async () => {
    kept.set('shop.session', '1')
    const [one, two] = [await tab(), await tab()]
    await one.accessToken()
    await vi.waitFor(() => expect(two.sessionState().status).toBe('user'), 30_000)
    answers = [() => problem(401, 'unauthenticated')]
    expect(await one.refresh('t1')).toBeUndefined()
    await vi.waitFor(() => expect(two.sessionState()).toEqual({ status: 'guest', ended: true }), 30_000)
    expect(kept.has('shop.session')).toBe(false)
  })

  it('leaves its user where one is kept, who goes on with the next log-in, and is gone with a log-out', async () => {
    const one = await tab()
    one.keepUser()
    await one.logIn('ada@example.com', 'x')
    answers = [() => problem(401, 'unauthenticated')]
    expect(await one.refresh('t1')).toBeUndefined()
    expect(one.sessionState()).toEqual({ status: 'user', user, ended: true })
    expect(await one.accessToken()).toBeUndefined()
    expect(calls).toHaveLength(2)
    await one.logIn('ada@example.com', 'x')
    expect(one.sessionState()).toEqual({ status: 'user', user })
    one.end(false)
    expect(one.sessionState()).toEqual({ status: 'guest', ended: false })
  })

  it('is left at once where the API cannot be reached, and with the API at the next start', async () => {
    const one = await tab()
    await one.logIn('ada@example.com', 'a lamp in the window')
    answers = [() => Promise.reject(new TypeError('offline'))]
    await one.logOut()
    expect(one.sessionState().status).toBe('guest')
    const next = await tab()
    expect(await next.accessToken()).toBeUndefined()
    answers = [() => new Response(null, { status: 204 })]
    await next.finishLeaving()
    expect(calls.filter((call) => call.includes('/revoke'))).toHaveLength(2)
    await next.finishLeaving()
    expect(calls.filter((call) => call.includes('/revoke'))).toHaveLength(2)
  })

  for (const { where, who } of [
    { where: 'in the tab that asked for it', who: 'one' },
    { where: 'in another tab', who: 'two' },
  ]) {
    for (const leave of ['logOut', 'end'] as const) {
      it(`stays ended by ${leave} ${where}, when a refresh is answered after that`, async () => {
        kept.set('shop.session', '1')
        const [one, two] = [await tab(), await tab()]
        const leaving = who === 'one' ? one : two
        await one.accessToken()
        await vi.waitFor(() => expect(two.sessionState().status).toBe('user'), 30_000)
        let answer = (_: Response) => {}
        const held = new Promise<Response>((done) => (answer = done))
        answers = [() => held, () => new Response(null, { status: 204 })]
        const refreshed = one.refresh('t1')
        await vi.waitFor(() => expect(answers).toHaveLength(1), 30_000)
        const left = leave === 'logOut' ? leaving.logOut() : leaving.end(false)
        answer(session('late'))
        expect(await refreshed).toBeUndefined()
        await left
        for (const each of [one, two]) {
          await vi.waitFor(() => expect(each.sessionState()).toEqual({ status: 'guest', ended: false }), 30_000)
          expect(await each.accessToken()).toBeUndefined()
        }
        expect(kept.has('shop.session')).toBe(false)
        expect(calls.filter((call) => call.includes('/revoke'))).toHaveLength(leave === 'logOut' ? 1 : 0)
      })
    }
  }

  it('stays ended in a tab that is told of a refresh from before', async () => {
    kept.set('shop.session', '1')
    const [one, two, three] = [await tab(), await tab(), await tab()]
    await one.accessToken()
    two.end(false) // the message with the token is on its way
    await vi.waitFor(() => expect(three.sessionState()).toEqual({ status: 'guest', ended: false }), 30_000)
    expect(two.sessionState()).toEqual({ status: 'guest', ended: false })
  })

  for (const what of ['full', 'blocked']) {
    it(`is ended with the API where storage is ${what}`, async () => {
      const refuse = () => {
        throw new DOMException('no room', 'QuotaExceededError')
      }
      localStorage.setItem = refuse
      if (what === 'blocked') localStorage.getItem = localStorage.removeItem = refuse
      const one = await tab()
      await one.logIn('ada@example.com', 'x')
      answers = [() => problem(503, 'busy'), () => new Response(null, { status: 204 })]
      await one.logOut()
      await one.finishLeaving()
      await one.finishLeaving()
      expect(calls.filter((call) => call.includes('/revoke'))).toHaveLength(2)
      expect(await one.refresh('t1')).toBeUndefined()
      expect(calls).toHaveLength(3)
    })
  }

  it('is the new user’s in every tab once somebody else logs in', async () => {
    const [one, two] = [await tab(), await tab()]
    await one.logIn('ada@example.com', 'x')
    await vi.waitFor(() => expect(two.sessionState().status).toBe('user'), 30_000)
    const other = { ...user, user_id: 'usr_2', name: 'Bob' }
    answers = [() => Response.json({ access_token: 'bob', token_type: 'Bearer', expires_in: 900, user: other })]
    await two.logIn('bob@example.com', 'x')
    await vi.waitFor(() => expect(one.sessionState()).toEqual({ status: 'user', user: other }), 30_000)
    expect(await one.accessToken()).toBe('bob')
  })
})
