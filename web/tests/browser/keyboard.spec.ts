/** All flows by keyboard alone: Tab, Shift+Tab, Enter, Space, Escape and what is typed. */
import { adjust, admin, buy, newPerson, newProduct, productOf, saveProduct } from './store'
import { expect, expectOrderPage, logIn, type Page, routeOnce, test, toCart } from './test'

const MOST_TABS = 150

/** Presses Tab until the element with this role and name has the focus. */
async function tabTo(page: Page, role: 'link' | 'button' | 'textbox' | 'searchbox' | 'combobox' | 'checkbox', name: string | RegExp): Promise<void> {
  const wanted = page.getByRole(role, { name, ...(typeof name === 'string' && { exact: true }) }).first()
  await expect(wanted).toBeVisible()
  await expect(wanted).toBeEnabled()
  for (let i = 0; i < MOST_TABS; i++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return expectOutlined(page)
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to the ${role} ${String(name)}`)
}

/** Who cannot point sees where the focus is. */
async function expectOutlined(page: Page): Promise<void> {
  const isSeen = await page.evaluate(() => {
    const focused = document.activeElement
    const around = [focused, focused?.closest('.card')].filter((each) => each !== null && each !== undefined)
    return around.some((each) => getComputedStyle(each).outlineStyle !== 'none')
  })
  expect(isSeen).toBe(true)
}

async function type(page: Page, role: 'textbox' | 'searchbox' | 'combobox', name: string | RegExp, text: string): Promise<void> {
  await tabTo(page, role, name)
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type(text)
}

async function press(page: Page, role: 'link' | 'button', name: string | RegExp, key = 'Enter'): Promise<void> {
  await tabTo(page, role, name)
  await page.keyboard.press(key)
}

async function logInByKeyboard(page: Page, person: { email: string; password: string }): Promise<void> {
  await type(page, 'textbox', 'E-mail address', person.email)
  await type(page, 'textbox', 'Password', person.password)
  await page.keyboard.press('Enter')
}

test('a page that has loaded leaves the focus to who arrives on it', async ({ page }) => {
  const product = await newProduct({ name: `Zx arrival ${Date.now()}` })
  await page.goto(`/products/${product.product_id}`)
  await expect(page.getByRole('heading', { name: product.name })).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused()
})

test('a customer signs up, finds a product, orders it, sees the order and leaves, by keyboard', async ({ page }) => {
  const product = await newProduct({ name: `Zx keys ${Date.now()}` })
  const person = { email: `keys-${Date.now()}@example.com`, password: 'a long walk home' }
  await page.goto('/')
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused()
  await page.keyboard.press('Enter')
  await type(page, 'searchbox', 'Search by name', product.name)
  await press(page, 'link', product.name)
  await expect(page.getByRole('heading', { name: product.name })).toBeFocused()
  await press(page, 'button', 'Add to basket', 'Space')
  await press(page, 'link', 'Go to the basket')
  await expect(page.getByRole('heading', { name: 'Basket' })).toBeFocused()
  await press(page, 'button', `One ${product.name} more`)
  await press(page, 'link', 'Log in to place the order')
  await press(page, 'link', 'Sign up')
  await type(page, 'textbox', 'Name', 'Kay Board')
  await type(page, 'textbox', 'E-mail address', person.email)
  await type(page, 'textbox', 'Password', person.password)
  await press(page, 'button', 'Sign up')
  await press(page, 'button', 'Place order for £128.00')
  await expectOrderPage(page)
  await press(page, 'link', 'Orders')
  await press(page, 'link', /^\d+ \w+ \d{4}/)
  await expectOrderPage(page)
  await press(page, 'link', 'Account')
  await press(page, 'button', 'Log out')
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible()
  await logInByKeyboard(page, person)
  await press(page, 'link', 'Account')
  await press(page, 'button', 'Delete my account')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('button', { name: 'Delete my account' })).toBeFocused()
})

test('an admin sets a stock, mends a product, looks up orders and sales, by keyboard', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct({ name: `Zw keys ${Date.now()}`, stock: 8 })]
  const order = await buy(person, product.product_id, 1)
  await page.goto('/admin/')
  await logInByKeyboard(page, admin())
  await expect(page.getByRole('heading', { name: 'Inventory' })).toBeVisible()
  await type(page, 'searchbox', 'Name begins with', product.name)
  await expect(page.getByRole('row')).toHaveCount(2)
  await press(page, 'button', `Set the stock of ${product.name}`)
  await expect(page.getByRole('row').getByRole('textbox').first()).toBeFocused()
  await page.keyboard.type('30')
  await page.keyboard.press('Enter')
  await expect(page.locator('.stock-number')).toHaveText('30')
  await press(page, 'button', `Change the stock of ${product.name} by a difference`)
  await expect(page.getByRole('textbox', { name: /^Difference/ })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('textbox', { name: /^Difference/ })).toHaveCount(0)
  await press(page, 'link', product.name)
  await type(page, 'textbox', 'Price', '65.00')
  await press(page, 'button', 'Save')
  await expect(page.getByText('Saved.').first()).toBeVisible()
  expect(await productOf(product.product_id)).toMatchObject({ stock: 30, price: { amount: 6500 } })
  await press(page, 'link', 'Orders')
  await type(page, 'textbox', /^Customer/, person.email)
  await page.keyboard.press('Enter')
  await press(page, 'link', order.order_id)
  await expect(page.getByRole('heading', { name: 'Order', exact: true })).toBeVisible()
  await press(page, 'link', 'Sales')
  await press(page, 'link', 'Table')
  await expect(page.getByRole('region', { name: 'Revenue by day' })).toBeVisible()
  await press(page, 'button', 'Log out')
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible()
  await press(page, 'link', 'API reference')
  await expect(page.getByRole('heading', { level: 1, name: 'API reference' })).toBeVisible()
})

test('what a button of the basket changes is spoken, and the focus stays where one can go on from', async ({ page }) => {
  const person = await newPerson()
  const [lamp, hook] = [await newProduct({ name: `Zx lamp ${Date.now()}`, stock: 3 }), await newProduct({ name: `Zx hook ${Date.now()}`, max_per_order: 2 })]
  const live = page.locator('#live')
  const button = (name: string | RegExp) => page.getByRole('button', { name })
  const quantityOf = (name: string) => page.getByRole('textbox', { name: `Quantity of ${name}` })
  await logIn(page, person)
  await page.goto(`/products/${hook.product_id}`)
  await press(page, 'button', `One ${hook.name} more`)
  await expect(live).toHaveText(`Quantity of ${hook.name}: 2.`)
  await expect(button(`One ${hook.name} more`)).toBeDisabled()
  await expect(button(`One ${hook.name} more`)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('textbox', { name: 'Quantity' })).toHaveValue('2')
  await press(page, 'button', 'Add to basket')
  await expect(page.getByText('At most 2 in one order.')).toBeVisible()
  await expect(live).toHaveText(`${hook.name} was added to your basket.`)
  await expect(button('Add to basket')).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByText('2 in your basket.')).toBeVisible()

  await toCart(page, lamp.product_id, 3)
  await press(page, 'button', `One ${hook.name} less`)
  await expect(live).toHaveText(`Quantity of ${hook.name}: 1.`)
  await expect(button(`One ${hook.name} less`)).toBeFocused()
  await routeOnce(page, '**/api/orders', (route) => route.fulfill({ status: 403, json: { title: 'Forbidden', status: 403, detail: 'Not today.', code: 'forbidden' } }))
  await press(page, 'button', 'Place order for £256.00')
  await expect(page.getByRole('alert').filter({ hasText: 'Not today.' })).toBeFocused()
  await adjust(lamp.product_id, -2)
  await press(page, 'button', 'Place order for £256.00')
  await expect(page.getByRole('alert').filter({ hasText: '1 line needs a change' })).toBeFocused()
  await press(page, 'button', 'Take 1')
  await expect(quantityOf(lamp.name)).toBeFocused()
  await expect(live).toHaveText('The total is £128.00 now.')
  await saveProduct(lamp, { price: { amount: 6600, currency: 'GBP' } })
  await press(page, 'button', 'Place order for £128.00')
  await press(page, 'button', 'Accept £66.00')
  await expect(quantityOf(lamp.name)).toBeFocused()
  await expect(live).toHaveText('The total is £130.00 now.')
  await press(page, 'button', 'Place order for £130.00')
  await expectOrderPage(page)
})
