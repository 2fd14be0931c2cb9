import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Checkout } from '../../src/api/types'
import {
  acceptPrice,
  add,
  type Answer,
  answered,
  type Basket,
  emptyBasket,
  isPending,
  type Line,
  type Loaded,
  type Mark,
  marked,
  press,
  remove,
  review,
  seenBy,
  setQuantity,
} from '../../src/shop/checkout/basket'
import { type Checkouts, createCheckouts } from '../../src/shop/checkout/runner'
import { type BasketStore, createStore, type Cupboard, parse } from '../../src/shop/checkout/storage'

/**
 * A store as the contract says it is: the user's key makes the order, a repeat is answered the same order, another
 * request under the key is 422, and a refusal changes nothing.
 */
class Shop {
  readonly orders = new Map<string, { id: string; body: string; basket: string }>()
  stock = 2

  loaded(): Loaded {
    return { price: { amount: 100, currency: 'GBP' }, stock_status: this.stock > 0 ? 'in_stock' : 'out_of_stock' }
  }

  take(user: string, key: string, body: Checkout, basket: string): Answer {
    const text = JSON.stringify(body)
    const stored = this.orders.get(`${user} ${key}`)
    if (stored) return stored.body === text ? { kind: 'placed', order_id: stored.id } : { kind: 'earlier', order_id: stored.id }
    const wanted = body.items[0]?.quantity ?? 0
    if (wanted > this.stock) return { kind: 'refused', marks: { lamp: { kind: 'stock', available: this.stock, at: 0 } } }
    this.stock -= wanted
    const order = { id: `order-${this.orders.size}`, body: text, basket }
    this.orders.set(`${user} ${key}`, order)
    return { kind: 'placed', order_id: order.id }
  }
}

/** What becomes of one request. A late one is carried out, or not, when something else has happened. */
type Fate = 'answered' | 'answer lost' | 'request lost' | 'late' | 'doubled' | 'busy'
const FATES: Fate[] = ['answered', 'answer lost', 'request lost', 'late', 'doubled', 'busy']

type Deed = 'press' | 'press twice' | 'mend' | 'edit' | 'reload' | 'close' | 'new tab' | 'wait' | 'deliver' | 'ask again' | 'log out' | 'log in' | 'restock' | 'look'
const DEEDS: Deed[] = ['press', 'press twice', 'mend', 'edit', 'reload', 'close', 'new tab', 'wait', 'deliver', 'ask again', 'log out', 'log in', 'restock', 'look']

const OFTEN: Deed[] = ['press', 'wait', 'mend', 'restock', 'look', 'deliver']

/** One browser: tabs over one localStorage, one lock, one session. */
class Browser {
  readonly shop = new Shop()
  readonly fates: Fate[]
  readonly late: (() => void)[] = []
  readonly kept = new Map<string, string>()
  tabs: Tab[] = []
  user: string | undefined = 'ada'
  now = 0
  ids = 0
  turn: Tab | undefined
  waiting: { tab: Tab; start: () => void }[] = []
  isFull = false

  constructor(fates: Fate[]) {
    this.fates = fates
    this.tabs = [new Tab(this)]
  }

  newId = () => `id-${this.ids++}`

  cupboard(): Cupboard {
    return {
      getItem: (name) => this.kept.get(name) ?? null,
      removeItem: (name) => void this.kept.delete(name),
      setItem: (name, value) => {
        if (this.isFull) throw new Error('full')
        this.kept.set(name, value)
      },
    }
  }

  /** The lock goes on to who waits, and so it does when its tab is closed. */
  release(tab: Tab): void {
    if (this.turn !== tab) return
    const next = this.waiting.shift()
    this.turn = next?.tab
    next?.start()
  }
}

class Tab {
  readonly browser: Browser
  readonly store: BasketStore
  readonly checkouts: Checkouts
  isOpen = true
  private wake: (() => void) | undefined

  constructor(browser: Browser) {
    this.browser = browser
    this.store = createStore(() => browser.cupboard(), browser.newId)
    this.checkouts = createCheckouts({
      store: this.store,
      lock: (work) => this.locked(work),
      send: (body, key) => this.send(body, key),
      sleep: () => this.until((done) => (this.wake = done)),
      now: () => browser.now,
      newId: browser.newId,
      user: () => browser.user,
    })
  }

  /** A promise that a closed tab never sees the end of. */
  private until<T>(begin: (done: (value: T) => void) => void): Promise<T> {
    return new Promise((resolve) => begin((value) => this.isOpen && resolve(value)))
  }

  private async locked(work: () => Promise<void>): Promise<void> {
    const { browser } = this
    if (browser.turn) await this.until<void>((start) => browser.waiting.push({ tab: this, start }))
    else browser.turn = this
    if (!this.isOpen) return this.until(() => {})
    await work()
    browser.release(this)
  }

  private send(body: Checkout, key: string): Promise<Answer> {
    const { browser } = this
    const user = browser.user ?? ''
    const basket = this.store.read().id
    const take = () => browser.shop.take(user, key, body, basket)
    const lost: Answer = { kind: 'unknown' }
    const fate = browser.fates.shift() ?? 'answered'
    return this.until((answer) => {
      if (fate === 'late') browser.late.push(() => void take())
      if (fate === 'answer lost') take()
      if (fate === 'doubled') take()
      answer(fate === 'answered' || fate === 'doubled' ? take() : lost)
    })
  }

  awake(): void {
    this.wake?.()
  }

  close(): void {
    this.isOpen = false
    const { browser } = this
    browser.tabs = browser.tabs.filter((tab) => tab !== this)
    browser.waiting = browser.waiting.filter(({ tab }) => tab !== this)
    browser.release(this)
  }

  /** Presses the button that shows this basket. */
  press(): void {
    const basket = this.store.read()
    if (isPending(basket) || basket.lines.length === 0 || marked(basket).length > 0) return
    void this.checkouts.order({ basket: basket.id, body: bodyOf(basket), prices: {} })
  }
}

function bodyOf(basket: Basket): Checkout {
  const units = basket.lines.reduce((sum, line) => sum + line.quantity, 0)
  return {
    items: basket.lines.map(({ product_id, quantity }) => ({ product_id, quantity })),
    expected_total: { amount: 100 * units, currency: 'GBP' },
  }
}

const settled = async () => {
  for (let i = 0; i < 30; i++) await Promise.resolve()
}

async function act(browser: Browser, deed: Deed, which: number): Promise<void> {
  const tab = browser.tabs[which % Math.max(browser.tabs.length, 1)]
  const basket = tab?.store.read()
  if (deed === 'new tab' || !tab || !basket) return open(browser)
  if (deed === 'press') tab.press()
  if (deed === 'press twice') for (const each of [tab, ...browser.tabs]) each.press()
  if (deed === 'mend') for (const { product_id, mark } of marked(basket)) mend(tab, product_id, mark?.kind === 'stock' ? mark.available : 0)
  if (deed === 'edit') tab.store.write(setQuantity(basket, 'lamp', 1 + (which % 3)))
  if (deed === 'close') tab.close()
  if (deed === 'reload') {
    tab.close()
    open(browser)
  }
  if (deed === 'ask again') void tab.checkouts.resume(true)
  if (deed === 'deliver') browser.late.shift()?.()
  if (deed === 'wait') {
    browser.now += 20_000
    for (const each of browser.tabs) each.awake()
  }
  if (deed === 'restock') browser.shop.stock += 4
  if (deed === 'look') tab.store.write(review(basket, new Map([['lamp', browser.shop.loaded()]]), browser.now + 1))
  if (deed === 'log out') browser.user = undefined
  if (deed === 'log in') {
    browser.user = 'ada'
    for (const each of browser.tabs) void each.checkouts.resume(true)
  }
}

function mend(tab: Tab, id: string, available: number): void {
  const basket = tab.store.read()
  tab.store.write(available > 0 ? setQuantity(basket, id, available) : remove(basket, id))
}

function open(browser: Browser): void {
  const tab = new Tab(browser)
  browser.tabs.push(tab)
  void tab.checkouts.resume(true)
}

/** Weighted towards what leads to a refusal between two attempts, where a second key would be a second order. */
const runs = fc.record({
  fates: fc.array(fc.constantFrom(...FATES, 'late', 'answered'), { maxLength: 12 }),
  deeds: fc.array(fc.tuple(fc.constantFrom(...DEEDS, ...OFTEN), fc.nat(5)), { maxLength: 30 }),
  units: fc.integer({ min: 1, max: 4 }),
})

function started(fates: Fate[], units: number): Browser {
  const browser = new Browser([...fates])
  browser.tabs[0]?.store.write({ id: 'basket', lines: [{ product_id: 'lamp', quantity: units }] })
  return browser
}

/** Lets everything come to its end: what is late arrives, everybody is logged in, each tab goes on. */
async function finish(browser: Browser): Promise<Tab> {
  browser.fates.length = 0
  browser.isFull = false
  for (const deliver of browser.late.splice(0)) deliver()
  browser.user = 'ada'
  for (const tab of browser.tabs) tab.close()
  open(browser)
  const tab = browser.tabs[0] as Tab
  for (let i = 0; i < 3; i++) {
    await settled()
    for (const { product_id, mark } of marked(tab.store.read())) mend(tab, product_id, mark?.kind === 'stock' ? mark.available : 0)
    tab.press()
  }
  await settled()
  return tab
}

describe('one basket is at most one order', () => {
  it('whatever is pressed, lost, late, doubled, closed, reloaded or edited', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ fates, deeds, units }) => {
        const browser = started(fates, units)
        for (const [deed, which] of deeds) {
          await act(browser, deed, which)
          await settled()
        }
        for (const deliver of browser.late.splice(0)) deliver()
        expect([...browser.shop.orders.values()].filter((order) => order.basket === 'basket').length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 10_000 },
    )
  })

  it('and when all has come to its end, the basket is ordered and empty, or has nothing that can be ordered', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ fates, deeds, units }) => {
        const browser = started(fates, units)
        for (const [deed, which] of deeds) {
          await act(browser, deed, which)
          await settled()
        }
        const tab = await finish(browser)
        const basket = tab.store.read()
        expect(basket.lines).toEqual([])
        expect(isPending(basket)).toBe(false)
        expect(browser.shop.orders.size).toBeLessThanOrEqual(1)
        if (browser.shop.orders.size === 1) expect(basket.placed?.order_id).toBe('order-0')
      }),
      { numRuns: 1000 },
    )
  })

  it('also where storage becomes full while it is ordered', async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.nat(30), async ({ fates, deeds, units }, when) => {
        const browser = started(fates, units)
        for (const [i, [deed, which]] of deeds.entries()) {
          browser.isFull = i >= when
          await act(browser, deed, which)
          await settled()
        }
        for (const deliver of browser.late.splice(0)) deliver()
        expect([...browser.shop.orders.values()].filter((order) => order.basket === 'basket').length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a checkout', () => {
  const pressed = async (browser: Browser) => {
    browser.tabs[0]?.press()
    await settled()
    return browser.tabs[0] as Tab
  }

  it('keeps its key through a refusal, so that a late first attempt is found by the mended second', async () => {
    const browser = started(['late', 'answered'], 4)
    const tab = await pressed(browser)
    const key = tab.store.read().attempt?.key
    tab.awake() // the second request is refused: there are 2
    await settled()
    expect(tab.store.read().lines[0]?.mark).toEqual({ kind: 'stock', available: 2, at: 0 })
    browser.shop.stock = 4
    browser.late.shift()?.() // the first one arrives, and there is enough
    mend(tab, 'lamp', 2)
    tab.press()
    await settled()
    expect(tab.store.read().placed).toEqual({ basket: 'basket', user: 'ada', order_id: 'order-0', isEarlier: true })
    expect([...browser.shop.orders.keys()]).toEqual([`ada ${key}`])
  })

  it('is frozen while its outcome is not known, asks for a minute, and then waits for a person', async () => {
    const browser = started(['request lost', 'busy', 'request lost', 'busy', 'answered'], 1)
    const tab = await pressed(browser)
    const frozen = tab.store.read()
    tab.store.write(setQuantity(frozen, 'lamp', 2))
    expect(tab.store.read().lines[0]?.quantity).toBe(1)
    for (let i = 0; i < 4; i++) {
      browser.now += 20_000
      tab.awake()
      await settled()
    }
    expect(browser.shop.orders.size).toBe(0)
    expect(tab.store.read().attempt?.sends).toBe(3)
    void tab.checkouts.resume(true)
    await settled()
    tab.awake()
    await settled()
    expect(browser.shop.orders.size).toBe(1)
    expect(tab.store.read().placed?.order_id).toBe('order-0')
  })

  it('is never another user’s', async () => {
    const browser = started(['answer lost'], 1)
    const tab = await pressed(browser)
    browser.user = 'bob'
    browser.now += 20_000
    tab.awake()
    await settled()
    void tab.checkouts.resume(true)
    await settled()
    expect([...browser.shop.orders.keys()].every((order) => order.startsWith('ada '))).toBe(true)
  })

  it('is told to nobody else once it has led to an order', async () => {
    const ordered = (await pressed(started([], 1))).store.read()
    expect(ordered.placed?.user).toBe('ada')
    expect(parse(JSON.stringify(ordered))).toEqual(ordered)
    expect(seenBy(ordered, 'ada', 'next')).toBe(ordered)
    expect(seenBy(ordered, 'bob', 'next')).toEqual(emptyBasket(ordered.id))
  })

  it('that is looked into stays its user’s, whoever placed the order before', async () => {
    const tab = await pressed(started(['answer lost'], 1))
    const pending = { ...tab.store.read(), placed: { basket: 'before', user: '', order_id: 'order', isEarlier: false } }
    expect(seenBy(pending, 'ada', 'next')).toEqual(tab.store.read())
    expect(seenBy(pending, 'bob', 'next')).toEqual(emptyBasket('next'))
  })

  it('orders nothing that another tab has changed since it was shown', async () => {
    const browser = started([], 1)
    open(browser)
    const [first, second] = browser.tabs as [Tab, Tab]
    const shown = first.store.read()
    second.store.write(setQuantity(second.store.read(), 'lamp', 2))
    await first.checkouts.order({ basket: shown.id, body: bodyOf(shown), prices: {} })
    expect(browser.shop.orders.size).toBe(0)
    expect(isPending(first.store.read())).toBe(false)
  })

  it('that waited for another tab orders nothing of a basket that was filled anew meanwhile', async () => {
    const browser = started(['request lost', 'answered'], 1)
    open(browser)
    const [first, second] = browser.tabs as [Tab, Tab]
    first.press()
    const shown = first.store.read()
    void second.checkouts.order({ basket: shown.id, body: bodyOf(shown), prices: {} })
    await settled()
    first.awake()
    await Promise.resolve()
    while (first.store.read().id === shown.id) await Promise.resolve()
    first.store.write({ ...first.store.read(), lines: shown.lines })
    await settled()
    expect(browser.shop.orders.size).toBe(1)
  })

  it('asks to agree to the prices that moved, and not to those that were shown', () => {
    const lines = [{ product_id: 'lamp', quantity: 1 }, { product_id: 'hook', quantity: 2 }]
    const body = { items: lines, expected_total: { amount: 8300, currency: 'GBP' } }
    const prices = { lamp: 6400, hook: 950 }
    const pending = press({ ...emptyBasket('basket'), lines }, { user: 'ada', key: 'key', body, prices, now: 0 })
    const price = (amount: number) => ({ kind: 'price' as const, price: { amount, currency: 'GBP' }, at: 0 })
    const after = answered(pending, 'key', { kind: 'refused', marks: { lamp: price(6600), hook: price(950) } }, 'next')
    expect(after.lines.map((line) => line.mark)).toEqual([price(6600), undefined])
  })

  describe('a price that moves while the basket stands', () => {
    const pounds = (amount: number) => ({ amount, currency: 'GBP' })
    const loaded = (basket: Basket, amount: number, at: number) => review(basket, new Map([['lamp', { price: pounds(amount), stock_status: 'in_stock' as const }]]), at)
    const seen = loaded(add(emptyBasket('basket'), 'lamp', 1), 6400, 1)
    const line = (basket: Basket) => basket.lines[0]

    it('is agreed to when it is first shown, and asked about when it is another', () => {
      expect(line(seen)).toMatchObject({ agreed: { price: pounds(6400), at: 1 } })
      expect(loaded(seen, 6400, 2)).toBe(seen)
      const moved = loaded(seen, 6600, 2)
      expect(line(moved)?.mark).toEqual({ kind: 'price', price: pounds(6600), at: 2 })
      expect(line(acceptPrice(moved, 'lamp'))).toEqual({ product_id: 'lamp', quantity: 1, agreed: { price: pounds(6600), at: 2 } })
    })

    it('asks no more when it is back, and again when it moves on', () => {
      const moved = loaded(seen, 6600, 2)
      expect(line(loaded(moved, 6400, 3))?.mark).toBeUndefined()
      expect(line(loaded(moved, 6700, 3))?.mark).toMatchObject({ price: pounds(6700) })
    })

    it('is not said by what another tab, or a cache, had before', () => {
      const moved = loaded(seen, 6600, 5)
      expect(loaded(moved, 6400, 4)).toBe(moved)
      const accepted = acceptPrice(moved, 'lamp')
      expect(loaded(accepted, 6400, 4)).toBe(accepted)
    })

    it('changes no basket whose order is being looked into, and comes back from storage', () => {
      const body = { items: [{ product_id: 'lamp', quantity: 1 }], expected_total: pounds(6400) }
      const pending = press(seen, { user: 'ada', key: 'key', body, prices: { lamp: 6400 }, now: 0 })
      expect(loaded(pending, 6600, 2)).toBe(pending)
      expect(parse(JSON.stringify(loaded(seen, 6600, 2)))).toEqual(loaded(seen, 6600, 2))
    })
  })

  describe('a line that was refused', () => {
    const loaded: Loaded = { price: { amount: 6400, currency: 'GBP' }, stock_status: 'in_stock' }
    const agreed = { price: loaded.price, at: 1 }
    const refused = (mark: Mark): Basket => ({ ...emptyBasket('basket'), lines: [{ product_id: 'lamp', quantity: 3, agreed, mark }] })
    const seen = (mark: Mark, product: Partial<Loaded> = {}, at = 6): Line | undefined =>
      review(refused(mark), new Map([['lamp', { ...loaded, ...product }]]), at).lines[0]
    const unmarked = { product_id: 'lamp', quantity: 3, agreed }
    const soldOut: Mark = { kind: 'stock', available: 0, at: 5 }
    const gone: Mark = { kind: 'gone', at: 5 }
    const limited: Mark = { kind: 'limit', allowed: 2, at: 5 }

    it('may be ordered again once the product is in stock, or for sale again', () => {
      expect(seen(soldOut)).toEqual(unmarked)
      expect(seen({ kind: 'stock', available: 1, at: 5 }, { stock_status: 'low_stock' })).toEqual(unmarked)
      expect(seen(gone, { stock_status: 'out_of_stock' })).toEqual(unmarked)
    })

    it('stays marked while the product is sold out, or is not there', () => {
      expect(seen(soldOut, { stock_status: 'out_of_stock' })?.mark).toEqual(soldOut)
      expect(review(refused(gone), new Map(), 6)).toEqual(refused(gone))
    })

    it('stays marked whatever was loaded before the refusal, or by a cache', () => {
      for (const mark of [soldOut, gone, limited]) expect(seen(mark, {}, 5)?.mark).toEqual(mark)
    })

    it('follows the limit, and not the stock', () => {
      expect(seen(limited)).toEqual(unmarked)
      expect(seen(limited, { max_per_order: 3, stock_status: 'out_of_stock' })).toEqual(unmarked)
      expect(seen(limited, { max_per_order: 2 })?.mark).toEqual(limited)
      expect(seen(limited, { max_per_order: 1 })?.mark).toEqual({ kind: 'limit', allowed: 1, at: 6 })
    })

    it('is asked about at once if its price has moved meanwhile', () => {
      const price = { amount: 6600, currency: 'GBP' }
      expect(seen(soldOut, { price })?.mark).toEqual({ kind: 'price', price, at: 6 })
    })

    it('comes back from storage, also from one of a version that knew no time', () => {
      expect(parse(JSON.stringify(refused(limited)))).toEqual(refused(limited))
      const { at: _, ...old } = soldOut
      expect(parse(JSON.stringify({ ...refused(soldOut), lines: [{ ...unmarked, mark: old }] }))?.lines[0]?.mark).toEqual({ ...soldOut, at: 0 })
    })
  })
})
