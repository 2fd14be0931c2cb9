/** Every page in its states: looked at by axe, at two widths, light and dark, with pictures for people. */
import { admin, buy, newPerson, newProduct } from './store'
import { expect, expectAccessible, logIn, looks, type Page, placeButton, test, toCart } from './test'

async function look(page: Page, name: string, as: string): Promise<void> {
  await page.waitForLoadState('networkidle')
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
  await page.screenshot({ path: `screenshots/${name}-${as}.png`, fullPage: true })
  await expectAccessible(page)
}

/** The first sight of each application: the pictures of README.md, which docs/pictures keeps. */
test('the pictures of the README', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 860 })
  await page.goto('/')
  await page.waitForLoadState('networkidle')
  await expect(page.getByRole('link', { name: 'Brass desk lamp' }).first()).toBeVisible()
  await page.screenshot({ path: 'screenshots/readme-shop.png' })
  await logIn(page, admin(), '/admin/')
  await page.goto('/admin/')
  await expect(page.getByRole('table').getByText('Brass desk lamp').first()).toBeVisible()
  await page.waitForLoadState('networkidle')
  await page.screenshot({ path: 'screenshots/readme-desk.png' })
})

for (const { name: as, viewport, colorScheme } of looks) {
  test.describe(as, () => {
    test.use({ viewport, colorScheme })
    test.describe.configure({ timeout: 240_000 }) // axe takes its time, on each page

    test('the shop of a guest', async ({ page }) => {
      for (const [name, path] of [
        ['home', '/'],
        ['search', '/?q=b'],
        ['no-match', '/?q=zzzzzz'],
        ['product', '/products/brass-desk-lamp'],
        ['sold-out', '/products/doormat-coir'],
        ['no-product', '/products/none'],
        ['empty-basket', '/cart'],
        ['log-in', '/log-in'],
        ['sign-up', '/sign-up'],
        ['forgot-password', '/forgot-password'],
        ['verify-email', '/verify-email#token=abc'],
        ['reset-password', '/reset-password#token=abc'],
        ['not-found', '/nothing/here'],
        ['orders-guest', '/orders'],
      ] as const) {
        await page.goto(path)
        await look(page, name, as)
        expect(page.url()).not.toContain('token')
      }
    })

    test('the shop of a customer', async ({ page }) => {
      const [person, product] = [await newPerson(), await newProduct({ stock: 3, name: 'Zinc bucket' })]
      await logIn(page, person)
      await page.goto('/orders')
      await look(page, 'no-orders', as)
      await buy(person, product.product_id, 1)
      await toCart(page, 'brass-desk-lamp', 2)
      await toCart(page, product.product_id, 3)
      await placeButton(page).click()
      await expect(page.getByText('Only 2 left.')).toBeVisible()
      await look(page, 'basket-conflict', as)
      await page.getByRole('button', { name: 'Take 2' }).click()
      await look(page, 'basket', as)
      await page.route('**/api/orders', (route) => route.abort())
      await placeButton(page).click()
      await expect(page.getByText('We are finding out whether your order was placed')).toBeVisible()
      await page.screenshot({ path: `screenshots/basket-finding-out-${as}.png`, fullPage: true })
      await expectAccessible(page)
      await page.unroute('**/api/orders')
      await expect(page).toHaveURL(/\/orders\/ord_/, { timeout: 30_000 })
      await look(page, 'order', as)
      await page.goto('/orders')
      await look(page, 'orders', as)
      await page.goto('/account')
      await look(page, 'account', as)
    })

    test('the desk', async ({ page }) => {
      await page.goto('/admin/')
      await look(page, 'desk-log-in', as)
      await logIn(page, admin(), '/admin/')
      for (const [name, path] of [
        ['desk-inventory', '/admin/'],
        ['desk-product', '/admin/products/brass-desk-lamp'],
        ['desk-new', '/admin/new'],
        ['desk-orders', '/admin/orders'],
        ['desk-sales', '/admin/sales'],
        ['desk-sales-table', '/admin/sales?days=28&as=table'],
      ] as const) {
        await page.goto(path)
        await look(page, name, as)
      }
    })

    test('what a page says when the store is down', async ({ page }) => {
      const body = { type: 'about:blank', title: 'Internal Server Error', status: 500, detail: 'The store failed.', code: 'internal', request_id: 'JKJaXmPLvHcESHA=' }
      await page.route('**/api/products?*', (route) => route.fulfill({ status: 400, contentType: 'application/problem+json', body: JSON.stringify(body) }))
      await page.goto('/')
      await expect(page.getByText('JKJaXmPLvHcESHA=')).toBeVisible()
      await look(page, 'failure', as)
      await page.unroute('**/api/products?*')
      await page.getByRole('button', { name: 'Try again' }).click()
      await expect(page.getByRole('link', { name: 'Bedside lamp, beech' })).toBeVisible()
    })
  })
}

for (const width of [320, 640]) {
  test(`at ${width} px with text of ${width === 640 ? 200 : 100} % nothing is cut off`, async ({ page }) => {
    await page.setViewportSize({ width, height: 700 })
    const grow = width === 640
    await page.addInitScript((isGrown) => {
      if (isGrown) addEventListener('DOMContentLoaded', () => (document.documentElement.style.fontSize = '200%'))
    }, grow)
    for (const path of ['/', '/products/brass-desk-lamp', '/cart', '/log-in', '/sign-up']) {
      await page.goto(path)
      await page.waitForLoadState('networkidle')
      await expectAccessible(page)
    }
  })
}

test('forced colours', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' })
  for (const path of ['/', '/products/brass-desk-lamp', '/log-in']) {
    await page.goto(path)
    await look(page, `forced-colours-${path.replace(/\W/g, '') || 'home'}`, '1280')
  }
})

test('the focus goes to the heading of a new page, Back restores the list and where it was', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('button', { name: 'Show more' }).click()
  await expect(page.locator('.card a:focus')).toBeVisible()
  const last = page.locator('.card a').last()
  await last.scrollIntoViewIfNeeded()
  const before = await page.evaluate(() => scrollY)
  await last.click()
  await expect(page.locator('h1')).toBeFocused()
  await page.goBack()
  await expect(page.locator('.card a').last()).toBeVisible()
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(before - 50)
})

test('journey 14: a search that is typed on aborts what it had asked for', async ({ page }) => {
  await page.goto('/')
  const asked: string[] = []
  const failed: string[] = []
  page.on('request', (request) => void (request.url().includes('q=') && asked.push(request.url())))
  page.on('requestfailed', (request) => void failed.push(request.url()))
  await page.route('**/api/products?q=b&*', async (route) => {
    await new Promise((done) => setTimeout(done, 1500))
    await route.continue().catch(() => {})
  })
  await page.getByRole('searchbox').pressSequentially('b')
  await expect.poll(() => asked.length).toBe(1)
  await page.getByRole('searchbox').pressSequentially('ra')
  await expect(page.getByRole('link', { name: 'Brass desk lamp' })).toBeVisible()
  await expect(page.locator('.card')).toHaveCount(2)
  expect(failed.some((url) => url.includes('q=b&'))).toBe(true)
})

test('journey 14: offline says so over what is shown, and goes on when the network is back', async ({ page, context }) => {
  await page.goto('/')
  await expect(page.locator('.card').first()).toBeVisible()
  await context.setOffline(true)
  await expect(page.getByText('You are offline. What you see may be out of date.')).toBeVisible()
  await expect(page.locator('.card').first()).toBeVisible()
  await context.setOffline(false)
  await expect(page.getByText('You are offline. What you see may be out of date.')).toHaveCount(0)
})
