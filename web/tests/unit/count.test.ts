import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { each, readCounts } from '../../src/admin/count'

describe('counts', () => {
  it('are read whatever parts them, without a header and empty lines', () => {
    const rows = readCounts('\uFEFF\r\nproduct_id,quantity\r\n\na,1,2\n b ; 3 \r"c"\t"0"\t4\n')
    expect(rows.map(({ line, count }) => [line, count?.id, count?.quantity, count?.seen])).toEqual([
      [4, 'a', 1, 2],
      [5, 'b', 3, undefined],
      [6, 'c', 0, 4],
    ])
  })

  it.each(['a', 'a,', 'a,-1', 'a,1.5', 'a,1,x', 'a,1,2,3', ',1', '..,1', 'a b,1', 'a,1000000001', 'a,1e3'])('%j is none', (line) => {
    expect(readCounts(line)).toEqual([{ line: 1, text: line, result: { kind: 'bad' } }])
  })

  it('of a product that was on a line before are not taken', () => {
    expect(readCounts('a,1\nb,1\na,2').map(({ result }) => result.kind)).toEqual(['waiting', 'waiting', 'twice'])
  })

  it('are read from any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const { count } of readCounts(text)) if (count) expect(count.quantity).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('are each worked at once, a few at a time', async () => {
    let [now, most] = [0, 0]
    const done: number[] = []
    const work = async (n: number) => {
      most = Math.max(most, ++now)
      await Promise.resolve()
      now--
      done.push(n)
    }
    const items = Array.from({ length: 20 }, (_, n) => n)
    await each(items, work, new AbortController().signal)
    expect(done.toSorted((a, b) => a - b)).toEqual(items)
    expect(most).toBeLessThanOrEqual(4)
  })
})
