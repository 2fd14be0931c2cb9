/** Journeys on which calls of the store to its database fail: the browser sees what a customer would. */
import type { Request } from '@playwright/test'
import { setRole, withFaults, withSettings } from './aws'
import { admin, movementsOf, newPerson, newProduct, ordersOf, productOf } from './store'
import { expect, expectOrderPage, logIn, placeButton, test, toCart } from './test'

const FINDING = 'We are finding out whether your order was placed'
const TRANSACTION = 'TransactWriteItems'

test('journey 4: the database’s answers are lost after the commit, the page is reloaded: one order', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  await logIn(page, person)
  await toCart(page, product.product_id)
  await withFaults([{ operation: TRANSACTION, fault: 'answer lost' }], async (lift) => {
    await placeButton(page).click()
    await expect(page.getByText(FINDING)).toBeVisible()
    await expect(page.getByRole('button', { name: /^One .* more$/ })).toBeDisabled()
    await page.reload()
    await expect(page.getByText(FINDING)).toBeVisible()
    await lift()
    await expectOrderPage(page)
  })
  expect(await ordersOf(person)).toHaveLength(1)
  expect((await productOf(product.product_id)).stock).toBe(19)
})

for (const fault of ['answer lost', 'half an answer', 'late', 'reset', 'throttled', 'mixed conflict'] as const) {
  test(`a checkout whose transaction meets “${fault}” is one order`, async ({ page }) => {
    const [person, product] = [await newPerson(), await newProduct()]
    await logIn(page, person)
    await toCart(page, product.product_id, 2)
    await withFaults([{ operation: TRANSACTION, fault, times: 3, delay: 1500 }], async () => {
      await placeButton(page).click()
      await expectOrderPage(page)
    })
    await page.waitForTimeout(fault === 'late' ? 2000 : 0) // the late attempts arrive
    expect(await ordersOf(person)).toHaveLength(1)
    expect((await productOf(product.product_id)).stock).toBe(18)
  })
}

test('journey 5: 503 three times while the database is throttled, then 201, with one key', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  await logIn(page, person)
  await toCart(page, product.product_id)
  const answers: { status: number; key: string | undefined }[] = []
  page.on('response', (response) => {
    if (!response.url().endsWith('/api/orders') || response.request().method() !== 'POST') return
    answers.push({ status: response.status(), key: response.request().headers()['idempotency-key'] })
  })
  await withFaults([{ operation: TRANSACTION, fault: 'throttled' }], async (lift) => {
    let goOn = () => {}
    const lifted = new Promise<void>((done) => (goOn = done))
    await page.route('**/api/orders', async (route) => {
      if (answers.length === 3) await lifted // a fourth one meets no fault, however late it was seen that there were three
      await route.continue()
    })
    await placeButton(page).click()
    await expect.poll(() => answers.length, { timeout: 60_000 }).toBe(3)
    await lift()
    goOn()
    await expectOrderPage(page)
  })
  expect(answers.map((answer) => answer.status)).toEqual([503, 503, 503, 201])
  expect(new Set(answers.map((answer) => answer.key)).size).toBe(1)
  expect(await ordersOf(person)).toHaveLength(1)
})

test('journey 15: an adjustment whose answers the database loses is made once', async ({ page }) => {
  const product = await newProduct({ name: `Zz fault ${Date.now()}`, stock: 10 })
  await logIn(page, admin(), `/admin/products/${product.product_id}`)
  await page.getByRole('button', { name: 'Change the stock' }).click()
  await page.getByRole('textbox', { name: 'Difference in' }).fill('5')
  await page.getByRole('combobox', { name: 'Reason' }).fill('delivery')
  await withFaults([{ operation: TRANSACTION, fault: 'answer lost', times: 3 }], async () => {
    await page.keyboard.press('Enter')
    await expect(page.locator('.stock-number')).toHaveText('15')
  })
  expect((await movementsOf(product.product_id)).filter((each) => each.reason === 'delivery')).toHaveLength(1)
})

test('journey 15: an admin who is demoted in mid-session changes nothing more, and sees no desk', async ({ page }) => {
  const [boss, product] = [await newPerson(), await newProduct({ name: `Zz demoted ${Date.now()}`, stock: 10 })]
  await setRole(boss, 'admin')
  await logIn(page, boss, `/admin/products/${product.product_id}`)
  await page.getByRole('button', { name: 'Set the stock' }).click()
  await page.getByLabel('Counted stock').fill('3')
  await setRole(boss, 'customer')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Your account is not allowed to do this.')).toBeVisible()
  expect((await productOf(product.product_id)).stock).toBe(10)
  await page.reload()
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible()
  await logIn(page, boss)
  await page.goto('/admin/')
  await expect(page.getByRole('heading', { name: 'This is not a staff account' })).toBeVisible()
})

test('journey 10: a page that is left during a refresh stays logged in, though no used token is answered again', async ({ page }) => {
  await withSettings({ REFRESH_GRACE: '0s' }, async () => {
    await logIn(page, await newPerson())
    const asked = page.waitForRequest((request) => request.url().endsWith('/browser-sessions/refresh'))
    await withFaults([{ operation: 'UpdateItem', fault: 'slow', times: 1, delay: 1500 }], async () => {
      const secret = async () => (await page.context().cookies()).find((cookie) => cookie.name === '__Host-session')?.value
      const used = await secret()
      await page.goto('/account', { waitUntil: 'commit' })
      await asked
      await page.goto('/reference/')
      await expect.poll(secret).not.toBe(used) // the refresh has come to its end
    })
    await page.goto('/account')
    await expect(page.getByRole('heading', { name: 'Your details' })).toBeVisible()
  })
})

test('journey 10: a stolen token that is used after the grace ends the session, of thief and owner alike', async ({ page, playwright, baseURL }) => {
  const person = await newPerson()
  await withSettings({ REFRESH_GRACE: '1s' }, async () => {
    await logIn(page, person)
    const stolen = (await page.context().cookies()).find((cookie) => cookie.name === '__Host-session')?.value ?? ''
    await page.goto('/account') // renews
    await expect(page.getByRole('heading', { name: 'Your details' })).toBeVisible()
    await page.waitForTimeout(1500)
    const thief = await playwright.request.newContext({ ...(baseURL && { baseURL }) })
    const headers = { Cookie: `__Host-session=${stolen}`, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/json' }
    expect((await thief.post('/api/browser-sessions/refresh', { headers, data: '{}' })).status()).toBe(401)
    await thief.dispose()
    await page.reload()
    await expect(page.getByText('Your session has ended. Log in again.')).toBeVisible()
  })
})

test('the API at 503 for a minute: pages say so and go on by themselves or by a button, and the order is one', async ({ page, context }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  await page.clock.install()
  await logIn(page, person)
  await toCart(page, product.product_id)
  const catalogue = await context.newPage()
  const refused: number[] = []
  catalogue.on('response', (response) => void (response.url().includes('/api/products') && refused.push(response.status())))
  let underWay = 0
  const isCheckout = (request: Request) => request.method() === 'POST' && request.url().endsWith('/api/orders')
  page.on('request', (request) => void (underWay += Number(isCheckout(request))))
  page.on('requestfinished', (request) => void (underWay -= Number(isCheckout(request))))
  page.on('requestfailed', (request) => void (underWay -= Number(isCheckout(request))))
  const operations = [TRANSACTION, 'Query', 'GetItem', 'BatchGetItem', 'UpdateItem']
  await withFaults(operations.map((operation) => ({ operation, fault: 'throttled' })), async () => {
    await placeButton(page).click()
    await catalogue.goto('/?q=b') // which no cache has
    await expect(page.getByText(FINDING)).toBeVisible()
    await expect(catalogue.getByText('The shop is very busy. Trying again …')).toBeVisible()
    const ask = page.getByRole('button', { name: 'Ask again' })
    const minute = async () => {
      await page.clock.fastForward(10_000)
      return ask.isVisible()
    }
    await expect.poll(minute, { timeout: 100_000 }).toBe(true)
    await expect(page.getByText('Your order may or may not have been placed', { exact: false })).toBeVisible()
    await expect(catalogue.getByText('The shop is very busy. Wait a moment and try again.')).toBeVisible({ timeout: 100_000 })
    // The page's clock ran ahead of the store's: a request that is still under way would place the order by itself.
    await expect.poll(() => underWay).toBe(0)
  })
  expect(new Set(refused)).toEqual(new Set([503]))
  await catalogue.getByRole('button', { name: 'Try again' }).click()
  await expect(catalogue.locator('.card').first()).toBeVisible()
  await page.getByRole('button', { name: 'Ask again' }).click()
  await expectOrderPage(page)
  expect(await ordersOf(person)).toHaveLength(1)
})
