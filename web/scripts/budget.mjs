// Holds what the first load of each app costs: npm run build, then npm run budget.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'

const dist = resolve(import.meta.dirname, '../dist')
const budgets = [
  { page: 'shop.html', js: 35, css: 10 },
  { page: 'admin/index.html', js: 60, css: 10 },
  { page: 'reference/index.html', js: 0, css: 10 },
]

const kilobytes = (files) => files.reduce((sum, file) => sum + gzipSync(readFileSync(resolve(dist, file)), { level: 9 }).length, 0) / 1024

/** What a page loads at once: Vite names the entry and, as modulepreload, all that it imports. */
function firstLoad(page) {
  const html = readFileSync(resolve(dist, page), 'utf8')
  const files = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1])
  return { js: kilobytes(files.filter((file) => file.endsWith('.js'))), css: kilobytes(files.filter((file) => file.endsWith('.css'))) }
}

let isOver = false
for (const { page, ...budget } of budgets) {
  const loaded = firstLoad(page)
  for (const kind of ['js', 'css']) {
    const mark = loaded[kind] > budget[kind] ? 'over' : 'ok'
    isOver ||= mark === 'over'
    console.log(`${page} ${kind}: ${loaded[kind].toFixed(1)} of ${budget[kind]} KB gzip, ${mark}`)
  }
}
if (isOver) process.exit(1)
