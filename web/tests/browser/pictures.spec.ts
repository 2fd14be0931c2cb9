/** Comes before every other test: nothing but the demo catalogue is in the store. */
import { admin } from './store'
import { expect, logIn, test } from './test'

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
