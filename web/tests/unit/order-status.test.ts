import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { follow, NEXT, type NextStatus, type Outcome } from '../../src/api/order-status'
import { ApiError, NoAnswer, type ProblemBody } from '../../src/api/problem'
import type { ChangedOrder, Order, OrderStatus } from '../../src/api/types'

const order = (status: OrderStatus, tracking?: string) =>
  ({ order_id: 'ord_1', status, ...(tracking && { tracking }) }) as Order & ChangedOrder
const lost = () => Promise.reject(new NoAnswer('cut'))
const refuse = (status: number, body: ProblemBody) => () => Promise.reject(new ApiError(status, body))
const unseen = () => Promise.reject(new Error('looked though the answer was plain'))

describe('the table of the desk', () => {
  it('is that of the store', () => {
    const source = readFileSync(resolve(import.meta.dirname, '../../../internal/order/status.go'), 'utf8')
    const table = source.split('transitions = map[Status][]Status{\n')[1]?.split('\n}\n')[0] ?? ''
    const rows = [...table.toLowerCase().matchAll(/^\t(\w+):\s*\{([\w, ]*)\},/gm)]
    const isChosen = (status: string) => status !== 'cancelling' // which the store alone chooses
    const all = rows.map(([, from = '', to = '']): [string, string[]] => [from, to.split(', ').filter(isChosen)])
    const stored = Object.fromEntries(all.filter(([from]) => isChosen(from)))
    const mine = Object.fromEntries(Object.entries(NEXT).filter(([, next]) => next.length > 0))
    expect(mine).toEqual(stored)
  })
})

describe('a change of a status', () => {
  const change = { from: 'packed', to: 'shipped', tracking: 'RM 1' } as const

  it.each<[string, () => Promise<ChangedOrder>, Outcome]>([
    ['carried out', async () => order('shipped', 'RM 1'), { kind: 'done', order: order('shipped', 'RM 1') }],
    ['late', refuse(409, { code: 'status_changed', order_status: 'packed' }), { kind: 'conflict', now: 'packed' }],
  ])('that is %s is not looked for', async (_, send, outcome) => {
    expect(await follow(send, unseen, change)).toEqual(outcome)
  })

  it('that is refused for another reason says that one', async () => {
    await expect(follow(refuse(403, { code: 'forbidden' }), unseen, change)).rejects.toThrow(ApiError)
    await expect(follow(refuse(429, {}), unseen, change)).rejects.toThrow(ApiError)
  })

  it.each<[string, () => Promise<Order>, Outcome]>([
    ['is done', async () => order('shipped', 'RM 1'), { kind: 'done', order: order('shipped', 'RM 1') }],
    ['is another’s, with another parcel', async () => order('shipped', 'RM 2'), { kind: 'conflict', now: 'shipped' }],
    ['was overtaken', async () => order('cancelled'), { kind: 'conflict', now: 'cancelled' }],
    ['is not to be seen yet', async () => order('packed'), { kind: 'unknown' }],
    ['cannot be seen', lost, { kind: 'unknown' }],
  ])('whose answer was lost is looked for: it %s', async (_, look, outcome) => {
    expect(await follow(lost, look, change)).toEqual(outcome)
    expect(await follow(refuse(503, { code: 'busy' }), look, change)).toEqual(outcome)
  })

  it('that delivers a parcel is done, whatever the parcel', async () => {
    const delivered = async () => order('delivered', 'RM 1')
    expect(await follow(lost, delivered, { from: 'shipped', to: 'delivered' })).toMatchObject({ kind: 'done' })
  })

  it('that cancels is done once the store has begun', async () => {
    const cancelling = async () => order('cancelling')
    expect(await follow(lost, cancelling, { from: 'placed', to: 'cancelled' })).toMatchObject({ kind: 'done' })
  })

  /** The store's side: a condition on the status. The network loses requests and answers. */
  it('is never said to be done when it is not, nor made twice, however often answers are lost', async () => {
    const kinds = fc.constantFrom('fine', 'request lost', 'answer lost', 'overtaken')
    const weather = fc.array(kinds, { minLength: 1, maxLength: 6 })
    const cases = fc.constantFrom<[OrderStatus, NextStatus]>(['placed', 'packed'], ['packed', 'cancelled'])
    await fc.assert(
      fc.asyncProperty(cases, weather, fc.boolean(), async ([from, to], days, canLook) => {
        let stored = from
        let made = 0
        for (const day of days) {
          const send = async () => {
            if (day === 'request lost') throw new NoAnswer('cut')
            if (day === 'overtaken' && stored === from) stored = to === 'cancelled' ? 'shipped' : 'cancelled'
            if (stored === from) {
              stored = to
              made++
            } else if (stored !== to) throw new ApiError(409, { code: 'status_changed', order_status: stored })
            if (day === 'answer lost') throw new NoAnswer('cut')
            return order(stored)
          }
          const outcome = await follow(send, canLook ? async () => order(stored) : lost, { from, to })
          if (outcome.kind === 'done') expect(stored).toBe(to)
          if (outcome.kind === 'conflict') expect(outcome.now).toBe(stored)
          if (outcome.kind !== 'unknown') break
        }
        expect(made).toBeLessThanOrEqual(1)
      }),
    )
  })
})
