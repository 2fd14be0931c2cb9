import { adjust, awaits, newPerson, newProduct, saveProduct } from './store'
import { expect, expectAccessible, logIn, test } from './test'

const ask = { name: 'Tell me when it is back' }
const withdraw = { name: 'Cancel this request' }

test('journey 18: who is not logged in comes back, asks to be told, reloads, withdraws and asks again', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct({ stock: 0 })]
  await page.goto(`/products/${product.product_id}`)
  await expectAccessible(page)
  await page.getByRole('link', { name: 'Log in to be told when it is back' }).click()
  await page.getByLabel('E-mail address').fill(person.email)
  await page.getByLabel('Password', { exact: true }).fill(person.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page).toHaveURL(new RegExp(`/products/${product.product_id}$`))
  await page.getByRole('button', ask).dblclick()
  await expect(page.getByText(`We will write to ${person.email} once`).first()).toBeVisible()
  expect(await awaits(person, product.product_id)).toBe(true)
  await page.reload()
  await expect(page.getByRole('button', withdraw)).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', withdraw).press('Enter')
  await expect(page.getByRole('button', ask)).toBeFocused()
  expect(await awaits(person, product.product_id)).toBe(false)
  await page.getByRole('button', ask).click()
  await expect(page.getByRole('button', withdraw)).toBeVisible()
  expect(await awaits(person, product.product_id)).toBe(true)
})

test('journey 18: asking fails and says so; what is back meanwhile can be bought', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct({ stock: 0 })]
  await logIn(page, person, `/log-in?next=/products/${product.product_id}`)
  await page.route('**/back-in-stock', (route) => (route.request().method() === 'PUT' ? route.abort() : route.continue()))
  await page.getByRole('button', ask).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await expectAccessible(page)
  await page.unroute('**/back-in-stock')
  await adjust(product.product_id, 3)
  await page.getByRole('button', ask).click()
  await expect(page.getByRole('button', { name: 'Add to basket' })).toBeEnabled()
  await expect(page.getByRole('button', ask)).toHaveCount(0)
  expect(await awaits(person, product.product_id)).toBe(false)
})

test('journey 18: a product that is gone from the shop cannot be waited for', async ({ page }) => {
  const [person, product] = [await newPerson(), await newProduct({ stock: 0 })]
  await logIn(page, person, `/log-in?next=/products/${product.product_id}`)
  await expect(page.getByRole('button', ask)).toBeVisible()
  await saveProduct(product, { active: false })
  await page.getByRole('button', ask).click()
  await expect(page.getByRole('alert')).toBeVisible()
})
