import { defineConfig } from '@playwright/test'
import { chromium } from './tests/browser/chromium'

const { executablePath, args } = await chromium()
const port = Number(process.env.SHOP_WEB_PORT ?? 4173)

export default defineConfig({
  testDir: 'tests/browser',
  outputDir: 'test-results',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  workers: 1, // the store is one, and so are its orders
  reporter: [['list']],
  use: {
    baseURL: process.env.SHOP_PAGES_URL ?? `http://127.0.0.1:${port}`,
    launchOptions: { executablePath, args },
    locale: 'en-GB',
    actionTimeout: 10_000,
    trace: 'retain-on-failure',
  },
  ...(!process.env.SHOP_PAGES_URL && {
    webServer: {
      command: `node node_modules/vite/bin/vite.js preview --port ${port} --strictPort`,
      url: `http://127.0.0.1:${port}/`,
      reuseExistingServer: true,
    },
  }),
})
