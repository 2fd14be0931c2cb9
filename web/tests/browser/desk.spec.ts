import { readFile } from 'node:fs/promises'
import { admin, buy, buyOften, cancel, movementsOf, newPerson, newProduct, ordersOf, productOf, saveProduct, summary } from './store'
import { setRole } from './aws'
import { expect, logIn, type Page, storedTexts, test } from './test'

async function openDesk(page: Page, path = '/admin/'): Promise<void> {
  await logIn(page, admin(), path)
}

const money = (pence: number) => new Intl.NumberFormat('en-GB', { style: 'currency', currency: 'GBP' }).format(pence / 100)
const rowOf = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })

/** The page of a product of 42 units at which 40 were set in place of 43: one was sold meanwhile. Returns its id. */
async function openConflict(page: Page): Promise<string> {
  const product = await newProduct({ name: `Zz conflict ${Date.now()}`, stock: 43 })
  await openDesk(page, `/admin/products/${product.product_id}`)
  await expect(page.getByRole('heading', { name: product.name })).toBeVisible()
  await buy(await newPerson(), product.product_id, 1)
  await page.getByRole('button', { name: 'Set the stock' }).click()
  await page.getByLabel('Counted stock').fill('40')
  await page.keyboard.press('Enter')
  await expect(page.getByText('It is 42 now, you saw 43.')).toBeVisible()
  return product.product_id
}

test('journey 15: a stock that a sale has changed meanwhile shows the conflict, and the difference can be made', async ({ page }) => {
  const id = await openConflict(page)
  await page.getByRole('button', { name: 'Take 3 off' }).click()
  await expect(page.locator('.stock-number')).toHaveText('39')
  expect((await productOf(id)).stock).toBe(39)
})

/** The store carries out the first of these requests, and no answer arrives. Returns what ends that. */
async function loseAnswers(page: Page, path: string, method: string): Promise<() => Promise<void>> {
  let sent = 0
  await page.route(path, async (route) => {
    if (route.request().method() !== method) return route.continue()
    if (sent++ === 0) await route.fetch()
    return route.abort('connectionreset')
  })
  return () => page.unroute(path)
}

const made = async (id: string, delta: number) => (await movementsOf(id)).filter((each) => each.delta === delta).length

test('journey 15: a difference that is taken from a conflict, and whose answers are lost, is made once', async ({ page }) => {
  const id = await openConflict(page)
  const arrive = await loseAnswers(page, '**/stock/adjustments', 'POST')
  await page.getByRole('button', { name: 'Take 3 off' }).click()
  await expect(page.locator('.stock-cell > .field-error')).toBeVisible()
  await arrive()
  await page.getByRole('button', { name: 'Take 3 off' }).click()
  await expect(page.locator('.stock-number')).toHaveText('39')
  expect(await made(id, -3)).toBe(1)
})

test('journey 15: a change that was left without an answer is not taken for a later one like it', async ({ page }) => {
  const product = await newProduct({ name: `Zz left ${Date.now()}`, stock: 10 })
  await openDesk(page, `/admin/products/${product.product_id}`)
  const deliver = async () => {
    await page.getByRole('button', { name: 'Change the stock' }).click()
    await page.getByRole('textbox', { name: 'Difference in' }).fill('5')
    await page.getByRole('combobox', { name: 'Reason' }).fill('delivery')
    await page.keyboard.press('Enter')
  }
  const arrive = await loseAnswers(page, '**/stock/adjustments', 'POST')
  await deliver()
  await expect(page.locator('.stock-cell > .field-error')).toBeVisible()
  await page.getByRole('combobox', { name: 'Reason' }).press('Escape')
  await expect(page.locator('.stock-number')).toHaveText('15') // it was made, as the store says when it is asked
  await arrive()
  await deliver()
  await expect(page.locator('.stock-number')).toHaveText('20')
  expect(await made(product.product_id, 5)).toBe(2)
})

test('a save whose answer is lost is saved, of a product that is there and of a new one', async ({ page }) => {
  const product = await newProduct({ name: `Zz save ${Date.now()}` })
  await openDesk(page, `/admin/products/${product.product_id}`)
  const save = page.getByRole('button', { name: 'Save', exact: true })
  await page.getByLabel('Price').fill('65.00')
  let arrive = await loseAnswers(page, `**/api/admin/products/${product.product_id}`, 'PUT')
  await save.click()
  await expect(page.getByText('The shop did not answer.')).toBeVisible()
  await arrive()
  await save.click()
  await expect(page.getByText('Saved.').first()).toBeVisible()
  await expect(page.getByText('Somebody else has saved this product')).toHaveCount(0)

  const id = `${product.product_id}-2`
  await page.goto('/admin/new')
  await page.getByLabel('Product id').fill(id)
  await page.getByLabel('Name', { exact: true }).fill('Zz save, new')
  await page.getByLabel('Price').fill('7.00')
  arrive = await loseAnswers(page, `**/api/admin/products/${id}`, 'PUT')
  await save.click()
  await expect(page.getByText('The shop did not answer.')).toBeVisible()
  await arrive()
  await save.click()
  await expect(page).toHaveURL(new RegExp(`/admin/products/${id}$`))
  await expect(page.getByRole('heading', { name: 'Zz save, new' })).toBeVisible()
})

test('a page that cannot be renewed says so, and not that it is tried again', async ({ page }) => {
  const product = await newProduct({ name: `Zz stale ${Date.now()}` })
  await openDesk(page, `/admin/products/${product.product_id}`)
  await expect(page.getByRole('heading', { name: product.name })).toBeVisible()
  await page.route(`**/api/admin/products/${product.product_id}`, (route) => route.fulfill({ status: 403, json: { code: 'forbidden' } }))
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })))
  await expect(page.getByText('Your account is not allowed to do this.')).toBeVisible()
  await expect(page.getByText('Trying again')).toHaveCount(0)
  await expect(page.getByLabel('Price')).toBeVisible()
})

test('a search that is typed with pauses keeps its blanks, and goes with a filter that is ticked meanwhile', async ({ page }) => {
  const product = await newProduct({ name: `Zq first second ${Date.now()}`, stock: 2 })
  await openDesk(page)
  const field = page.getByLabel('Name begins with')
  await field.pressSequentially('Zq first ')
  await expect(page).toHaveURL(/q=Zq\+first$/)
  await field.pressSequentially('second')
  await page.getByLabel('Low stock').check()
  await expect(page).toHaveURL(/q=Zq\+first\+second&stock=low$/)
  await expect(field).toHaveValue('Zq first second')
  await expect(rowOf(page, product.name)).toBeVisible()
})

test('journey 15: who is no admin sees no desk', async ({ page }) => {
  await logIn(page, await newPerson())
  await page.goto('/admin/')
  await expect(page.getByRole('heading', { name: 'This is not a staff account' })).toBeVisible()
})

const links = (page: Page) => page.getByRole('navigation', { name: 'Desk' }).getByRole('link')

test('who packs orders opens one by its id, and sees neither inventory, history nor sales', async ({ page }) => {
  const [packer, product] = [await newPerson(), await newProduct()]
  const order = await buy(await newPerson(), product.product_id, 1)
  await setRole(packer, 'orders')
  await logIn(page, packer)
  await page.getByRole('link', { name: 'Admin desk' }).click()
  await expect(links(page)).toHaveText(['Orders', 'Shop'])
  await page.getByLabel('Order id').fill(order.order_id)
  await page.getByRole('button', { name: 'Open' }).click()
  await page.getByRole('button', { name: 'Mark as packed' }).click()
  await expect(page.getByText('The order’s status is “Packed”.')).toBeVisible()
  await expect(page.getByRole('link', { name: product.name })).toHaveCount(0)
  await expect(page.getByRole('link', { name: 'All orders of this customer' })).toHaveCount(0)
  for (const path of ['/admin/sales', '/admin/new', `/admin/products/${product.product_id}`]) {
    await page.goto(path)
    await expect(page.getByRole('heading', { name: 'You do not have access to this page' })).toBeVisible()
  }
})

test('who keeps the inventory or reads the history is shown that alone', async ({ page }) => {
  const [keeper, reader, product] = [await newPerson(), await newPerson(), await newProduct()]
  const order = await buy(await newPerson(), product.product_id, 1)
  await setRole(keeper, 'inventory')
  await logIn(page, keeper, '/admin/')
  await expect(links(page)).toHaveText(['Inventory', 'Shop'])
  await expect(page.getByRole('table')).toBeVisible()
  await page.goto('/admin/new')
  await expect(page.getByLabel('Product id')).toBeVisible()
  await page.goto(`/admin/orders/${order.order_id}`)
  await expect(page.getByText('You need the right “order history” or “order status”.', { exact: false })).toBeVisible()
  await page.getByRole('button', { name: 'Log in with another account' }).click()
  await setRole(reader, 'history')
  await logIn(page, reader, `/admin/orders/${order.order_id}`)
  await expect(page.getByRole('link', { name: 'All orders of this customer' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Mark as packed' })).toHaveCount(0)
  await expect(links(page)).toHaveText(['Orders', 'Sales', 'Shop'])
})

test('a product that somebody else saved meanwhile is shown beside one’s own', async ({ page }) => {
  const product = await newProduct({ name: `Zz both ${Date.now()}` })
  await openDesk(page, `/admin/products/${product.product_id}`)
  await page.getByLabel('Price').fill('70.00')
  await saveProduct(product, { name: `${product.name} theirs` })
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText('Somebody else has saved this product since you opened it.')).toBeVisible()
  await expect(page.getByRole('alert').filter({ hasText: 'Somebody else' })).toBeFocused()
  const path = `**/api/admin/products/${product.product_id}`
  await page.route(path, (route) => (route.request().method() === 'PUT' ? route.abort() : route.continue()))
  await page.getByRole('button', { name: 'Save mine' }).click()
  await expect(page.getByText('The shop did not answer.', { exact: false })).toBeVisible()
  await page.unroute(path)
  await page.getByRole('button', { name: 'Save mine' }).click()
  await expect(page.getByText('Saved.')).toBeFocused()
  await expect(page.getByText('Saved.')).toBeInViewport()
  expect((await productOf(product.product_id)).price.amount).toBe(7000)
})

test('a stocktake is checked first, sets what was seen, and reports what it could not do', async ({ page }) => {
  const [good, moved, same] = [await newProduct({ stock: 9 }), await newProduct({ stock: 8 }), await newProduct({ stock: 7 })]
  const ids = [good, moved, same].map((product) => product.product_id)
  await buy(await newPerson(), moved.product_id, 1)
  await openDesk(page, '/admin/')
  await page.getByRole('link', { name: 'Stocktake' }).click()
  await expect(page.getByText('Paste your counts, or choose a file.', { exact: false })).toBeVisible()
  await page.getByRole('button', { name: 'Check' }).click()
  await expect(page.getByRole('link', { name: 'Counts: Fill this in.' })).toBeVisible()
  const text = `product_id,quantity,compare_quantity\n${ids[0]},5,9\n${ids[1]},5,8\n${ids[2]};7\nzz-none,1,1\n${ids[0]},6\nwhat,?\n`
  await page.getByLabel('From a file').setInputFiles({ name: 'counts.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
  await page.getByRole('button', { name: 'Check' }).click()
  await expect(page.getByText('0 set, 1 to be set, 1 as counted, 4 not done.').first()).toBeVisible()
  await expect(rowOf(page, ids[1] ?? '')).toContainText('The stock has changed')
  expect((await productOf(ids[0] ?? '')).stock).toBe(9)
  await page.getByRole('button', { name: 'Set 1 stock' }).click()
  await expect(page.getByText('1 set, 0 to be set, 1 as counted, 4 not done.').first()).toBeVisible()
  expect((await productOf(ids[0] ?? '')).stock).toBe(5)
  expect((await productOf(ids[1] ?? '')).stock).toBe(7)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download what was not done (CSV)' }).click()
  const csv = await readFile(await (await download).path(), 'utf8')
  expect(csv).toContain(`3,"${ids[1]},5,8",7,The stock has changed`)
  expect(csv.split('\r\n')).toHaveLength(6)
})

test('a stocktake that is slow can be cancelled, and lines without an answer are tried again', async ({ page }) => {
  const product = await newProduct({ stock: 9 })
  const path = `**/api/admin/products/${product.product_id}`
  await openDesk(page, '/admin/stocktake')
  let answer: () => void = () => {}
  const held = new Promise<void>((resolve) => (answer = resolve))
  await page.route(path, async (route) => {
    await held
    await route.abort()
  })
  await page.getByLabel('Counts').fill(`${product.product_id}\t4\t9`)
  await page.getByRole('button', { name: 'Check' }).click()
  await expect(page.getByText('0 of 1 …')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeVisible()
  answer()
  await expect(rowOf(page, product.product_id)).toContainText('answer')
  await page.unroute(path)
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(rowOf(page, product.product_id)).toContainText('To be set')
  await buy(await newPerson(), product.product_id, 1)
  await page.getByRole('button', { name: 'Set 1 stock' }).click()
  await expect(rowOf(page, product.product_id)).toContainText('The stock has changed')
  expect((await productOf(product.product_id)).stock).toBe(8)
})

test('a stock whose setting has no answer is not called changed by others when it is as counted', async ({ page }) => {
  const product = await newProduct({ stock: 9 })
  await openDesk(page, '/admin/stocktake')
  await page.getByLabel('Counts').fill(`${product.product_id}\t4\t9`)
  await page.getByRole('button', { name: 'Check' }).click()
  await expect(rowOf(page, product.product_id)).toContainText('To be set')
  const path = `**/api/admin/products/${product.product_id}{,/stock}`
  await page.route(path, async (route) => {
    if (route.request().method() === 'PUT') await route.fetch() // it is set, and the answer is lost
    await route.abort()
  })
  await page.getByLabel('Reason').fill('count')
  await page.getByRole('button', { name: 'Set 1 stock' }).click()
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible()
  await page.unroute(path)
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect(rowOf(page, product.product_id)).toContainText('The answer was lost. Look at the product’s movements.')
})

test('a threshold is saved, and colours the stock', async ({ page }) => {
  const product = await newProduct({ stock: 9 })
  await openDesk(page, `/admin/products/${product.product_id}`)
  await expect(page.locator('.stock-number.low')).toHaveCount(0)
  await page.getByLabel('Low stock threshold').fill('-1')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText('Enter a whole number from 0 to 1,000,000.').first()).toBeVisible()
  await page.getByLabel('Low stock threshold').fill('9')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.locator('.stock-number.low')).toHaveText('9')
})

test('a new product is added with its stock, and a wrong one is said field by field', async ({ page }) => {
  await openDesk(page, '/admin/new')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('link', { name: 'Name: Fill this in.' })).toBeVisible()
  const id = `zz-new-${Date.now()}`
  await page.getByLabel('Product id').fill(id)
  await page.getByLabel('Name').fill('مصباح 💡 جديد')
  await page.getByLabel('Price').fill('12.345')
  await page.getByLabel('Initial stock').fill('7')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Enter an amount with at most 2 decimals, like 12.50.').first()).toBeVisible()
  await page.getByLabel('Price').fill('12.50')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page).toHaveURL(new RegExp(`/admin/products/${id}$`))
  await expect(page.getByRole('main').getByText('The product was added.')).toBeVisible()
  expect(await productOf(id)).toMatchObject({ stock: 7, price: { amount: 1250, currency: 'GBP' } })
})

test('journey 16: the history pages, begins anew at an altered cursor, and its CSV reads back', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct({ name: '=HYPERLINK("x")' })]
  const orders = [await buy(person, product.product_id, 1), await buy(person, product.product_id, 2), await buy(person, product.product_id, 3)]
  await cancel(person, orders[2]?.order_id ?? '')
  await openDesk(page, '/admin/orders?cursor=altered')
  await expect(page.getByText('so it starts with the newest orders', { exact: false }).first()).toBeVisible()
  await expect(page).toHaveURL(/\/admin\/orders$/)
  await page.getByLabel('Customer’s e-mail or id').fill(person.email)
  await page.getByRole('button', { name: 'Find' }).click()
  await expect(page).toHaveURL(/customer=usr_/)
  expect(await storedTexts(page)).not.toContain(person.email)
  await expect(page.getByRole('row')).toHaveCount(4)
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'CSV' }).click()
  const csv = await readFile(await (await download).path(), 'utf8')
  for (const order of orders) expect(csv).toContain(order.order_id)
  expect(csv.split('\r\n')).toHaveLength(5)
  await page.getByRole('link', { name: orders[2]?.order_id ?? '' }).click()
  await expect(page.getByRole('cell', { name: '3', exact: true })).toBeVisible()
  await expect(page.getByRole('definition').filter({ hasText: 'Cancelled' })).toBeVisible()
})

test('journey 16: the history goes on to older orders and back, and a customer’s own list shows more', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct({ stock: 50 })]
  const orders = await buyOften(person, product.product_id, 21)
  await ordersOf(person, 21)
  await openDesk(page, '/admin/orders')
  await page.getByLabel('Customer’s e-mail or id').fill(person.email)
  await page.getByRole('button', { name: 'Find' }).click()
  await expect(page).toHaveURL(/customer=usr_/)
  const rows = page.getByRole('row').filter({ hasText: person.email })
  await expect(rows).toHaveCount(20)
  await page.getByRole('link', { name: 'Older' }).click()
  await expect(page).toHaveURL(/cursor=/)
  await expect(rows).toHaveCount(1)
  await expect(page.getByRole('link', { name: orders[0]?.order_id ?? '' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Older' })).toHaveCount(0)
  await page.reload() // the cursor stands in the address
  await expect(page.getByRole('link', { name: orders[0]?.order_id ?? '' })).toBeVisible()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'CSV' }).click()
  const csv = await readFile(await (await download).path(), 'utf8')
  expect(csv.split('\r\n')).toHaveLength(23) // all of the list, not its page alone
  await page.getByRole('link', { name: 'Back to the newest' }).click()
  await expect(rows).toHaveCount(20)
  await page.getByRole('button', { name: 'Log out' }).click()
  await logIn(page, person, '/log-in?next=/orders')
  await expect(page.locator('.order-row')).toHaveCount(20)
  await page.getByRole('button', { name: 'Show more' }).click()
  await expect(page.locator('.order-row')).toHaveCount(21)
  await expect(page.locator('.order-row').last().getByRole('link')).toBeFocused()
})

test('filters of the history that make no sense are said field by field', async ({ page }) => {
  await openDesk(page, '/admin/orders')
  await page.getByLabel('From', { exact: true }).fill('2026-02-02')
  await page.getByLabel('To (inclusive)').fill('2026-02-01')
  await page.getByLabel('Customer’s e-mail or id').fill('Ada')
  await page.getByLabel('Status').selectOption('Packed')
  await page.getByRole('button', { name: 'Find' }).click()
  for (const said of ['To (inclusive): Choose a day', 'Customer’s e-mail or id: Enter an e-mail address', 'Status: Orders of one customer']) {
    await expect(page.getByRole('link', { name: said })).toBeVisible()
  }
  await page.getByLabel('To (inclusive)').fill('2026-02-02')
  await page.getByLabel('Customer’s e-mail or id').fill('nobody@example.com')
  await page.getByLabel('Status').selectOption('Any')
  await page.getByRole('button', { name: 'Find' }).click()
  await expect(page.getByRole('link', { name: 'There is no order with this address.' })).toBeVisible()
  await expect(page).toHaveURL(/\/admin\/orders$/)
})

test('journey 17: the summary on the page is the store’s, as figures, chart and table', { tag: '@alone' }, async ({ page }) => {
  await buy(await newPerson(), (await newProduct()).product_id, 1)
  const today = new Date().toISOString().slice(0, 10)
  const [stored, week] = [await summary({ from: today, to: today }), await summary({ days: 7 })]
  await openDesk(page, '/admin/sales')
  await expect(page.locator('.chart canvas')).toBeVisible()
  const figure = (name: string) => page.locator('.figure-box').filter({ hasText: name }).getByRole('definition')
  await expect(figure('Revenue')).toHaveText(money(week.revenue.amount))
  await expect(figure('Orders')).toHaveText(week.orders.toLocaleString('en-GB'))
  await expect(figure('Units')).toHaveText(week.units.toLocaleString('en-GB'))
  await expect(page.getByText('Includes the orders placed until').locator('time')).toHaveAttribute('datetime', /^\d{4}-/)
  await page.getByRole('link', { name: 'Table' }).click()
  const row = page.getByRole('region', { name: 'Revenue by day' }).getByRole('row').nth(1)
  await expect(row.getByRole('cell').nth(0)).toHaveText(String(stored.orders))
  await expect(row.getByRole('cell').nth(1)).toHaveText(String(stored.units))
  await expect(row.getByRole('cell').nth(2)).toHaveText(money(stored.revenue.amount))
})

test('the chart is drawn in a browser whose language is none', async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'language', { get: () => 'en-US@posix' }))
  await buy(await newPerson(), (await newProduct()).product_id, 1)
  await openDesk(page, '/admin/sales')
  await expect(page.locator('.chart canvas')).toBeVisible()
})

test('the inventory is searched and set in place, by keyboard', async ({ page }) => {
  const product = await newProduct({ name: `Zy keyboard ${Date.now()}`, stock: 4 })
  await openDesk(page)
  await page.getByLabel('Name begins with').fill(product.name)
  const row = rowOf(page, product.name)
  await expect(row).toBeVisible()
  await row.getByRole('button', { name: 'Set the stock' }).focus()
  await page.keyboard.press('Enter')
  await expect(row.getByRole('textbox').first()).toBeFocused()
  await page.keyboard.type('9')
  await page.keyboard.press('Enter')
  await expect(row.locator('.stock-number')).toHaveText('9')
  await row.getByRole('button', { name: 'Change the stock' }).press('Enter')
  await expect(row.getByRole('textbox', { name: 'Difference in' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('textbox', { name: 'Difference in' })).toHaveCount(0)
})
