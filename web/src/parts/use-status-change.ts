import { useQueryClient } from '@tanstack/preact-query'
import { useRef, useState } from 'preact/hooks'
import type { Outcome } from '../api/order-status'
import { ApiError } from '../api/problem'
import type { Order, OrderStatus } from '../api/types'

/** What came of the last change; `retry` makes the same one again. */
export type Result = (Outcome | { kind: 'failed'; error: unknown }) & { retry: () => Promise<void> }

/** Changes of the order that the query `key` shows. What the store said of it is shown at once, and read again. */
export function useStatusChange(key: unknown[]) {
  const queries = useQueryClient()
  const running = useRef(false)
  const [isBusy, setBusy] = useState(false)
  const [result, setResult] = useState<Result>()

  /** Throws errors of single fields, for their form. */
  async function run(change: () => Promise<Outcome>): Promise<void> {
    if (running.current) return // a double click
    running.current = true
    setBusy(true)
    setResult(undefined)
    const retry = () => run(change)
    try {
      const outcome = await change()
      show(outcome)
      setResult({ ...outcome, retry })
    } catch (error) {
      if (error instanceof ApiError && error.fields.length > 0) throw error
      setResult({ kind: 'failed', error, retry })
    } finally {
      running.current = false
      setBusy(false)
    }
  }

  function show(outcome: Outcome): void {
    const become = (changed: object) => queries.setQueryData<Order>(key, (order) => order && { ...order, ...changed })
    if (outcome.kind === 'done') become(outcome.order)
    if (outcome.kind === 'conflict') become({ status: outcome.now satisfies OrderStatus })
    if (outcome.kind !== 'done') void queries.invalidateQueries({ queryKey: key })
  }

  return { isBusy, result, run }
}
