/** An order after its checkout: its customer cancels it, admins lead it on. */
import { withFaults } from './aws'
import { admin, buy, cancel, changeStatus, newPerson, newProduct, orderOf, productOf } from './store'
import { cancelByDialog, expect, expectAccessible, expectMailed, logIn, type Page, type Person, test } from './test'

const TRANSACTION = 'TransactWriteItems'

/**
 * An order of two units of a product of which 18 are left, opened by its customer. Its mail was sent, so that the page
 * does not look at the order again by itself.
 */
async function openOrder(page: Page): Promise<{ person: Person; id: string; product: string }> {
  const [person, { product_id: product }] = [await newPerson(), await newProduct({ stock: 20 })]
  const { order_id: id } = await buy(person, product, 2)
  await logIn(page, person, `/log-in?next=/orders/${id}`)
  await expectMailed(page)
  return { person, id, product }
}

/** What came of a change. */
const notice = (page: Page) => page.getByRole('main').locator('.notice[role="status"]')
const status = (page: Page) => page.locator('.facts > div').filter({ hasText: 'Status' }).getByRole('definition')

test('a customer cancels an order, once and for all, and only after being asked', async ({ page }) => {
  const { id, product } = await openOrder(page)
  const open = page.getByRole('main').getByRole('button', { name: 'Cancel the order' })
  await open.click()
  await expect(page.getByRole('dialog', { name: 'Cancel this order?' })).toBeVisible()
  await expectAccessible(page)
  await page.keyboard.press('Escape')
  await expect(open).toBeFocused()
  await open.click()
  await page.getByRole('button', { name: 'Keep the order' }).click()
  expect((await orderOf(id)).status).toBe('placed')
  await cancelByDialog(page)
  await expect(notice(page)).toBeFocused()
  await expect(notice(page)).toHaveText('Your order is cancelled.')
  await expect(status(page)).toHaveText('Cancelled')
  await expect(open).toHaveCount(0)
  await expect(page.getByRole('listitem').filter({ hasText: 'Cancelled' })).toContainText('by you')
  await expectAccessible(page)
  expect((await orderOf(id)).status).toBe('cancelled')
  expect((await productOf(product)).stock).toBe(20)
  await page.getByRole('main').getByRole('link', { name: 'Orders' }).click()
  await expect(page.locator('.order-row')).toContainText('Cancelled')
})

test('a cancellation whose answers are lost is looked for, asked again and made once', { tag: '@alone' }, async ({ page }) => {
  const { id, product } = await openOrder(page)
  let requests = 0
  page.on('request', (request) => void (requests += request.url().endsWith('/cancellation') ? 1 : 0))
  await withFaults([{ operation: TRANSACTION, fault: 'reset' }], async () => {
    await cancelByDialog(page)
    await expect(page.getByText('we do not know whether your order was cancelled')).toBeVisible()
    await expect(page.getByRole('main').getByRole('button', { name: 'Cancel the order' })).toHaveCount(0)
    await expectAccessible(page)
    expect(requests).toBe(1) // not again by itself
  })
  await withFaults([{ operation: TRANSACTION, fault: 'answer lost', times: 2 }], async () => {
    await page.getByRole('button', { name: 'Ask again' }).click()
    await expect(page.getByText('Your order is cancelled.')).toBeVisible()
  })
  expect((await orderOf(id)).changes).toHaveLength(1)
  expect((await productOf(product)).stock).toBe(20)
})

test('the answer to a cancellation never arrives: the order itself tells that it is cancelled', async ({ page }) => {
  const { id, product } = await openOrder(page)
  await page.route('**/cancellation', async (route) => {
    await route.fetch()
    await route.abort('connectionreset')
  })
  await cancelByDialog(page)
  await expect(page.getByText('Your order is cancelled.')).toBeVisible()
  expect((await orderOf(id)).changes).toHaveLength(1)
  expect((await productOf(product)).stock).toBe(20)
})

test('an order that was packed meanwhile is not cancelled, and the page says why', async ({ page }) => {
  const { id, product } = await openOrder(page)
  await changeStatus(id, 'placed', 'packed')
  await cancelByDialog(page)
  await expect(page.getByText('The order is already packed, so it can no longer be cancelled.')).toBeVisible()
  await expect(status(page)).toHaveText('Packed')
  await expect(page.getByRole('button', { name: 'Cancel the order' })).toHaveCount(0)
  await expectAccessible(page)
  expect((await productOf(product)).stock).toBe(18)
})

test('a cancellation under way says so, as does one that fails', async ({ page }) => {
  await openOrder(page)
  let answer = () => {}
  const wait = new Promise<void>((done) => (answer = done))
  await page.route('**/cancellation', async (route) => {
    await wait
    await route.fulfill({ status: 429, headers: { 'Retry-After': '2' }, json: { message: 'Too Many Requests' } })
  })
  await cancelByDialog(page)
  await expect(page.getByRole('button', { name: 'Cancelling …' })).toHaveAttribute('aria-busy', 'true')
  await expectAccessible(page)
  answer()
  await expect(page.getByRole('alert')).toContainText('Too many attempts. Try again in 2 seconds.')
  await expectAccessible(page)
  await page.unroute('**/cancellation')
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(page.getByText('Your order is cancelled.')).toBeVisible()
})

test('an order of many products is being cancelled, which the page says and follows', async ({ page }) => {
  const { id } = await openOrder(page)
  let isDone = false // a real one is over in milliseconds
  await page.route(`**/orders/${id}{,/cancellation}`, async (route) => {
    const order = await orderOf(id)
    await route.fulfill({ json: { ...order, email_status: 'sent', status: isDone ? 'cancelled' : 'cancelling' } })
  })
  await cancelByDialog(page)
  await expect(page.getByText('Your order is being cancelled. This may take some minutes.')).toBeVisible()
  await expect(status(page)).toHaveText('Being cancelled')
  await expectAccessible(page)
  isDone = true
  await expect(status(page)).toHaveText('Cancelled')
})

test('an admin packs, ships and delivers an order, each step after the other', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  const { order_id: id } = await buy(person, product.product_id, 1)
  await logIn(page, admin(), `/admin/orders/${id}`)
  await page.getByRole('button', { name: 'Mark as packed' }).click()
  await expect(notice(page)).toBeFocused()
  await expect(notice(page)).toHaveText('The order’s status is “Packed”.')
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Mark as shipped' }).click()
  const dialog = page.getByRole('dialog', { name: 'Mark as shipped' })
  await dialog.getByLabel('Parcel').fill('\u{fdd0}')
  await expectAccessible(page)
  await dialog.getByRole('button', { name: 'Mark as shipped' }).click()
  await expect(dialog.locator('#tracking-error')).toBeVisible()
  await expect(dialog.getByRole('alert')).toBeFocused()
  await dialog.getByLabel('Parcel').fill('RM 1234 5678 9GB')
  await dialog.getByRole('button', { name: 'Mark as shipped' }).click()
  await expect(notice(page)).toHaveText('The order’s status is “Shipped”.')
  await expect(notice(page)).toBeFocused()
  await expect(page.locator('.facts')).toContainText('RM 1234 5678 9GB')
  await page.getByRole('button', { name: 'Mark as delivered' }).click()
  await expect(status(page)).toHaveText('Delivered')
  await expect(page.getByRole('heading', { name: 'Next step' })).toHaveCount(0)
  expect((await orderOf(id)).changes?.map((change) => change.status)).toEqual(['packed', 'shipped', 'delivered'])
  await page.goto('/admin/orders')
  await expect(page.getByRole('row').filter({ hasText: id })).toContainText('Delivered')
})

test('an admin cancels an order whose answer is lost: once, and the desk says so', { tag: '@alone' }, async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct({ stock: 20 })]
  const { order_id: id } = await buy(person, product.product_id, 3)
  await logIn(page, admin(), `/admin/orders/${id}`)
  await withFaults([{ operation: TRANSACTION, fault: 'answer lost', times: 1 }], async () => {
    await cancelByDialog(page)
    await expect(page.getByText('The order’s status is “Cancelled”.')).toBeVisible()
  })
  await expect(page.getByRole('listitem').filter({ hasText: 'Cancelled' })).toContainText('by the shop')
  expect((await orderOf(id)).changes).toHaveLength(1)
  expect((await productOf(product.product_id)).stock).toBe(20)
})

test('an admin who saw another status changes nothing, and sees what the order is now', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  const { order_id: id } = await buy(person, product.product_id, 1)
  await logIn(page, admin(), `/admin/orders/${id}`)
  await expect(page.getByRole('button', { name: 'Mark as packed' })).toBeVisible()
  await cancel(person, id)
  await page.getByRole('button', { name: 'Mark as packed' }).click()
  await expect(page.getByText('The status is now “Cancelled”; you saw “Placed”. Nothing was changed.')).toBeVisible()
  await expect(status(page)).toHaveText('Cancelled')
  await expect(page.getByRole('button', { name: /^(Mark|Cancel)/ })).toHaveCount(0)
  await expectAccessible(page)
})
