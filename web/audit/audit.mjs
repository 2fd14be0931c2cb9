// Measures the pages of a running store with Lighthouse, as a phone on slow 4G: npm run audit, by `make web-audit`.
// Of RUNS visits to each page (3) the one with the median performance counts; a visit before them warms the browser up.
// It fails for nothing that it measures: times vary from machine to machine, and so it says how busy this one was, and
// how fast by Lighthouse's own measure. `reports` has the whole of each result.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium as playwright } from '@playwright/test'
import lighthouse from 'lighthouse'
import { chromium } from '../tests/browser/chromium.ts'

const base = process.env.SHOP_PAGES_URL
const { admin } = JSON.parse(process.env.SHOP_DEMO_CREDENTIALS)
const reports = resolve(import.meta.dirname, 'reports')
const PAGES = [
  ['shop: home', '/'],
  ['shop: a product', '/products/brass-desk-lamp'],
  ['shop: basket', '/cart'],
  ['shop: log in', '/log-in'],
  ['shop: orders', '/orders'],
  ['desk: inventory', '/admin/'],
  ['desk: a product', '/admin/products/brass-desk-lamp'],
  ['desk: orders', '/admin/orders'],
  ['desk: sales', '/admin/sales'],
  ['reference', '/reference/'],
]
const RUNS = Number(process.env.RUNS || 3)
const ROWS = ['performance', 'accessibility', 'best-practices', 'seo']

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => found(port))
    })
  })
}

/** A browser in which the demo admin is logged in and has a basket, and that Lighthouse can drive, too. */
async function openBrowser(port) {
  const { executablePath, args } = await chromium()
  const browser = await playwright.launchPersistentContext(mkdtempSync(join(tmpdir(), 'shop-audit-')), {
    executablePath,
    args: [...args, `--remote-debugging-port=${port}`, '--lang=en-GB'],
    env: { ...process.env, LANGUAGE: 'en_GB' },
  })
  const page = await browser.newPage()
  await page.goto(`${base}/log-in`)
  await page.getByLabel('E-mail address').fill(admin.email)
  await page.getByLabel('Password', { exact: true }).fill(admin.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('link', { name: 'Account' }).waitFor()
  await page.goto(`${base}/products/brass-desk-lamp`)
  await page.getByRole('button', { name: 'Add to basket' }).click()
  await page.close()
  return browser
}

async function measure(path, port) {
  const result = await lighthouse(`${base}${path}`, {
    port,
    output: 'html',
    disableStorageReset: true, // the session and the basket
    onlyCategories: ROWS,
  })
  const { audits, categories, runtimeError } = result.lhr
  if (runtimeError) throw new Error(`${path}: ${runtimeError.message}`)
  const longest = Math.max(0, ...(audits['long-tasks']?.details?.items ?? []).map((task) => task.duration))
  const scores = ROWS.map((row) => Math.round((categories[row].score ?? 0) * 100))
  const lost = ROWS.flatMap((row) => categories[row].auditRefs)
    .filter(({ id, weight }) => weight > 0 && (audits[id].score ?? 1) < 0.9)
    .map(({ id }) => id)
  return {
    scores,
    lcp: audits['largest-contentful-paint'].numericValue,
    cls: audits['cumulative-layout-shift'].numericValue,
    longest,
    lost,
    speed: result.lhr.environment.benchmarkIndex,
    report: result.report,
  }
}

/** The visit whose performance is the median of all. */
async function medianOf(path, port) {
  const visits = []
  for (let i = 0; i < RUNS; i++) visits.push(await measure(path, port))
  return visits.toSorted((a, b) => a.scores[0] - b.scores[0])[Math.floor(RUNS / 2)]
}

mkdirSync(reports, { recursive: true })
const port = await freePort()
const browser = await openBrowser(port)
const speeds = []
await measure('/', port)
console.log('| page | performance | accessibility | best practices | SEO | LCP | CLS | longest task |')
console.log('| --- | --- | --- | --- | --- | --- | --- | --- |')
try {
  for (const [name, path] of PAGES) {
    const { scores, lcp, cls, longest, lost, speed, report } = await medianOf(path, port)
    speeds.push(speed)
    console.log(`| ${name} | ${scores.join(' | ')} | ${(lcp / 1000).toFixed(1)} s | ${cls.toFixed(3)} | ${longest.toFixed(0)} ms |`)
    if (lost.length > 0) console.error(`${name}: below 0.9: ${lost.join(', ')}`)
    writeFileSync(join(reports, `${name.replace(/\W+/g, '-')}.html`), report)
  }
  const load = loadavg().map((each) => each.toFixed(1))
  console.log(`load ${load.join(', ')}; Lighthouse's benchmark index ${Math.min(...speeds)} to ${Math.max(...speeds)}`)
} finally {
  await browser.close()
}
