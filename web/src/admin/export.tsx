import { useRef, useState } from 'preact/hooks'
import { save } from '../parts/download'
import { announce } from '../parts/live'
import { Failure } from '../parts/states'
import { common } from '../words/en/common'
import { desk } from '../words/en/desk'
import { type Cell, toCsv } from './csv'

interface Props<Item> {
  name: string
  head: string[]
  /** The page after the cursor, which is empty for the first one. */
  load: (cursor: string, signal: AbortSignal) => Promise<{ items: Item[]; next_cursor?: string | null }>
  row: (item: Item) => Cell[]
}

/** Walks a list to its end and hands it over as a file. */
export function Export<Item>({ name, head, load, row }: Props<Item>) {
  const [count, setCount] = useState<number>()
  const [failure, setFailure] = useState<unknown>()
  const stop = useRef<AbortController | null>(null)
  async function run(): Promise<void> {
    const control = new AbortController()
    stop.current = control
    setFailure(undefined)
    setCount(0)
    try {
      const rows: Cell[][] = [head]
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const page: { items: Item[]; next_cursor?: string | null } = await load(cursor, control.signal)
        for (const item of page.items) rows.push(row(item))
        setCount(rows.length - 1)
        cursor = page.next_cursor ?? undefined
      }
      if (control.signal.aborted) return
      save(`${name}.csv`, 'text/csv;charset=utf-8', toCsv(rows))
      announce(desk.exported(rows.length - 1))
    } catch (error) {
      if (!control.signal.aborted) setFailure(error)
    } finally {
      setCount(undefined)
    }
  }
  if (count !== undefined) {
    return (
      <span class="row flush" role="status">
        {desk.exporting(count)}
        <button type="button" class="button small" onClick={() => stop.current?.abort()}>
          {common.cancel}
        </button>
      </span>
    )
  }
  return (
    <>
      {failure !== undefined && <Failure error={failure} />}
      <button type="button" class="button" onClick={() => void run()}>
        {desk.csv}
      </button>
    </>
  )
}
