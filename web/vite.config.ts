import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import preact from '@preact/preset-vite'
import type { Connect, Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { pageHeaders } from './headers.ts'

// Where the running store's API is: what `make -s url` prints.
const store = process.env.SHOP_API_URL ?? 'http://127.0.0.1:4566/_aws/execute-api/api'

/** Serves the pages at every path that is no file, as the distribution does. */
function pages(): Plugin {
  const toPage = (root: string): Connect.NextHandleFunction => (request, _, next) => {
    const path = new URL(request.url ?? '/', 'http://shop').pathname
    const isFile = /^\/(@|api\/|src\/|node_modules\/)/.test(path) || (/\.[a-z0-9]+$/.test(path) && isThere(root, path))
    const application = /^\/(admin|reference)(\/|$)/.exec(path)
    if (!isFile) request.url = application ? `/${application[1]}/index.html` : '/shop.html'
    next()
  }
  const isThere = (root: string, path: string) =>
    [root, resolve(import.meta.dirname, 'public')].some((folder) => existsSync(folder + path))
  return {
    name: 'pages',
    configureServer: (server) => void server.middlewares.use(toPage(server.config.root)),
    configurePreviewServer: (server) => void server.middlewares.use(toPage(resolve(import.meta.dirname, 'dist'))),
  }
}

const toStore = { '/api': { target: store, rewrite: (path: string) => path.replace(/^\/api/, new URL(store).pathname.replace(/\/$/, "")) } }

export default defineConfig({
  plugins: [preact(), pages()],
  appType: 'mpa',
  server: { host: '127.0.0.1', proxy: toStore },
  preview: { host: '127.0.0.1', proxy: toStore, headers: pageHeaders },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the CSP allows no data: scripts, fonts or styles
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { shop: 'shop.html', admin: 'admin/index.html', reference: 'reference/index.html' } },
  },
  test: { include: ['tests/unit/**/*.test.{ts,tsx}'], testTimeout: 60_000 },
})
