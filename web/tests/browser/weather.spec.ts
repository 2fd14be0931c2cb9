/** Other stores, other clocks, other browsers: currencies, zones, slow networks, full storage, pages that are kept whole. */
import { whileVerifying, withSettings } from './aws'
import { admin, buy, newPerson, newProduct, ordersOf, tokenOf } from './store'
import { expect, expectOrderPage, logIn, placeButton, storedTexts, test, toCart } from './test'

const MINUTE = 60_000
const FULL = 'This browser does not let us store your basket'

test('journey 2: a store that verifies addresses mails a link, whose button opens the account', async ({ page }) => {
  const person = { email: `link-${Date.now()}@example.com`, password: 'a long walk home', name: 'Grace Link' }
  await whileVerifying(async () => {
    await page.goto('/sign-up')
    await page.getByLabel('Name').fill(person.name)
    await page.getByLabel('E-mail address').fill(person.email)
    await page.getByLabel('Password', { exact: true }).fill(person.password)
    await page.getByRole('button', { name: 'Sign up' }).click()
    await expect(page.getByRole('heading', { name: 'Check your e-mail' })).toBeVisible()
  })
  await page.goto('/log-in')
  await page.getByLabel('E-mail address').fill(person.email)
  await page.getByLabel('Password', { exact: true }).fill(person.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('alert')).toBeVisible() // not before the address is verified
  const token = await tokenOf(person.email, 'verify-email')
  await page.goto(`/verify-email#token=${token}`)
  expect(page.url()).not.toContain(token)
  expect(await storedTexts(page)).not.toContain(token)
  await page.getByRole('button', { name: 'Verify my address' }).click()
  await expect(page.getByText('Your address is verified. You can log in now.').first()).toBeVisible()
  await logIn(page, person)
  await page.goto('/account')
  await expect(page.getByLabel('Name')).toHaveValue(person.name)
})

for (const { currency, price, total, wrong, right } of [
  { currency: 'JPY', price: 'JP¥6,400', total: 'JP¥12,800', wrong: '64.5', right: '7000' },
  { currency: 'KWD', price: 'KWD 6.400', total: 'KWD 12.800', wrong: '6.4001', right: '7' },
]) {
  test(`a store in ${currency} shows, takes and sells amounts with that currency’s digits`, async ({ page }) => {
    const [person, product] = [await newPerson(), await newProduct()]
    const spaced = (text: string) => new RegExp(text.replaceAll(' ', String.raw`\s`).replaceAll('.', String.raw`\.`)) // Intl's blank is one that does not break
    await withSettings({ CURRENCY: currency }, async () => {
      await logIn(page, person)
      await toCart(page, product.product_id, 2)
      await expect(page.locator('.line-name .amount')).toHaveText(spaced(price))
      await expect(placeButton(page)).toHaveText(spaced(`Place order for ${total}`))
      await placeButton(page).click()
      await expectOrderPage(page)
      await expect(page.locator('tfoot')).toContainText(spaced(total))
      await page.goto('/account')
      await page.getByRole('button', { name: 'Log out', exact: true }).click()
      await logIn(page, admin(), `/admin/products/${product.product_id}`)
      await page.getByLabel('Price').fill(wrong)
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await expect(page.locator('#price-error, .field-error').first()).toBeVisible()
      await page.getByLabel('Price').fill(right)
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await expect(page.getByText('Saved.').first()).toBeVisible()
    })
    expect((await ordersOf(person)).map((order) => order.total)).toEqual([{ amount: 12800, currency }])
    await page.goto('/admin/sales') // of a store that sells in pounds again
    await expect(page.getByText('Revenue in other currencies:')).toContainText(spaced(currency === 'JPY' ? 'JP¥' : currency))
    await expect(page.getByText('Average order')).toHaveCount(0)
  })
}

for (const minutes of [-10, 10]) {
  test(`a clock that is ${Math.abs(minutes)} minutes ${minutes < 0 ? 'slow' : 'fast'}: logged in, one order, no refresh too many`, async ({ page }) => {
    await page.clock.install({ time: Date.now() + minutes * MINUTE })
    const [person, product] = [await newPerson(), await newProduct()]
    let refreshes = 0
    page.on('request', (request) => void (refreshes += request.url().endsWith('/browser-sessions/refresh') ? 1 : 0))
    await logIn(page, person)
    await toCart(page, product.product_id)
    await placeButton(page).click()
    await expectOrderPage(page)
    await page.getByRole('link', { name: 'Orders', exact: true }).first().click()
    await expect(page.locator('.order-row')).toHaveCount(1)
    expect(refreshes).toBeLessThanOrEqual(1)
    expect(await ordersOf(person)).toHaveLength(1)
  })
}

test.describe('in the zone UTC+13', () => {
  test.use({ timezoneId: 'Pacific/Tongatapu' })

  test('journey 16: the desk’s days are the shop’s, and times the reader’s own', async ({ page }) => {
    const person = await newPerson()
    const order = await buy(person, (await newProduct()).product_id, 1)
    const day = order.placed_at.slice(0, 10)
    await page.clock.setFixedTime(`${day}T11:00:00Z`) // midnight there: the next day has begun
    const asked: URLSearchParams[] = []
    page.on('request', (request) => {
      if (request.url().includes('/admin/orders')) asked.push(new URL(request.url()).searchParams)
    })
    await logIn(page, admin(), '/admin/sales')
    await expect(page.getByText('Days are in the store’s time zone, UTC.')).toBeVisible()
    await page.getByRole('link', { name: 'Table' }).click()
    const newest = page.getByRole('region', { name: 'Revenue by day' }).getByRole('row').nth(1)
    await expect(newest.getByRole('link')).toHaveAttribute('href', `/admin/orders?from=${day}&to=${day}`)
    await newest.getByRole('link').click()
    await expect(page.getByRole('row').filter({ hasText: order.order_id })).toBeVisible()
    expect([asked.at(-1)?.get('from'), asked.at(-1)?.get('to')]).toEqual([day, day]) // no instants of this clock
    await page.goto(`/admin/orders/${order.order_id}`)
    const local = new Date(Date.parse(order.placed_at) + 13 * 60 * MINUTE)
    await expect(page.locator('main time')).toContainText(`${local.getUTCDate()} `)
    await expect(page.locator('main time')).toContainText(local.toISOString().slice(11, 16))
    await expect(page.locator('main time')).toHaveAttribute('title', /UTC/)
  })
})

test('journey 13: where storage is full, the basket is this page’s alone, can be ordered once, and a log-out ends the session', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  await logIn(page, person)
  await page.evaluate(() => {
    for (let size = 1 << 20; size > 0; size >>= 1) {
      try {
        for (let i = 0; ; i++) localStorage.setItem(`full-${size}-${i}`, 'x'.repeat(size))
      } catch {
        // the next smaller piece
      }
    }
  })
  await toCart(page, product.product_id)
  await expect(page.getByText(FULL, { exact: false })).toBeVisible()
  await placeButton(page).click()
  await expectOrderPage(page)
  await page.goto('/cart')
  await expect(page.getByText('Your basket is empty')).toBeVisible()
  expect(await ordersOf(person)).toHaveLength(1)
  await page.getByRole('link', { name: 'Account', exact: true }).click()
  const revoked = page.waitForResponse((response) => response.url().endsWith('/browser-sessions/revoke'))
  await page.getByRole('button', { name: 'Log out', exact: true }).click()
  expect((await revoked).status()).toBe(204)
})

test('journey 14: on slow 3G the page says that it loads, and the order is one', async ({ page, context }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  await logIn(page, person)
  const network = await context.newCDPSession(page)
  await network.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 })
  let isSeen = () => {}
  const seen = new Promise<void>((done) => (isSeen = done))
  await page.route(`**/api/products/${product.product_id}`, async (route) => {
    await seen // that it loads: the answer comes whenever it comes
    await route.continue()
  })
  await page.goto(`/products/${product.product_id}`, { waitUntil: 'commit' })
  await expect(page.locator('[aria-busy="true"] .skeleton').first()).toBeVisible()
  isSeen()
  await expect(page.getByRole('heading', { name: product.name })).toBeAttached()
  await page.getByRole('button', { name: 'Add to basket' }).click()
  await page.getByRole('link', { name: 'Go to the basket' }).click()
  await placeButton(page).dblclick()
  await expectOrderPage(page)
  expect(await ordersOf(person)).toHaveLength(1)
})

test('a basket of 99 products says that it is too long for one order; 98 are ordered', async ({ page }) => {
  const person = await newPerson()
  const products = []
  for (let i = 0; i < 99; i++) products.push(await newProduct({ name: `Zz long ${i}`, price: { amount: 100, currency: 'GBP' } }))
  await logIn(page, person)
  const lines = products.map((product) => ({ product_id: product.product_id, quantity: 1 }))
  await page.evaluate((stored) => localStorage.setItem('shop.cart', JSON.stringify({ id: 'long', lines: stored })), lines)
  await page.goto('/cart')
  await expect(page.locator('.line')).toHaveCount(99)
  await expect(page.getByText('One order can have at most 98 different products. Remove some.')).toBeVisible()
  await expect(placeButton(page)).toBeDisabled()
  await page.getByRole('button', { name: 'Remove Zz long 7', exact: true }).click()
  await expect(placeButton(page)).toHaveText('Place order for £98.00')
  await placeButton(page).click()
  await expectOrderPage(page)
  expect((await ordersOf(person)).map((order) => order.items.length)).toEqual([98])
})

/** A headless Chromium keeps no page whole, so the page is told what one that comes back is told, and hears nothing before. */
test('journey 8: Back, and a page that the browser kept whole, show no basket that could be ordered again', async ({ page, context }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  await logIn(page, person)
  await page.addInitScript(() => addEventListener('storage', (event) => event.stopImmediatePropagation()))
  await toCart(page, product.product_id)
  await page.goto('/cart')
  await expect(placeButton(page)).toBeEnabled()
  const second = await context.newPage()
  await second.goto('/cart')
  await placeButton(second).click()
  await expectOrderPage(second)
  await expect(placeButton(page)).toBeEnabled()
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })))
  await expectOrderPage(page)
  expect(page.url()).toBe(second.url())
  await second.goBack()
  await second.goto('/cart')
  await expect(second.getByText('Your basket is empty')).toBeVisible()
  expect(await ordersOf(person)).toHaveLength(1)
})
