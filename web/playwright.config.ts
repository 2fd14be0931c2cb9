import { defineConfig } from '@playwright/test'
import { chromium } from './tests/browser/chromium'

const { executablePath, args } = await chromium()
const port = Number(process.env.SHOP_WEB_PORT ?? 4173)

/** What changes the store for all: its settings, or faults between it and its database. It runs by itself, after the others. */
const ALONE = /faults\.spec|weather\.spec|@alone/

export default defineConfig({
  testDir: 'tests/browser',
  outputDir: 'test-results',
  // A mail comes by the relay, after three minutes, where its event was too slow for the request.
  timeout: 300_000,
  expect: { timeout: 30_000 },
  workers: 2,
  fullyParallel: true,
  projects: [
    { name: 'pictures', testMatch: 'pictures.spec.ts' },
    { name: 'together', testIgnore: 'pictures.spec.ts', grepInvert: ALONE, dependencies: ['pictures'] },
    { name: 'alone', grep: ALONE, dependencies: ['together'], workers: 1 },
  ],
  reporter: [['list']],
  use: {
    baseURL: process.env.SHOP_PAGES_URL ?? `http://127.0.0.1:${port}`,
    launchOptions: { executablePath, args },
    locale: 'en-GB',
    contextOptions: { reducedMotion: 'reduce' }, // no colour on its way to another when axe looks
    actionTimeout: 30_000,
    trace: 'off', // it takes half of a run's time: --trace on for a test that fails
    screenshot: 'only-on-failure',
  },
  ...(!process.env.SHOP_PAGES_URL && {
    webServer: {
      command: `node node_modules/vite/bin/vite.js preview --port ${port} --strictPort`,
      url: `http://127.0.0.1:${port}/`,
      reuseExistingServer: true,
    },
  }),
})
