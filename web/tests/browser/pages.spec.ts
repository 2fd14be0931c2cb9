/** Every page in its states: looked at by axe, at two widths, light and dark, with pictures for people. */
import { adjust, admin, buy, newPerson, newProduct, saveProduct } from './store'
import {
  cancelByDialog,
  expect,
  expectAccessible,
  expectNoOverflow,
  logIn,
  looks,
  type Page,
  picture,
  placeButton,
  test,
  toCart,
} from './test'

/** The two sights that differ most: states of a page that was looked at in all of them. */
const FEW = looks.filter(({ name }) => name === '1280-light' || name === '375-dark')

/** Looks at a page as it is now, in each sight: what is seen, what axe finds, and that nothing is wider than the page. */
async function look(page: Page, name: string, sights: readonly (typeof looks)[number][] = looks): Promise<void> {
  await page.waitForLoadState('networkidle')
  await settled(page)
  for (const { name: as, viewport, colorScheme } of sights) {
    await page.setViewportSize(viewport)
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }) // no colour on its way to another
    await page.evaluate(() => scrollTo(0, 0))
    await settled(page) // a chart is drawn anew
    await picture(page, `${name}-${as}`)
    await expectAccessible(page)
  }
}

async function settled(page: Page): Promise<void> {
  await expect(page.locator('h1')).toBeAttached()
  await expect(page.locator(':is(.loading, .scroller)[aria-busy="true"]')).toHaveCount(0)
}

test.describe('in every look', () => {
  test('the shop of a guest', async ({ page }) => {
    for (const [name, path] of [
      ['home', '/'],
      ['search', '/?q=b'],
      ['no-match', '/?q=zzzzzz&in_stock=true'],
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
      await look(page, name)
      expect(page.url()).not.toContain('token')
    }
    await page.goto('/sign-up')
    await page.getByRole('button', { name: 'Sign up' }).click()
    await look(page, 'sign-up-errors', FEW)
    await page.goto('/log-in')
    await page.getByLabel('E-mail address').fill('nobody@example.com')
    await page.getByLabel('Password', { exact: true }).fill('not my password')
    await page.getByRole('button', { name: 'Log in' }).click()
    await expect(page.getByText('The e-mail address or the password is wrong.')).toBeVisible()
    await look(page, 'log-in-refused', FEW)
  })

  test('the shop of a customer', async ({ page }) => {
    const [person, product] = [await newPerson(), await newProduct({ stock: 3, name: 'Zinc bucket' })]
    await logIn(page, person, '/log-in?next=/orders')
    await look(page, 'no-orders')
    const earlier = await buy(person, product.product_id, 1)
    await toCart(page, 'brass-desk-lamp', 2)
    await toCart(page, product.product_id, 3)
    await placeButton(page).click()
    await expect(page.getByText('Only 2 left.')).toBeVisible()
    await look(page, 'basket-conflict')
    await page.getByRole('button', { name: 'Take 2' }).click()
    await look(page, 'basket')
    await page.route('**/api/orders', (route) => route.abort())
    await placeButton(page).click()
    await expect(page.getByText('We are finding out whether your order was placed')).toBeVisible()
    await look(page, 'basket-finding-out')
    await page.unroute('**/api/orders')
    const ask = page.getByRole('button', { name: 'Ask again' })
    const goOn = async () => {
      if (await ask.isVisible()) await ask.click({ timeout: 1000 }).catch(() => {}) // it was looked at for over a minute
      return page.url()
    }
    await expect.poll(goOn, { timeout: 60_000 }).toMatch(/\/orders\/ord_/)
    await look(page, 'order')
    await page.getByRole('button', { name: 'Cancel the order' }).click()
    await look(page, 'order-cancel')
    await page.goto(`/orders/${earlier.order_id}`)
    await cancelByDialog(page)
    await expect(page.getByText('Your order is cancelled.')).toBeVisible()
    await look(page, 'order-cancelled')
    await page.goto('/orders')
    await look(page, 'orders')
    await page.goto('/account')
    await look(page, 'account')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Change the password' }).click()
    await expect(page.getByRole('main').getByText('Saved.')).toBeVisible()
    await look(page, 'account-errors', FEW)
    await page.getByRole('button', { name: 'Delete my account' }).click()
    await look(page, 'account-delete')
    await page.goto('/admin/')
    await look(page, 'desk-not-admin')
  })

  test('the desk', async ({ page }) => {
    const order = await buy(await newPerson(), 'brass-desk-lamp', 1)
    await page.goto('/admin/')
    await look(page, 'desk-log-in')
    await logIn(page, admin(), '/admin/')
    for (const [name, path] of [
      ['desk-inventory', '/admin/'],
      ['desk-product', '/admin/products/brass-desk-lamp'],
      ['desk-new', '/admin/new'],
      ['desk-no-product', '/admin/products/none'],
      ['desk-orders', '/admin/orders'],
      ['desk-stocktake', '/admin/stocktake'],
      ['desk-sales', '/admin/sales'],
      ['desk-sales-table', '/admin/sales?days=28&as=table'],
      ['desk-not-found', '/admin/nothing'],
      ['desk-order', `/admin/orders/${order.order_id}`],
    ] as const) {
      await page.goto(path)
      await look(page, name)
    }
    await page.getByRole('button', { name: 'Mark as packed' }).click()
    await expect(page.getByText('The order’s status is “Packed”.')).toBeVisible()
    await look(page, 'desk-order-packed')
    await page.getByRole('button', { name: 'Mark as shipped' }).click()
    await look(page, 'desk-order-ship')
  })

  test('the desk in mid-work: forms, mistakes and conflicts', async ({ page }) => {
    const product = await newProduct({ name: `Zz states ${Date.now()}`, stock: 43 })
    await logIn(page, admin(), `/admin/?q=${product.name.replaceAll(' ', '+')}`)
    await page.getByRole('button', { name: 'Set the stock' }).click()
    await page.getByLabel('Counted stock').fill('-1')
    await page.keyboard.press('Enter')
    await look(page, 'desk-inventory-error', FEW)
    await adjust(product.product_id, -1)
    await page.getByLabel('Counted stock').fill('40')
    await page.keyboard.press('Enter')
    await expect(page.getByText('It is 42 now, you saw 43.')).toBeVisible()
    await look(page, 'desk-inventory-conflict', FEW)
    await page.goto(`/admin/products/${product.product_id}`)
    await page.getByLabel('Price').fill('12.345')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await look(page, 'desk-product-error', FEW)
    await page.getByLabel('Price').fill('70.00')
    await saveProduct(product, { name: `${product.name} theirs` })
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await expect(page.getByRole('button', { name: 'Save mine' })).toBeVisible()
    await look(page, 'desk-product-conflict', FEW)
    await page.goto('/admin/orders?from=2020-01-01&to=2020-01-01')
    await page.getByLabel('To (inclusive)').fill('2019-01-01')
    await page.getByRole('button', { name: 'Find' }).click()
    await look(page, 'desk-orders-error', FEW)
    await page.goto('/admin/stocktake')
    await page.getByLabel('Counts').fill(`${product.product_id},7\nzz-none,1\nwhat,?`)
    await page.getByRole('button', { name: 'Check' }).click()
    await expect(page.getByRole('button', { name: 'Set 1 stock' })).toBeVisible()
    await look(page, 'desk-stocktake-checked', FEW)
  })

  test('what a page says when the store is down', async ({ page }) => {
    const body = { type: 'about:blank', title: 'Internal Server Error', status: 500, detail: 'The store failed.', code: 'internal', request_id: 'JKJaXmPLvHcESHA=' }
    await page.route('**/api/products?*', (route) => route.fulfill({ status: 400, contentType: 'application/problem+json', body: JSON.stringify(body) }))
    await page.goto('/')
    await expect(page.getByText('JKJaXmPLvHcESHA=')).toBeVisible()
    await look(page, 'failure')
    await page.unroute('**/api/products?*')
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(page.getByRole('link', { name: 'Bedside lamp, beech' })).toBeVisible()
  })
})

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
    const [person, product] = [await newPerson(), await newProduct()]
    const order = await buy(person, product.product_id, 2)
    await logIn(page, person)
    await toCart(page, product.product_id)
    for (const path of ['/cart', '/orders', `/orders/${order.order_id}`, '/account']) {
      await page.goto(path)
      await settled(page)
      await expectNoOverflow(page)
      expect(await scrolledSideways(page), path).toEqual([])
    }
    await page.getByRole('button', { name: 'Log out', exact: true }).click()
    await logIn(page, admin(), '/admin/')
    for (const path of ['', 'new', 'stocktake', `products/${product.product_id}`, 'orders', `orders/${order.order_id}`, 'sales', 'sales?as=table']) {
      await page.goto(`/admin/${path}`)
      await settled(page)
      await expectNoOverflow(page)
    }
  })
}

/** The tables of which a part is out of sight until somebody scrolls. */
async function scrolledSideways(page: Page): Promise<string[]> {
  return page.locator('.scroller').evaluateAll((all) => all.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.innerHTML))
}

test('forced colours', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' })
  for (const path of ['/', '/products/brass-desk-lamp', '/log-in', '/admin/']) {
    await page.goto(path)
    await page.waitForLoadState('networkidle')
    await picture(page, `forced-colours-${path.replace(/\W/g, '') || 'home'}`)
    await expectAccessible(page)
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
  page.on('request', (request) => void (request.url().includes('/api/products?search=') && asked.push(request.url())))
  page.on('requestfailed', (request) => void failed.push(request.url()))
  let release = () => {}
  const held = new Promise<void>((done) => (release = done))
  await page.route('**/api/products?search=b&*', async (route) => {
    await held
    await route.continue().catch(() => {})
  })
  await page.getByRole('searchbox').pressSequentially('b')
  await expect.poll(() => asked.length).toBe(1)
  await page.getByRole('searchbox').pressSequentially('ra')
  await expect(page.getByRole('link', { name: 'Brass desk lamp' })).toBeVisible()
  await expect(page.locator('.card')).toHaveCount(2)
  expect(failed.some((url) => url.includes('search=b&'))).toBe(true)
  release()
})

test('journey 14: filters stand in the URL, go with a search, and are cleared', async ({ page }) => {
  const category = `Reading & light ${Date.now()}`
  const product = await newProduct({ name: 'Läselampe neu', categories: [category], stock: 7 })
  await newProduct({ name: 'Läselampe alt', categories: [category], stock: 0 })
  await page.goto('/?q=laselamp')
  await expect(page.locator('.card').first()).toBeVisible()
  await page.getByLabel('Category').selectOption(category)
  await expect(page.locator('.card')).toHaveCount(2)
  await page.getByLabel('In stock only').check()
  await expect(page.locator('.card')).toHaveCount(1)
  expect(new URL(page.url()).searchParams.get('category')).toBe(category)
  await page.reload()
  await expect(page.getByLabel('Category')).toHaveValue(category)
  await expect(page.locator('.card')).toHaveCount(1)
  await page.goBack()
  await expect(page.locator('.card')).toHaveCount(2)
  await page.getByRole('searchbox').fill('🦊')
  await expect(page.getByText('Nothing found for “🦊”')).toBeVisible()
  await page.getByRole('link', { name: 'Clear the search' }).click()
  await expect(page.getByLabel('Category')).toHaveValue('')
  await page.goto(`/products/${product.product_id}`)
  await page.getByRole('link', { name: category }).click()
  await expect(page.locator('.card')).toHaveCount(2)
})

for (const width of [320, 375, 1280]) {
  test(`nothing moves when the categories come, at ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 700 })
    let come = () => {}
    const held = new Promise<void>((resolve) => (come = resolve))
    await page.route('**/api/categories?*', async (route) => {
      await held
      await route.continue()
    })
    await page.goto('/')
    const card = page.locator('li.card').first() // none of the grey shapes that stand there before
    await expect(card).toBeVisible()
    let before = await card.boundingBox()
    const stands = async () => {
      const was = JSON.stringify(before)
      before = await card.boundingBox()
      return JSON.stringify(before) === was
    }
    await expect.poll(stands).toBe(true) // all else has come
    come()
    await expect(page.getByLabel('Category')).toBeVisible()
    expect(await card.boundingBox()).toEqual(before)
  })
}

test('journey 14: offline says so over what is shown, and goes on when the network is back', async ({ page, context }) => {
  await page.goto('/')
  await expect(page.locator('.card').first()).toBeVisible()
  await context.setOffline(true)
  await expect(page.getByText('You are offline. What you see may be out of date.')).toBeVisible()
  await expect(page.locator('.card').first()).toBeVisible()
  await context.setOffline(false)
  await expect(page.getByText('You are offline. What you see may be out of date.')).toHaveCount(0)
})

test('names of 200 characters without a blank, in two scripts, are wider than no page', async ({ page }) => {
  const long = `Zz${'W'.repeat(120)}${'م'.repeat(76)}💡!`
  const [person, product] = [await newPerson(long), await newProduct({ name: long, stock: 9 })]
  const order = await buy(person, product.product_id, 1)
  const visit = async (path: string, name: string) => {
    await page.goto(path)
    await page.waitForLoadState('networkidle')
    await settled(page)
    for (const width of [320, 375, 1280]) {
      await page.setViewportSize({ width, height: 700 })
      await expectNoOverflow(page)
    }
    await page.setViewportSize({ width: 375, height: 812 })
    await picture(page, `long-${name}`)
  }
  await logIn(page, person)
  await toCart(page, product.product_id, 2)
  for (const [name, path] of [
    ['home', '/?q=zzw'],
    ['product', `/products/${product.product_id}`],
    ['basket', '/cart'],
    ['orders', '/orders'],
    ['order', `/orders/${order.order_id}`],
    ['account', '/account'],
  ] as const) {
    await visit(path, name)
  }
  await expect(page.getByLabel('Name')).toHaveValue(long)
  await page.getByRole('button', { name: 'Log out', exact: true }).click()
  await expect(page.getByText('You are logged out.').first()).toBeVisible()
  await logIn(page, admin(), '/admin/')
  for (const [name, path] of [
    ['desk-inventory', '/admin/?q=zzw'],
    ['desk-product', `/admin/products/${product.product_id}`],
    ['desk-order', `/admin/orders/${order.order_id}`],
    ['desk-sales', '/admin/sales'],
  ] as const) {
    await visit(path, name)
  }
})
