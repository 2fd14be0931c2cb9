/** Carries a checkout through: one request at a time in all tabs, repeated until its outcome is known. */
import type { Checkout } from '../../api/types'
import { type Answer, answered, goOn, isPending, isStalled, press, seenBy, sending } from './basket'
import type { BasketStore } from './storage'

export interface Surroundings {
  store: BasketStore
  /** Runs the work when no other tab's runs, until its promise ends or the tab is closed. */
  lock: (work: () => Promise<void>) => Promise<void>
  /** Sends one request; never throws. */
  send: (body: Checkout, key: string) => Promise<Answer>
  sleep: (milliseconds: number) => Promise<void>
  now: () => number
  newId: () => string
  /** Who is logged in. */
  user: () => string | undefined
}

/** What a page showed beside the button: the basket with this id, what it orders, and the price of each product. */
export interface Shown {
  basket: string
  body: Checkout
  prices: Record<string, number>
}

export interface Checkouts {
  /** Orders what the page showed: the basket with this id, in these lines, at this total. */
  order: (shown: Shown) => Promise<void>
  /** Goes on with an attempt whose outcome is not known; `anew` for another minute. */
  resume: (anew: boolean) => Promise<void>
}

export function createCheckouts(around: Surroundings): Checkouts {
  const { store } = around

  async function order(shown: Shown): Promise<void> {
    await around.lock(async () => {
      const user = around.user()
      const basket = store.read()
      if (!user || basket.id !== shown.basket) return // another tab ordered it, or changed it for another
      const by = { user, key: around.newId(), body: shown.body, prices: shown.prices, now: around.now() }
      const pressed = press(seenBy(basket, user, basket.id), by)
      store.write(pressed)
      await settle()
    })
  }

  async function resume(anew: boolean): Promise<void> {
    if (!isPending(store.read())) return
    await around.lock(async () => {
      if (anew) store.write(goOn(store.read(), around.now()))
      await settle()
    })
  }

  /** Sends the pending attempt until it is settled or a minute is over. */
  async function settle(): Promise<void> {
    for (let failures = 0; ; failures++) {
      const attempt = store.read().attempt
      if (attempt?.phase !== 'pending' || attempt.user !== around.user() || isStalled(store.read(), around.now())) return
      store.write(sending(store.read()))
      const answer = await around.send(attempt.body, attempt.key)
      const before = store.read()
      const after = answered(before, attempt.key, answer, around.newId())
      if (after !== before) store.write(after)
      if (answer.kind !== 'unknown') return
      await around.sleep(pause(failures, answer.retryAfter))
    }
  }

  return { order, resume }
}

function pause(failures: number, retryAfter: number | undefined): number {
  return retryAfter ? retryAfter * 1000 : Math.min(1000 * 2 ** failures, 8000)
}
