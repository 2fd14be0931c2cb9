import type { ComponentChildren } from 'preact'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { isUnknown } from '../api/problem'
import { announce } from '../parts/live'
import { describe } from '../parts/states'
import { desk } from '../words/en/desk'
import { adjustStock, type Outcome, setStock } from './stock'

interface Stocked {
  product_id: string
  name: string
  stock: number
  low_stock_threshold: number
}

type Mode = 'set' | 'adjust'
type Change = { mode: Mode; figure: number; reason: string; seen: number; key: string }

const MOST = 1_000_000_000

/** A stock that can be changed where it stands. What is shown is what the store has said, and nothing else. */
export function StockCell({ product, changed }: { product: Stocked; changed: () => void }) {
  const [mode, setMode] = useState<Mode>()
  const [said, setSaid] = useState<number>()
  const [conflict, setConflict] = useState<{ change: Change; now: number }>()
  const [error, setError] = useState('')
  const [isBusy, setBusy] = useState(false)
  const failed = useRef<Change | null>(null)
  const buttons = useRef<HTMLDivElement>(null)
  useEffect(() => setSaid(undefined), [product.stock])
  const stock = said ?? product.stock

  async function run(change: Change): Promise<void> {
    setBusy(true)
    setError('')
    try {
      take(change, await carryOut(product.product_id, change))
    } catch (failure) {
      failed.current = isUnknown(failure) ? change : null
      setError(describe(failure))
    } finally {
      setBusy(false)
    }
  }

  function take(change: Change, outcome: Outcome): void {
    setSaid(outcome.quantity)
    failed.current = null
    if (outcome.kind === 'conflict') {
      setConflict({ change, now: outcome.quantity })
      return
    }
    if (outcome.kind === 'unsure') setError(desk.stockUnknown)
    else announce(desk.stockSaved(product.name, outcome.quantity))
    leave()
    changed()
  }

  /** The same change again, after a lost answer, keeps its key. */
  function start(change: Omit<Change, 'key'>): void {
    const last = failed.current
    const isSame = last?.mode === change.mode && last.figure === change.figure && last.reason === change.reason
    void run(isSame ? last : { ...change, key: crypto.randomUUID() })
  }

  /** A change that is left is over: the same one later is another one. Whether it was made is shown by the stock. */
  function leave(): void {
    if (failed.current) changed()
    failed.current = null
    setMode(undefined)
    setConflict(undefined)
    buttons.current?.querySelector('button')?.focus()
  }

  return (
    <div class="stock-cell" ref={buttons}>
      <span class={stock === 0 ? 'stock-number none' : stock <= product.low_stock_threshold ? 'stock-number low' : 'stock-number'}>{stock}</span>
      <button type="button" class="button small" aria-label={desk.setOf(product.name)} aria-expanded={mode === 'set'} onClick={() => setMode('set')}>
        {desk.set}
      </button>
      <button
        type="button"
        class="button small"
        aria-label={desk.adjustOf(product.name)}
        aria-expanded={mode === 'adjust'}
        onClick={() => setMode('adjust')}
      >
        {desk.adjust}
      </button>
      {mode && !conflict && (
        <StockForm key={mode} product={product} mode={mode} stock={stock} isBusy={isBusy} send={start} leave={leave} />
      )}
      {error && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
      {conflict && <Conflict {...conflict} isBusy={isBusy} send={start} keep={leave} />}
    </div>
  )
}

function carryOut(id: string, change: Change): Promise<Outcome> {
  if (change.mode === 'set') return setStock(id, change.figure, change.seen, change.reason)
  return adjustStock(id, change.figure, change.reason, change.key)
}

interface FormProps {
  product: Stocked
  mode: Mode
  stock: number
  isBusy: boolean
  send: (change: Omit<Change, 'key'>) => void
  leave: () => void
}

/** Enter saves, Esc leaves. */
function StockForm({ product, mode, stock, isBusy, send, leave }: FormProps) {
  const id = useId()
  const first = useRef<HTMLInputElement>(null)
  const [figure, setFigure] = useState(mode === 'set' ? String(stock) : '')
  const [reason, setReason] = useState(mode === 'set' ? (desk.reasons[0] ?? '') : '')
  const [error, setError] = useState('')
  useLayoutEffect(() => {
    first.current?.focus()
    first.current?.select()
  }, [])
  function submit(event: Event): void {
    event.preventDefault()
    if (isBusy) return
    const found = check(mode, figure, reason)
    setError(found)
    if (!found) send({ mode, figure: Number(figure), reason: reason.trim(), seen: stock })
  }
  return (
    <form class="stock-form" noValidate onSubmit={submit} onKeyDown={(event) => event.key === 'Escape' && leave()}>
      <input
        ref={first}
        class="figure"
        inputMode="numeric"
        autocomplete="off"
        aria-label={mode === 'set' ? desk.counted(product.name) : desk.difference(product.name)}
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${id}-error` : undefined}
        value={figure}
        onInput={(event) => setFigure(event.currentTarget.value)}
      />
      <input
        class="why"
        aria-label={desk.reason}
        placeholder={desk.reason}
        list={`${id}-reasons`}
        maxLength={200}
        value={reason}
        onInput={(event) => setReason(event.currentTarget.value)}
      />
      <datalist id={`${id}-reasons`}>
        {desk.reasons.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <button type="submit" class="button small primary" aria-busy={isBusy}>
        {desk.saveStock}
      </button>
      <button type="button" class="button small" onClick={leave}>
        {desk.escape}
      </button>
      {error && (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </form>
  )
}

function check(mode: Mode, figure: string, reason: string): string {
  const value = Number(figure)
  const isWhole = figure.trim() !== '' && Number.isInteger(value) && Math.abs(value) <= MOST
  if (mode === 'set' && (!isWhole || value < 0)) return desk.badStock
  if (mode === 'adjust' && (!isWhole || value === 0)) return desk.badDifference
  return reason.trim() ? '' : desk.reasonNeeded
}

interface ConflictProps {
  change: Change
  now: number
  isBusy: boolean
  send: (change: Omit<Change, 'key'>) => void
  keep: () => void
}

/** The stock moved since it was seen, by a sale for instance: set it all the same, leave it, or make the same difference. */
function Conflict({ change, now, isBusy, send, keep }: ConflictProps) {
  const box = useRef<HTMLDivElement>(null)
  const difference = change.figure - change.seen
  useEffect(() => box.current?.focus(), [])
  const again = ({ mode, figure }: Pick<Change, 'mode' | 'figure'>): void => {
    if (!isBusy) send({ mode, figure, reason: change.reason, seen: now })
  }
  return (
    <div class="mend" role="alert" tabIndex={-1} ref={box}>
      <p>{desk.conflict(now, change.seen)}</p>
      <Choice act={() => again(change)}>{desk.setAnyway(change.figure)}</Choice>
      <Choice act={keep}>{desk.keep(now)}</Choice>
      {difference !== 0 && now + difference >= 0 && (
        <Choice act={() => again({ mode: 'adjust', figure: difference })}>{desk.takeOff(difference)}</Choice>
      )}
    </div>
  )
}

function Choice({ act, children }: { act: () => void; children: ComponentChildren }) {
  return (
    <button type="button" class="button small" onClick={act}>
      {children}
    </button>
  )
}
