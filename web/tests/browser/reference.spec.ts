/** The API's reference: a page without scripts, made of docs/openapi.yaml at build. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, expectAccessible, expectNoOverflow, looks, picture, test } from './test'

const contract = readFileSync(resolve(import.meta.dirname, '../../../docs/openapi.yaml'), 'utf8')

for (const { name: as, viewport, colorScheme } of looks) {
  test.describe(as, () => {
    test.use({ viewport, colorScheme })

    test('the reference', async ({ page }) => {
      await page.goto('/reference')
      await expect(page.getByRole('heading', { level: 1, name: 'API reference' })).toBeVisible()
      await picture(page, `reference-${as}`, false)
      if (as === '1280-light' || as === '375-dark') await expectAccessible(page) // axe takes seconds for all of it
      else await expectNoOverflow(page)
    })
  })
}

test('the reference has every operation and schema of the contract, its links lead somewhere, and it offers the file', async ({ page }) => {
  await page.goto('/reference/')
  const ids = [...contract.matchAll(/^ {6}operationId: (\S+)$/gm)].map((match) => match[1])
  expect(await page.locator('.operation').evaluateAll((all) => all.map((each) => each.id))).toEqual(expect.arrayContaining(ids))
  const schemas = [...contract.slice(contract.indexOf('\n  schemas:')).matchAll(/^ {4}(\w+):/gm)].map((match) => `schema-${match[1]}`)
  expect(await page.locator('#schemas .schema').evaluateAll((all) => all.map((each) => each.id))).toEqual(schemas)
  const lost = await page.locator('a[href^="#"]').evaluateAll((links) =>
    links.map((link) => link.getAttribute('href') ?? '').filter((href) => !document.getElementById(href.slice(1))),
  )
  expect(lost).toEqual([])
  expect(await page.locator('script').count()).toBe(0)
  const order = page.locator('#place-order')
  await expect(order.getByText('POST', { exact: true })).toBeVisible()
  await expect(order.getByText('"expected_total"', { exact: false }).first()).toBeVisible()
  const file = page.waitForEvent('download')
  await page.getByRole('link', { name: 'openapi.yaml' }).click()
  expect(readFileSync(await (await file).path(), 'utf8')).toBe(contract)
})
