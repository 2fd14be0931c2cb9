import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { account } from '../../src/words/en/account'
import { common } from '../../src/words/en/common'
import { desk } from '../../src/words/en/desk'
import { shop } from '../../src/words/en/shop'

const sources = resolve(import.meta.dirname, '../../src')

function allSources(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
  return files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
}

describe('the texts', () => {
  const all = allSources(sources)
  for (const [name, texts] of Object.entries({ account, common, desk, shop })) {
    it(`of ${name} are each said somewhere`, () => {
      const unused = Object.keys(texts).filter((key) => !new RegExp(String.raw`\b${name}\.${key}\b`).test(all))
      expect(unused).toEqual([])
    })
  }
})
