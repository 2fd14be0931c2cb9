/** What every browser test has: pages that may neither complain nor call anybody else, and people who can do things. */
import { type BrowserContext, expect, type Page, type Route, test as base } from '@playwright/test'
import axe from 'axe-core'
import type { Person } from './store'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** The bucket that the desk uploads pictures to. */
export const UPLOADS = /^http:\/\/127\.0\.0\.1:\d+\/[a-z0-9.-]*pictureuploads[a-z0-9.-]*$/

export const test = base.extend<{ watched: string[] }>({
  // Chromium's own line for a refused or failed request is no complaint of ours.
  watched: [
    async ({ context, baseURL }, use) => {
      const complaints: string[] = []
      context.on('console', (message) => {
        if (!['error', 'warning'].includes(message.type()) || message.text().startsWith('Failed to load resource')) return
        complaints.push(message.text())
      })
      context.on('weberror', (error) => complaints.push(String(error.error())))
      context.on('request', (request) => {
        const url = request.url()
        const isUpload = ['POST', 'OPTIONS'].includes(request.method()) && UPLOADS.test(url)
        if (!url.startsWith(baseURL ?? '') && !/^(data|blob):/.test(url) && !isUpload) complaints.push(`foreign request: ${url}`)
      })
      await use(complaints)
      expect(complaints).toEqual([])
    },
    { auto: true },
  ],
})

export { expect }

/** The sights in which pages are looked at. */
export const looks = [
  { name: '1280-light', viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  { name: '375-light', viewport: { width: 375, height: 812 }, colorScheme: 'light' },
  { name: '1280-dark', viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  { name: '375-dark', viewport: { width: 375, height: 812 }, colorScheme: 'dark' },
] as const

/** Keeps a picture for people to look at, where SHOP_PICTURES asks for them: they take their time. */
export async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  if (process.env.SHOP_PICTURES) await page.screenshot({ path: `screenshots/${name}.png`, fullPage })
}

/** Logs in by the form. */
export async function logIn(page: Page, person: { email: string; password: string }, path = '/log-in'): Promise<void> {
  await page.goto(path)
  await page.getByLabel('E-mail address').fill(person.email)
  await page.getByLabel('Password', { exact: true }).fill(person.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('button', { name: 'Log in' })).toHaveCount(0)
}

/**
 * Handles the first request to the address. The route stays, and lets the others through: where one is taken away, by
 * `times` for instance, a request of that moment may fail.
 */
export async function routeOnce(page: Page, url: string | RegExp, handle: (route: Route) => Promise<void>): Promise<void> {
  let isFirst = true
  await page.route(url, (route) => {
    if (!isFirst) return route.fallback()
    isFirst = false
    return handle(route)
  })
}

/** Puts a product into the basket and goes there. */
export async function toCart(page: Page, product: string, quantity = 1): Promise<void> {
  await page.goto(`/products/${product}`)
  await page.getByRole('textbox', { name: 'Quantity' }).fill(String(quantity))
  await page.getByRole('button', { name: 'Add to basket' }).click()
  await page.getByRole('link', { name: 'Go to the basket' }).click()
  await expect(page.getByRole('heading', { name: 'Basket' })).toBeVisible()
}

/** Cancels the order whose page is open, as a customer or at the desk. */
export async function cancelByDialog(page: Page): Promise<void> {
  await page.getByRole('main').getByRole('button', { name: 'Cancel the order' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the order' }).click()
}

export const placeButton = (page: Page) => page.getByRole('button', { name: /^Place order for/ })

export async function expectOrderPage(page: Page): Promise<void> {
  await expect(page).toHaveURL(/\/orders\/ord_/, { timeout: 60_000 })
  await expect(page.getByRole('heading', { name: 'Your order' })).toBeVisible()
}

/** The page of an order says that its mail was sent. It looks for two minutes, and a mail of the relay takes longer. */
export async function expectMailed(page: Page): Promise<void> {
  const main = page.getByRole('main')
  const isSent = async () => {
    if (await main.getByText('The e-mail has not been sent yet.', { exact: false }).isVisible()) await page.reload()
    return main.getByText('Sent by e-mail.').isVisible()
  }
  await expect.poll(isSent, { timeout: 240_000 }).toBe(true)
}

/** axe finds nothing, and nothing is wider than the page. */
export async function expectAccessible(page: Page): Promise<void> {
  expect(await judge(page), page.url()).toEqual([])
  await expectNoOverflow(page)
}

/** What axe finds. It tells that alone: all that it looked at takes ten times as long to be handed over. */
async function judge(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  return page.evaluate(async (values) => {
    const { run } = (window as unknown as { axe: typeof axe }).axe
    const { violations } = await run(document, { runOnly: values, resultTypes: ['violations'] })
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)
  }, TAGS)
}

/** Nothing is wider than the page, once what follows its width, as a chart does, has done so. */
export async function expectNoOverflow(page: Page): Promise<void> {
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  await expect.poll(overflow, { message: page.url() }).toBeLessThanOrEqual(0)
}

/** Everything that scripts have stored or an address shows. */
export async function storedTexts(page: Page): Promise<string> {
  return page.evaluate(() => JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }) + location.href)
}

export type { BrowserContext, Page, Person }
