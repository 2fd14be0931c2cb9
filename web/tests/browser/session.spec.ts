import { admin, buy, newPerson, newProduct, ordersOf, tokenOf } from './store'
import { expect, expectAccessible, expectOrderPage, logIn, type Page, placeButton, routeOnce, storedTexts, test, toCart } from './test'

test('journey 10: four tabs whose token is about to expire ask for one refresh, and all stay logged in', async ({ page, context }) => {
  await context.addInitScript(() => {
    const now = Date.now
    Date.now = () => now() + Number((window as { ahead?: number }).ahead ?? 0)
  })
  await logIn(page, await newPerson())
  const tabs = await Promise.all([1, 2, 3, 4].map(() => context.newPage()))
  for (const tab of tabs) {
    await tab.goto('/account')
    await expect(tab.getByRole('heading', { name: 'Your details' })).toBeVisible()
  }
  let refreshes = 0
  context.on('request', (request) => void (refreshes += request.url().endsWith('/browser-sessions/refresh') ? 1 : 0))
  for (const tab of tabs) await tab.evaluate(() => Object.assign(window, { ahead: 14.5 * 60_000 }))
  await Promise.all(tabs.map((tab) => tab.evaluate(() => document.querySelector<HTMLElement>('a[href="/orders"]')?.click())))
  for (const tab of tabs) await expect(tab.getByText('You have not ordered anything yet')).toBeVisible()
  expect(refreshes).toBe(1)
})

test('journey 10: the answer of a refresh is lost: still logged in', async ({ page }) => {
  await logIn(page, await newPerson())
  let lost = 0
  await page.route('**/api/browser-sessions/refresh', async (route) => {
    if (lost++ > 0) return route.continue()
    const cookies = await page.context().cookies()
    await route.fetch()
    await page.context().addCookies(cookies) // the browser never saw the answer, nor its cookie
    return route.abort('connectionreset')
  })
  await page.goto('/account')
  await expect(page.getByRole('heading', { name: 'Your details' })).toBeVisible()
  expect(lost).toBeGreaterThan(1)
})

for (const { where, path, who, shows } of [
  { where: 'shop', path: '/orders', who: newPerson, shows: 'You have not ordered anything yet' },
  { where: 'desk', path: '/admin/', who: () => admin(), shows: 'Low stock only' },
]) {
  test(`a refresh that is never answered is given up and asked for again: the ${where}`, async ({ page }) => {
    await logIn(page, await who(), where === 'desk' ? path : undefined)
    let isSaid = () => {}
    const said = new Promise<void>((done) => (isSaid = done))
    let refreshes = 0
    await page.route('**/api/browser-sessions/refresh', async (route) => {
      if (refreshes++ === 0) return
      await said
      await route.continue()
    })
    await page.addInitScript(() => {
      const limit = AbortSignal.timeout.bind(AbortSignal)
      AbortSignal.timeout = () => {
        AbortSignal.timeout = limit
        return limit(100) // the first call's, which is the refresh
      }
    })
    await page.goto(path)
    await expect(page.getByText('The shop does not answer. Trying again …')).toBeVisible()
    isSaid()
    await expect(page.getByText(shows)).toBeVisible()
  })

  test(`a session that cannot be renewed because the shop is busy waits as it was told, or until the network is back: the ${where}`, async ({ page, context }) => {
    await logIn(page, await who(), where === 'desk' ? path : undefined)
    let refreshes = 0
    await page.route('**/api/browser-sessions/refresh', (route) => {
      refreshes++
      return route.fulfill({ status: 503, headers: { 'Retry-After': '3600' }, json: { status: 503, code: 'service_unavailable' } })
    })
    await page.goto(path)
    await expect(page.getByText('The shop is very busy. Trying again …')).toBeVisible()
    await page.unroute('**/api/browser-sessions/refresh')
    await context.setOffline(true)
    await context.setOffline(false)
    await expect(page.getByText(shows)).toBeVisible()
    expect(refreshes).toBe(1)
  })
}

/** Waits until a page of the shop that was not opened yet is loaded beside the one that is shown, with all that it needs. */
async function openableOffline(page: Page, name: string): Promise<void> {
  const loaded = () =>
    page.evaluate((part) => performance.getEntriesByType('resource').find((each) => each.name.includes(part))?.name, `/${name}-`)
  await expect.poll(loaded).toBeTruthy()
  await page.evaluate((url) => import(url), (await loaded()) ?? '')
}

test('journey 12: a log-out ends the session in all tabs, also when it is offline, and everywhere', async ({ page, context, browser, baseURL }) => {
  const person = await newPerson()
  await logIn(page, person)
  const second = await context.newPage()
  await second.goto('/orders')
  await expect(second.getByText('You have not ordered anything yet')).toBeVisible()
  await page.goto('/account')
  await page.getByRole('button', { name: 'Log out', exact: true }).click()
  await expect(page.getByText('You are logged out.').first()).toBeVisible()
  await expect(second.getByRole('link', { name: 'Log in' }).first()).toBeVisible()

  await logIn(page, person)
  await page.goto('/account')
  await expect(page.getByRole('heading', { name: 'Your details' })).toBeVisible()
  await openableOffline(page, 'log-in')
  await context.setOffline(true)
  await page.getByRole('button', { name: 'Log out', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible()
  const revoked = page.waitForResponse((response) => response.url().endsWith('/browser-sessions/revoke'))
  await context.setOffline(false)
  await page.goto('/')
  expect((await revoked).status()).toBe(204)
  await page.goto('/orders')
  await expect(page.getByRole('main').getByRole('link', { name: 'Log in' })).toBeVisible()

  const other = await browser.newContext(baseURL ? { baseURL } : {})
  const elsewhere = await other.newPage()
  await logIn(elsewhere, person)
  await logIn(page, person)
  await page.goto('/account')
  await page.getByRole('button', { name: 'Log out everywhere' }).click()
  await page.getByRole('dialog').getByLabel('Your password, to confirm').fill(person.password)
  await page.getByRole('dialog').getByRole('button', { name: 'Log out everywhere' }).click()
  await expect(page.getByRole('main').getByText('You are logged out everywhere.', { exact: true })).toBeVisible()
  await elsewhere.goto('/orders')
  await expect(elsewhere.getByText('Your session has ended. Log in again.')).toBeVisible()
  await other.close()
})

test.describe('a page whose script does not come', () => {
  const script = /\/assets\/log-in-/
  const open = (page: Page) => page.getByRole('banner').getByRole('link', { name: 'Log in' }).click()

  test('is opened by a new document', async ({ page }) => {
    await routeOnce(page, script, (route) => route.abort())
    const failed = page.waitForEvent('requestfailed', (request) => script.test(request.url()))
    await page.goto('/')
    await failed // it is loaded before it is opened
    await open(page)
    await expect(page.getByLabel('Password', { exact: true })).toBeVisible()
  })

  test('is said, where a new document does not help, and asked for by a button', async ({ page }) => {
    let documents = 0
    page.on('request', (request) => void (documents += request.isNavigationRequest() && request.url().endsWith('/log-in') ? 1 : 0))
    await page.route(script, (route) => route.abort())
    await page.goto('/')
    await open(page)
    await expect(page.getByRole('alert')).toContainText('Something went wrong on this page.')
    expect(documents).toBe(1)
    await page.unroute(script)
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(page.getByLabel('Password', { exact: true })).toBeVisible()
  })

  test('is opened by itself when the network is back', async ({ page, context }) => {
    await routeOnce(page, script, (route) => route.abort())
    await page.goto('/')
    await expect(page.locator('.card').first()).toBeVisible()
    await context.setOffline(true)
    await open(page)
    await expect(page.getByRole('alert')).toContainText('You are offline.')
    await context.setOffline(false)
    await expect(page.getByLabel('Password', { exact: true })).toBeVisible()
  })
})

test('the account: a new name, a new password, the data, and the end', async ({ page }) => {
  const person = await newPerson()
  await logIn(page, person)
  await page.goto('/log-in')
  await expect(page.getByRole('main').getByText('You are logged in.')).toBeVisible()
  await page.getByRole('main').getByRole('link', { name: 'Account' }).click()
  await page.getByLabel('Name').fill('Ada Şummer 🌻')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('main').getByText('Saved.')).toBeVisible()
  await page.getByLabel('Current password').fill('not my password')
  await page.getByLabel('New password').fill('another long lamp')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await expect(page.getByRole('link', { name: 'Current password: The password is wrong.' })).toBeVisible()
  await page.getByLabel('Current password').fill(person.password)
  await page.getByLabel('New password').fill('short')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await expect(page.getByText('Use at least 8 characters.', { exact: true })).toBeVisible()
  await page.getByLabel('New password').fill('another long lamp')
  await page.route('**/users/me/password', async (route) => {
    await route.fetch() // it is changed, and the answer is lost
    await route.abort('connectionreset')
  })
  await page.getByRole('button', { name: 'Change the password' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await page.unroute('**/users/me/password')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await expect(page.getByRole('main').getByText('Your password was changed.', { exact: false })).toBeFocused()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download my data' }).click()
  expect((await download).suggestedFilename()).toBe('my-data.json')
  await page.reload()
  await expect(page.getByLabel('Name')).toHaveValue('Ada Şummer 🌻')
  expect(await storedTexts(page)).not.toContain(person.email)
  await page.getByRole('button', { name: 'Delete my account' }).click()
  await page.getByRole('dialog').getByLabel('Your password, to confirm').fill('wrong')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete my account' }).click()
  await expect(page.getByRole('link', { name: 'Password: The password is wrong.' })).toBeVisible()
  await page.getByRole('dialog').getByLabel('Your password, to confirm').fill('another long lamp')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete my account' }).click()
  await expect(page.getByRole('main').getByText('Your account was deleted.')).toBeVisible()
})

test('a session that was ended elsewhere is said at the checkout, and orders nothing', async ({ page, context }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  await logIn(page, person)
  await toCart(page, product.product_id)
  await expect(placeButton(page)).toBeEnabled()
  await context.clearCookies()
  await page.reload()
  await expect(page.getByRole('link', { name: 'Log in to place the order' })).toBeVisible()
  await expect(page.getByText('Your session has ended. Log in again.')).toBeVisible()
  expect(await ordersOf(person, 0)).toHaveLength(0)
})

test('a session that ended before the order was placed is said there, and a log-in and another press order once', async ({ page, context }) => {
  const [person, product] = [await newPerson(), await newProduct()]
  await logIn(page, person)
  await toCart(page, product.product_id)
  await expect(placeButton(page)).toBeEnabled()
  await context.clearCookies()
  await routeOnce(page, '**/api/orders', (route) => route.fulfill({ status: 401, json: { status: 401, code: 'unauthenticated' } }))
  await placeButton(page).click()
  await expect(page.getByText('Your session ended before the order was placed. Log in and order again.')).toBeVisible()
  await page.getByRole('link', { name: 'Log in to place the order' }).click()
  await page.getByLabel('E-mail address').fill(person.email)
  await page.getByLabel('Password', { exact: true }).fill(person.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await placeButton(page).click()
  await expectOrderPage(page)
  expect(await ordersOf(person)).toHaveLength(1)
})

test('a session that was ended elsewhere is said at the desk', async ({ page, context }) => {
  await logIn(page, admin(), '/admin/')
  await expect(page.getByText('Low stock only')).toBeVisible()
  await context.clearCookies()
  await page.reload()
  await expect(page.getByText('Your session has ended. Log in again.')).toBeVisible()
  await expect(page.getByLabel('E-mail address')).toBeVisible()
})

test('what was typed at the desk is there after the next log-in of the same user, once their session ended elsewhere', async ({ page, context }) => {
  await logIn(page, admin(), '/admin/new')
  const logInAgain = async (person: { email: string; password: string }) => {
    await page.getByLabel('E-mail address').fill(person.email)
    await page.getByLabel('Password', { exact: true }).fill(person.password)
    await page.getByRole('button', { name: 'Log in' }).click()
  }
  const name = page.getByLabel('Name', { exact: true })
  const save = async () => {
    await context.clearCookies()
    await routeOnce(page, '**/api/admin/products/*', (route) => route.fulfill({ status: 401, json: { status: 401, code: 'unauthenticated' } }))
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('Your session has ended. Log in again.').first()).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Log in' })).toBeFocused()
    await expect(name).toBeHidden()
    await expect(page).toHaveTitle(/^Log in/)
    await expectAccessible(page)
  }
  await page.getByLabel('Product id').fill('never-saved')
  await name.fill('A lamp that is typed once')
  await page.getByLabel('Price').fill('64')
  await save()
  await logInAgain(admin())
  await expect(name).toHaveValue('A lamp that is typed once')
  await expect(page.getByText('Your session has ended.')).toHaveCount(0)
  await expect(page.getByRole('heading', { name: 'New product' })).toBeFocused()
  await expect(page).toHaveTitle(/^New product/)
  await save()
  await logInAgain(await newPerson())
  await expect(page.getByRole('heading', { name: 'This is not a staff account' })).toBeVisible()
  await page.getByRole('button', { name: 'Log in with another account' }).click()
  await logInAgain(admin())
  await expect(name).toHaveValue('')
})

test('an order at the desk is gone from the page once the session has ended', async ({ page }) => {
  const person = await newPerson()
  const order = await buy(person, (await newProduct()).product_id, 1)
  await logIn(page, admin(), `/admin/orders/${order.order_id}`)
  await expect(page.locator('tfoot')).toBeVisible()
  await page.evaluate(() => new BroadcastChannel('shop.session').postMessage({ type: 'over', ended: true }))
  await expect(page.getByText('Your session has ended. Log in again.')).toBeVisible()
  await expect(page.locator('tfoot')).toHaveCount(0)
})

test('forms say what is wrong at the field, in the words of the API where it knows more', async ({ page }) => {
  await page.goto('/sign-up')
  await page.getByRole('button', { name: 'Sign up' }).click()
  await expect(page.getByRole('link', { name: 'Name: Fill this in.' })).toBeVisible()
  await page.getByLabel('Name').fill('Ada')
  await page.getByLabel('E-mail address').fill('ada-lovelace@example')
  await page.getByLabel('Password', { exact: true }).fill('password1')
  await page.getByRole('button', { name: 'Sign up' }).click()
  await expect(page.locator('.field-error').first()).toBeVisible()
  await page.getByRole('link', { name: /^(E-mail address|Password): / }).first().click()
  await expect(page.locator('input:focus')).toHaveAttribute('aria-invalid', 'true')
})

test('a password is masked until its owner asks to see it, may be pasted, and is offered to password managers', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto('/log-in')
  const field = page.getByLabel('Password', { exact: true })
  await expect(field).toHaveAttribute('type', 'password')
  await expect(field).toHaveAttribute('autocomplete', 'current-password')
  await page.evaluate(() => navigator.clipboard.writeText('a lamp in the window'))
  await field.focus()
  await page.keyboard.press('Control+V')
  await expect(field).toHaveValue('a lamp in the window')
  await page.getByRole('button', { name: 'Show' }).click()
  await expect(field).toHaveAttribute('type', 'text')
})

test('journey 2: a forgotten password is set anew by the link in a mail, whose token leaves the address at once', async ({ page }) => {
  const person = await newPerson()
  await page.goto('/forgot-password')
  await page.getByLabel('E-mail address').fill(person.email)
  await page.getByRole('button', { name: 'Send the link' }).click()
  await expect(page.getByRole('heading', { name: 'Check your e-mail' })).toBeVisible()
  const token = await tokenOf(person.email, 'reset-password')
  await page.goto(`/reset-password#token=${token}`)
  await expect(page.getByRole('button', { name: 'Set the password' })).toBeVisible()
  expect(page.url()).not.toContain(token)
  expect(await storedTexts(page)).not.toContain(token)
  await page.getByLabel('New password').fill('a lantern in the hall')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await expect(page.getByText('Your password was set. Log in with it.').first()).toBeVisible()
  await logIn(page, { email: person.email, password: 'a lantern in the hall' })
  await page.goto(`/reset-password#token=${token}`)
  await page.getByLabel('New password').fill('a lantern in the attic')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await expect(page.getByText('This link no longer works', { exact: false })).toBeVisible()
})

test('journey 11: a form and a script of another site are refused by the routes that read the cookie', async ({ page, browser, baseURL }) => {
  const base = baseURL ?? ''
  await logIn(page, await newPerson())
  const state = await page.context().storageState()
  const context = await browser.newContext({ storageState: state })
  const evil = await context.newPage()
  await evil.route('http://localhost:9/', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<form method="post" enctype="text/plain" action="${base}/api/browser-sessions/revoke"><input name="{&quot;a&quot;:&quot;" value="&quot;}"></form>`,
    }),
  )
  await evil.goto('http://localhost:9/')
  const called = evil.waitForResponse((response) => response.url().endsWith('/browser-sessions/refresh'))
  await evil.evaluate((url) => fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' }), `${base}/api/browser-sessions/refresh`)
  expect((await called).status()).toBe(403)
  const posted = evil.waitForResponse((response) => response.url().endsWith('/browser-sessions/revoke'))
  await evil.evaluate(() => document.forms[0]?.submit())
  expect((await posted).status()).toBe(403)
  await context.close()
  await page.goto('/account')
  await expect(page.getByRole('heading', { name: 'Your details' })).toBeVisible()
})

test('an order of somebody who was logged in before is shown to nobody else in the same tab', async ({ page, context }) => {
  const [ada, bob, product] = [await newPerson(), await newPerson('Bob'), await newProduct()]
  await logIn(page, ada)
  await toCart(page, product.product_id)
  await placeButton(page).click()
  await expectOrderPage(page)
  await expect(page.getByRole('main').getByText(product.name)).toBeVisible()
  await page.getByRole('link', { name: 'Account' }).click()
  await expect(page.getByText(ada.email)).toBeVisible()
  const second = await context.newPage()
  await logIn(second, bob)
  await expect(page.getByText(bob.email)).toBeVisible()
  let answer = () => {}
  const held = new Promise<void>((resolve) => (answer = resolve))
  await page.route('**/api/orders/*', async (route) => {
    await held
    await route.continue()
  })
  const asked = page.waitForRequest('**/api/orders/*')
  await page.goBack()
  await asked
  await expectOrderPage(page)
  await expect(page.getByRole('main').getByText(product.name)).toHaveCount(0)
  await expect(page.getByRole('main').getByText('Your order was placed', { exact: false })).toHaveCount(0)
  answer()
  await expect(page.getByText('It may belong to another account.')).toBeVisible()
})
