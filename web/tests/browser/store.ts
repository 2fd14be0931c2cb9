/** The running store, seen from outside the pages: what tests need there, and what came of it. */
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'

const api = process.env.SHOP_API_URL ?? make('url')

function make(target: string): string {
  return execFileSync('make', ['-s', target], { cwd: resolve(import.meta.dirname, '../../..'), encoding: 'utf8' }).trim()
}

export interface Person {
  email: string
  password: string
  name: string
}

export interface Order {
  order_id: string
  placed_at: string
  email_status: string
  status: string
  changes?: { status: string; by: string }[]
  items: { product_id: string; quantity: number }[]
  total: { amount: number; currency: string }
}

export interface Product {
  product_id: string
  name: string
  stock: number
  categories?: string[]
  max_per_order?: number
  price: { amount: number; currency: string }
  version: number
}

async function call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const response = await fetch(api + path, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return (text ? JSON.parse(text) : undefined) as T
}

async function bearer({ email, password }: { email: string; password: string }): Promise<Record<string, string>> {
  const session = await call<{ access_token: string }>('POST', '/sessions', { email, password })
  return { Authorization: `Bearer ${session.access_token}` }
}

/** Shorter than an access token lives, which a whole run on a slow machine outlasts. */
const TOKEN_USED_FOR = 10 * 60_000
let adminHeaders: { since: number; headers: Promise<Record<string, string>> } | undefined

export function admin(): { email: string; password: string } {
  return (JSON.parse(process.env.SHOP_DEMO_CREDENTIALS ?? make('demo-credentials')) as { admin: Person }).admin
}

function asAdmin(): Promise<Record<string, string>> {
  if (!adminHeaders || Date.now() - adminHeaders.since > TOKEN_USED_FOR) adminHeaders = { since: Date.now(), headers: bearer(admin()) }
  return adminHeaders.headers
}

/** Somebody who has signed up, and nobody else's. */
export async function newPerson(name = 'Ada Winter'): Promise<Person> {
  const person = { email: `ada-${randomUUID()}@example.com`, password: `a lamp ${randomUUID()}`, name }
  await call('POST', '/users', person)
  return person
}

/** A product of the test's own. */
export async function newProduct(changes: Partial<Product> & { description?: string } = {}): Promise<Product> {
  const id = `test-${randomUUID().slice(0, 13)}`
  const product = { name: `Zz test ${id}`, description: '', price: { amount: 6400, currency: 'GBP' }, image_url: '', active: true, stock: 20 }
  return call<Product>('PUT', `/admin/products/${id}`, { ...product, ...changes }, await asAdmin())
}

export async function saveProduct(product: Product, changes: object): Promise<void> {
  const { name, price } = product
  const body = { name, description: '', price, image_url: '', active: true, ...changes }
  await call('PUT', `/admin/products/${product.product_id}`, body, await asAdmin())
}

export async function adjust(id: string, delta: number): Promise<void> {
  await call('POST', `/admin/products/${id}/stock/adjustments`, { delta, reason: 'test' }, await asAdmin())
}

export async function productOf(id: string): Promise<Product> {
  return call<Product>('GET', `/admin/products/${id}`, undefined, await asAdmin())
}

export async function movementsOf(id: string): Promise<{ delta: number; reason: string }[]> {
  const page = await call<{ items: { delta: number; reason: string }[] }>('GET', `/admin/products/${id}/stock/movements`, undefined, await asAdmin())
  return page.items
}

export async function buy(person: Person, product: string, quantity: number): Promise<Order> {
  const headers = { ...(await bearer(person)), 'Idempotency-Key': randomUUID() }
  return call<Order>('POST', '/orders', { items: [{ product_id: product, quantity }] }, headers)
}

/** As many orders of one unit each, one after the other. */
export async function buyOften(person: Person, product: string, times: number): Promise<Order[]> {
  const headers = await bearer(person)
  const orders: Order[] = []
  for (let i = 0; i < times; i++) {
    const body = { items: [{ product_id: product, quantity: 1 }] }
    orders.push(await call<Order>('POST', '/orders', body, { ...headers, 'Idempotency-Key': randomUUID() }))
  }
  return orders
}

export async function cancel(person: Person, orderId: string): Promise<void> {
  await call('POST', `/orders/${orderId}/cancellation`, undefined, await bearer(person))
}

/** An order as an admin sees it. */
export async function orderOf(id: string): Promise<Order> {
  return call<Order>('GET', `/orders/${id}`, undefined, await asAdmin())
}

export async function changeStatus(id: string, from: string, to: string): Promise<void> {
  await call('PUT', `/admin/orders/${id}/status`, { status: to, compare_status: from }, await asAdmin())
}

/** All orders of somebody, once the list, which may lag by a second, has at least `least` of them. */
export async function ordersOf(person: Person, least = 1): Promise<Order[]> {
  const headers = await bearer(person)
  for (let i = 0; ; i++) {
    const { items } = await call<{ items: Order[] }>('GET', '/orders?limit=100', undefined, headers)
    if (items.length >= least || i === 10) return items
    await new Promise((done) => setTimeout(done, 300))
  }
}

interface Summary {
  orders: number
  units: number
  revenue: { amount: number; currency: string }
  complete_until: string
}

/** What was sold in the last `days`, or on one day. */
export async function summary(range: { days: number } | { from: string; to: string }): Promise<Summary> {
  const query = new URLSearchParams(Object.entries(range).map(([name, value]) => [name, String(value)]))
  return call('GET', `/admin/orders/summary?${query}`, undefined, await asAdmin())
}

/** Whether the person is to be mailed when the product is back. */
export async function awaits(person: Person, product: string): Promise<boolean> {
  return (await call<{ requested: boolean }>('GET', `/products/${product}/back-in-stock`, undefined, await bearer(person))).requested
}

/** The token of the link to `page` in the newest mail to the address, once it is there: by the relay in three minutes. */
export async function tokenOf(email: string, page: string): Promise<string> {
  const url = process.env.SHOP_MAIL_URL ?? make('mail-url')
  for (const end = Date.now() + 240_000; Date.now() < end; ) {
    const mails = (await (await fetch(url)).text()).split(email).slice(1)
    const token = mails.flatMap((mail) => new RegExp(`/${page}#token=([A-Za-z0-9_-]+)`).exec(mail)?.[1] ?? []).at(-1)
    if (token) return token
    await new Promise((done) => setTimeout(done, 500))
  }
  throw new Error(`no mail with a link to /${page} came`)
}
