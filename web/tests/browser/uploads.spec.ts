/** A product's picture, uploaded at the desk. */
import { createHash, randomBytes } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import { admin, newProduct } from './store'
import { expect, expectAccessible, logIn, type Page, test, UPLOADS } from './test'

interface File {
  name: string
  mimeType: string
  buffer: Buffer
}

/** A PNG of one pixel that the store has not seen. */
function png(name = 'lamp.png'): File {
  const chunk = (kind: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(kind), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0])
  const pixels = deflateSync(Buffer.concat([Buffer.from([0]), randomBytes(3)]))
  const text = chunk('tEXt', Buffer.concat([Buffer.from('Comment\0'), Buffer.from(randomBytes(16).toString('hex'))]))
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  const parts = [signature, chunk('IHDR', header), text, chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]
  return { name, mimeType: 'image/png', buffer: Buffer.concat(parts) }
}

const urlOf = (file: File) => `/images/${createHash('sha256').update(file.buffer).digest('hex')}`

const chooser = (page: Page) => page.getByLabel('Picture file')
const address = (page: Page) => page.getByLabel('Picture’s address')

async function openProduct(page: Page): Promise<string> {
  const { product_id: id } = await newProduct()
  await logIn(page, admin(), `/admin/products/${id}`)
  await expect(chooser(page)).toBeVisible()
  return id
}

test('journey 18: a picture is uploaded by keyboard, previewed, saved, and shown in the shop', async ({ page }) => {
  const dialog = page.waitForEvent('filechooser', { timeout: 60_000 }) // already now: the browser needs a moment to hand it over
  const id = await openProduct(page)
  const file = png()
  await page.getByLabel('Price').focus()
  await page.keyboard.press('Tab')
  await expect(chooser(page)).toBeFocused()
  await page.keyboard.press('Enter')
  await (await dialog).setFiles(file)
  await expect(address(page)).toHaveValue(urlOf(file))
  await expect(page.locator('#live')).toHaveText('The picture is uploaded. Save to show it.')
  await expect(page.getByRole('img', { name: 'Preview of the picture' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText('Saved', { exact: false }).first()).toBeVisible()
  await page.goto(`/products/${id}`)
  const shown = page.locator(`img.picture[src="${urlOf(file)}"]`)
  await expect(shown).toBeVisible()
  await expect.poll(() => shown.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(1)
})

test('a new product has a picture, and one that the store has is not sent again', async ({ page }) => {
  const file = png()
  await openProduct(page)
  await chooser(page).setInputFiles(file)
  await expect(address(page)).toHaveValue(urlOf(file))
  let sent = 0
  page.on('request', (request) => void (UPLOADS.test(request.url()) && sent++))
  await page.goto('/admin/new')
  await chooser(page).setInputFiles({ ...file, name: 'the same.png' })
  await expect(address(page)).toHaveValue(urlOf(file))
  expect(sent).toBe(0)
  await address(page).fill('https://images.shop.example/lamp.jpg')
  await expect(address(page)).toHaveValue('https://images.shop.example/lamp.jpg')
})

test('a file that is too large, of another kind or no picture is refused, and says so', async ({ page }) => {
  await openProduct(page)
  const large = { ...png(), buffer: Buffer.alloc(5_000_001) }
  const drawing = { name: 'lamp.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg/>') }
  const html = { ...png('page.png'), buffer: Buffer.from(`<html>${randomBytes(8).toString('hex')}`) }
  for (const [file, text] of [
    [large, 'The file is larger than 5 MB.'],
    [drawing, 'Choose a JPEG, PNG, WebP or AVIF file.'],
    [{ ...png(), buffer: Buffer.alloc(0) }, 'The file is empty.'],
    [html, 'The file is no JPEG, PNG, WebP or AVIF picture.'],
  ] as const) {
    await chooser(page).setInputFiles(file)
    await expect(page.getByRole('alert').filter({ hasText: text })).toBeVisible()
    await expect(chooser(page)).toHaveAttribute('aria-describedby', /picture_file-error/)
    await expect(page.getByRole('button', { name: 'Upload it again' })).toHaveCount(0)
  }
  await expectAccessible(page)
  await expect(address(page)).toHaveValue('')
})

test('an upload that was cut off or came too late is sent again', async ({ page }) => {
  await openProduct(page)
  const file = png()
  const again = page.getByRole('button', { name: 'Upload it again' })
  await page.route(UPLOADS, (route) => route.abort('connectionreset'))
  await chooser(page).setInputFiles(file)
  await expect(page.getByRole('alert').filter({ hasText: 'The shop did not answer.' })).toBeVisible()
  await page.unroute(UPLOADS)
  const headers = { 'Access-Control-Allow-Origin': '*' }
  await page.route(UPLOADS, (route) => route.fulfill({ status: 403, headers, body: '<Error><Code>AccessDenied</Code></Error>' }))
  await again.click()
  await expect(page.getByRole('alert').filter({ hasText: 'it took too long, or the file has changed' })).toBeVisible()
  await page.unroute(UPLOADS)
  await again.click()
  await expect(address(page)).toHaveValue(urlOf(file))
  await expect(again).toHaveCount(0)
})

test('while a picture is on its way nothing is saved, and the upload can be stopped', async ({ page }) => {
  await openProduct(page)
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  await page.route(UPLOADS, async (route) => {
    await held
    await route.abort()
  })
  await chooser(page).setInputFiles(png())
  await expect(page.getByRole('progressbar', { name: 'Upload of the picture' })).toBeVisible()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('link', { name: 'Picture’s address: The picture is still being uploaded.' })).toBeVisible()
  await page.getByRole('button', { name: 'Stop the upload' }).click()
  await expect(page.getByRole('progressbar')).toHaveCount(0)
  await expect(chooser(page)).toBeFocused()
  await expect(address(page)).toHaveValue('')
  await chooser(page).setInputFiles(png()) // and another choice stops it, too, of a file that is not taken
  await expect(page.getByRole('progressbar')).toBeVisible()
  await chooser(page).setInputFiles({ name: 'lamp.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg/>') })
  await expect(page.getByRole('progressbar')).toHaveCount(0)
  release()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText('Saved', { exact: false }).first()).toBeVisible()
})
