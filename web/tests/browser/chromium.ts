import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The Chromium that the tests drive: SHOP_CHROMIUM, an installed one, or the headless one that an npm package brings. */
export async function chromium(): Promise<{ executablePath: string; args: string[] }> {
  const installed = process.env.SHOP_CHROMIUM ?? find()
  if (installed) return { executablePath: installed, args: ['--no-sandbox'] }
  process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs22.x' // has the package unpack the libraries that a bare machine lacks
  const { default: packed } = await import('@sparticuz/chromium')
  const executablePath = await packed.executablePath()
  return { executablePath, args: packed.args.filter((argument) => !argument.startsWith('--single-process')) }
}

function find(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}
