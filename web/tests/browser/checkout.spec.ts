import { adjust, newPerson, newProduct, ordersOf, type Product, saveProduct } from './store'
import { expect, expectMailed, expectOrderPage, logIn, placeButton, routeOnce, storedTexts, test, toCart } from './test'

test('journey 1: sign up, browse, order, and the mail is sent', async ({ page }) => {
  const product = await newProduct({ name: `Zinc bucket ${Date.now()}` })
  const person = { email: `new-${Date.now()}@example.com`, password: 'a long walk home', name: 'Grace Summer' }
  await page.goto('/')
  await page.getByRole('searchbox').fill(product.name)
  await page.getByRole('link', { name: product.name }).click()
  await page.getByRole('button', { name: 'Add to basket' }).click()
  await page.getByRole('link', { name: 'Go to the basket' }).click()
  await page.getByRole('link', { name: 'Log in to place the order' }).click()
  await page.getByRole('link', { name: 'Sign up' }).click()
  await page.getByLabel('Name').fill(person.name)
  await page.getByLabel('E-mail address').fill(person.email)
  await page.getByLabel('Password', { exact: true }).fill(person.password)
  await page.getByRole('button', { name: 'Sign up' }).click()
  await placeButton(page).click()
  await expectOrderPage(page)
  await expectMailed(page)
  const stored = await storedTexts(page)
  expect(stored).not.toContain(person.email)
  expect(stored).not.toContain('eyJ')
  expect(await ordersOf(person)).toHaveLength(1)
})

test('journey 3: a double click and Enter held down are one order', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  await logIn(page, person)
  await toCart(page, product.product_id)
  await placeButton(page).dblclick()
  await expectOrderPage(page)
  await toCart(page, product.product_id)
  await expect(placeButton(page)).toBeEnabled()
  await placeButton(page).focus()
  for (let i = 0; i < 20; i++) await page.keyboard.down('Enter') // the second and later ones are repeats of a held key
  await page.keyboard.up('Enter')
  await expectOrderPage(page)
  expect(await ordersOf(person, 2)).toHaveLength(2)
})

test('journey 6: out of stock and another price on two lines, mended: one order', async ({ page }) => {
  const person = await newPerson()
  const [short, dear] = [await newProduct({ stock: 3 }), await newProduct()]
  await logIn(page, person)
  await toCart(page, short.product_id, 3)
  await toCart(page, dear.product_id, 2)
  await adjust(short.product_id, -2)
  await saveProduct(dear, { price: { amount: 6600, currency: 'GBP' } })
  await placeButton(page).click()
  await expect(page.getByText('Only 1 left.')).toBeVisible()
  await page.getByRole('button', { name: 'Take 1' }).click()
  await placeButton(page).click()
  await expect(page.getByText('It costs £66.00 now.')).toBeVisible()
  await page.getByRole('button', { name: 'Accept £66.00' }).click()
  await expect(placeButton(page)).toHaveText('Place order for £196.00')
  await placeButton(page).click()
  await expectOrderPage(page)
  const orders = await ordersOf(person)
  expect(orders.map((order) => order.total.amount)).toEqual([19600])
})

test('a product that is taken off the shop meanwhile is marked, and the rest is ordered', async ({ page }) => {
  const [person, kept, gone] = [await newPerson(), await newProduct(), await newProduct()]
  await logIn(page, person)
  await toCart(page, gone.product_id, 2)
  await toCart(page, kept.product_id, 1)
  await expect(placeButton(page)).toHaveText('Place order for £192.00')
  await saveProduct(gone, { active: false })
  await placeButton(page).click()
  await expect(page.getByText('It is no longer for sale.')).toBeVisible()
  await expect(page.getByRole('alert').getByRole('link', { name: gone.name })).toBeVisible()
  await expect(placeButton(page)).toBeDisabled()
  await page.locator('.mend').getByRole('button', { name: 'Remove' }).click()
  await expect(placeButton(page)).toHaveText('Place order for £64.00')
  await placeButton(page).click()
  await expectOrderPage(page)
  expect((await ordersOf(person)).map((order) => order.items.map((item) => item.product_id))).toEqual([[kept.product_id]])
})

test('the network goes in the middle of a checkout: the page says so, asks again once it is back, and the order is one', async ({ page, context }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  await logIn(page, person)
  await toCart(page, product.product_id)
  await expect(placeButton(page)).toBeEnabled()
  await routeOnce(page, '**/api/orders', async (route) => {
    await route.fetch() // the order arrives, its answer does not
    await context.setOffline(true)
    await route.abort('internetdisconnected')
  })
  await placeButton(page).click()
  await expect(page.getByText('You are offline. What you see may be out of date.')).toBeVisible()
  await expect(page.getByText('We are finding out whether your order was placed')).toBeVisible()
  await expect(page.getByRole('button', { name: /^Remove/ })).toBeDisabled()
  await context.setOffline(false)
  await expectOrderPage(page)
  expect(await ordersOf(person)).toHaveLength(1)
})

test('journey 7: the first attempt is delayed past a mended second: one order, and that one is shown', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct({ stock: 3 })]
  await logIn(page, person)
  await toCart(page, product.product_id, 3)
  let late: (() => Promise<unknown>) | undefined
  await page.route('**/api/orders', async (route) => {
    if (late || route.request().method() !== 'POST') return route.continue()
    const request = route.request()
    late = () => page.context().request.fetch(request) // sent again by the test, as the network might
    return route.abort('connectionreset')
  })
  await adjust(product.product_id, -2)
  await placeButton(page).click()
  await expect(page.getByText('Only 1 left.')).toBeVisible()
  await adjust(product.product_id, +10)
  await late?.()
  await page.getByRole('button', { name: 'Take 1' }).click()
  await placeButton(page).click()
  await expectOrderPage(page)
  await expect(page.getByText('An earlier attempt went through', { exact: false }).first()).toBeVisible()
  expect((await ordersOf(person)).map((order) => order.items[0]?.quantity)).toEqual([3])
})

test('journey 9: two tabs order one basket at once: one order, which both show', async ({ page, context }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  await logIn(page, person)
  await toCart(page, product.product_id)
  const second = await context.newPage()
  await second.goto('/cart')
  for (const tab of [page, second]) await expect(placeButton(tab)).toBeEnabled()
  const press = () => document.querySelector<HTMLElement>('.order-box button')?.click()
  await Promise.all([page.evaluate(press), second.evaluate(press)])
  await expectOrderPage(page)
  await expectOrderPage(second)
  expect(second.url()).toBe(page.url())
  expect(await ordersOf(person)).toHaveLength(1)
})

test('journey 13: the basket stays through a reload, goes to no other user half ordered, and does without storage', async ({ page, browser, baseURL }) => {
  const [person, other, product] = [await newPerson(), await newPerson('Bob'), await newProduct()]
  await logIn(page, person)
  await toCart(page, product.product_id, 2)
  await page.reload()
  await expect(page.getByRole('textbox', { name: `Quantity of ${product.name}` })).toHaveValue('2')
  await page.route('**/api/orders', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()))
  await placeButton(page).click()
  await expect(page.getByText('We are finding out whether your order was placed')).toBeVisible()
  await page.goto('/account')
  await page.getByRole('button', { name: 'Log out', exact: true }).click()
  await page.unroute('**/api/orders')
  await logIn(page, other)
  await page.goto('/cart')
  await expect(page.getByText('Your basket is empty')).toBeVisible()
  expect(await ordersOf(other, 0)).toHaveLength(0)

  const blocked = await browser.newContext(baseURL ? { baseURL } : {})
  await blocked.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('blocked', 'SecurityError')
      },
    })
  })
  const guest = await blocked.newPage()
  await toCart(guest, product.product_id)
  await expect(guest.getByText('This browser does not let us store your basket', { exact: false })).toBeVisible()
  await blocked.close()
})

test('what is typed as a quantity and is none is said and changes nothing', async ({ page }) => {
  const product = await newProduct()
  await toCart(page, product.product_id, 2)
  const field = page.getByRole('textbox', { name: `Quantity of ${product.name}` })
  const said = page.getByText('Enter a whole number from 1 to 10,000.')
  for (const wrong of ['0', '-1', '1.5', '1000000', 'x', '']) {
    await field.fill('')
    await field.pressSequentially(wrong)
    await expect(said).toBeVisible()
    await expect(page.locator('.order-total')).toHaveText('Total £128.00')
    await field.blur()
    await expect(field).toHaveValue('2')
  }
  await page.goto(`/products/${product.product_id}`)
  const quantity = page.getByRole('textbox', { name: 'Quantity' })
  await quantity.fill('')
  await quantity.pressSequentially('20000')
  await expect(page.getByText('Enter a whole number from 1 to 9,998.')).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(quantity).toHaveValue('1')
  await page.getByRole('button', { name: 'Add to basket' }).click()
  await expect(page.getByText('3 in your basket.')).toBeVisible()
})

test('a price that moves while the basket is open is asked about, as one that moves at the checkout', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  await logIn(page, person)
  await toCart(page, product.product_id, 2)
  await expect(placeButton(page)).toHaveText('Place order for £128.00')
  await saveProduct(product, { price: { amount: 6600, currency: 'GBP' } })
  await page.clock.install({ time: Date.now() + 60_000 }) // what was loaded is old
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })))
  await expect(page.getByText('It costs £66.00 now.')).toBeVisible()
  await expect(placeButton(page)).toBeDisabled()
  await page.reload()
  await expect(page.getByText('It costs £66.00 now.')).toBeVisible()
  await page.getByRole('button', { name: 'Accept £66.00' }).click()
  await expect(placeButton(page)).toHaveText('Place order for £132.00')
  await placeButton(page).click()
  await expectOrderPage(page)
  expect((await ordersOf(person)).map((order) => order.total.amount)).toEqual([13200])
})

for (const { what, said, goes, comes } of [
  { what: 'sold out', said: 'Sold out.', goes: (it: Product) => adjust(it.product_id, -20), comes: (it: Product) => adjust(it.product_id, +5) },
  {
    what: 'off the shop',
    said: 'It is no longer for sale.',
    goes: (it: Product) => saveProduct(it, { active: false }),
    comes: (it: Product) => saveProduct(it, {}),
  },
]) {
  test(`what was ${what} at the checkout is ordered once it is back`, async ({ page }) => {
    const [person, product] = [await newPerson(), await newProduct({ stock: 20 })]
    await logIn(page, person)
    await toCart(page, product.product_id, 2)
    await expect(placeButton(page)).toBeEnabled()
    await goes(product)
    await placeButton(page).click()
    await expect(page.getByText(said)).toBeVisible()
    await expect(page.getByRole('button', { name: /^Place order/ })).toBeDisabled() // without a total for what is gone
    await comes(product)
    await page.clock.install({ time: Date.now() + 61_000 }) // no cache has what was before
    await page.reload()
    await expect(placeButton(page)).toBeEnabled()
    await expect(page.getByText(said)).toHaveCount(0)
    await placeButton(page).click()
    await expectOrderPage(page)
    expect((await ordersOf(person)).map((order) => order.items.map((item) => item.quantity))).toEqual([[2]])
  })
}

test('that an order was placed is said until it was seen', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  const placed = page.locator('.banner').filter({ hasText: 'Your order was placed.' })
  await logIn(page, person)
  await toCart(page, product.product_id)
  let answer = () => {}
  const held = new Promise<void>((resolve) => (answer = resolve))
  await routeOnce(page, '**/api/orders', async (route) => {
    await held
    await route.continue()
  })
  await placeButton(page).click()
  await page.getByRole('link', { name: 'Account' }).click()
  await expect(page.getByText('We are finding out whether your order was placed')).toBeVisible()
  answer()
  await expect(placed).toBeVisible()
  await page.getByRole('link', { name: 'See the order' }).click()
  await expectOrderPage(page)
  await expect(page.getByRole('main').getByText(product.name)).toBeVisible()
  await page.getByRole('link', { name: 'Back to the shop' }).click()
  await expect(page.getByRole('searchbox')).toBeVisible()
  await expect(placed).toHaveCount(0)
})
