import { useRef, useState } from 'preact/hooks'
import { save } from '../../parts/download'
import { ErrorSummary, type Errors, Field, Submit, TextField, useForm } from '../../parts/form'
import { announce } from '../../parts/live'
import { Page } from '../../parts/page'
import { describe, Empty } from '../../parts/states'
import { common } from '../../words/en/common'
import { desk } from '../../words/en/desk'
import { check, each, MOST_LINES, readCounts, type Result, type Row, take } from '../count'
import { toCsv } from '../csv'

const LABELS = { counts: desk.countLines, reason: desk.reason }

/** Sets many stocks to what was counted. Nothing is set before all lines were looked at. */
export function Stocktake() {
  const [text, setText] = useState('')
  const [reason, setReason] = useState(desk.reasons[0] ?? '')
  const [rows, setRows] = useState<Row[]>()
  const [progress, setProgress] = useState<{ done: number; all: number }>()
  const stop = useRef<AbortController | null>(null)

  /** Works at the rows that are to be worked at, and shows each result as it comes. */
  async function work(all: Row[], isDue: (row: Row) => boolean, one: (row: Row) => Promise<Row>): Promise<void> {
    const control = new AbortController()
    stop.current = control
    const now = [...all]
    const due = all.flatMap((row, i) => (isDue(row) ? [i] : []))
    let done = 0
    setRows(now)
    setProgress({ done, all: due.length })
    await each(
      due,
      async (i) => {
        const row = now[i]
        if (row) now[i] = await one(row)
        done++
        setRows([...now])
        setProgress({ done, all: due.length })
      },
      control.signal,
    )
    setProgress(undefined)
    announce(desk.countSummary(tally(now)))
  }

  const look = (all: Row[]) =>
    work(
      all,
      ({ result, count }) => count !== undefined && result.kind !== 'twice' && result.kind !== 'done',
      async (row) => {
        const count = row.result.kind === 'failed' ? row.result.count : row.count
        return count ? { ...row, ...(await check(count)) } : row
      },
    )
  const checking = useForm(
    () => look(readCounts(text)),
    () => ({ counts: problemWith(readCounts(text)) }),
  )
  const setting = useForm(
    () =>
      work(
        rows ?? [],
        ({ result }) => result.kind === 'ready',
        async (row) => (row.count ? { ...row, result: await take(row.count, reason.trim()) } : row),
      ),
    (): Errors => ({ reason: reason.trim() ? undefined : desk.reasonNeeded }),
  )
  function change(next: string): void {
    setText(next)
    setRows(undefined)
  }
  const counts = tally(rows ?? [])
  return (
    <Page title={desk.stocktake} lead={desk.stocktakeLead}>
      <form class="form" method="post" noValidate onSubmit={checking.submit}>
        <ErrorSummary errors={checking.errors} labels={LABELS} failure={checking.failure} />
        <Field
          name="file"
          label={desk.countFile}
          type="file"
          disabled={progress !== undefined}
          accept=".csv,.tsv,.txt,text/csv,text/plain"
          onChange={(event) => void event.currentTarget.files?.[0]?.text().then(change)}
        />
        <TextField
          name="counts"
          label={desk.countLines}
          hint={desk.countHint}
          rows={8}
          spellcheck={false}
          readOnly={progress !== undefined}
          value={text}
          error={checking.errors.counts}
          onInput={(event) => change(event.currentTarget.value)}
        />
        <Submit isBusy={progress !== undefined}>{desk.checkCounts}</Submit>
      </form>
      {progress && (
        <p class="row" role="status">
          {desk.countProgress(progress.done, progress.all)}
          <button type="button" class="button small" onClick={() => stop.current?.abort()}>
            {common.cancel}
          </button>
        </p>
      )}
      {!rows && <Empty title={desk.noCounts} />}
      {rows && <Table rows={rows} />}
      {rows && !progress && (
        <form class="form" method="post" noValidate onSubmit={setting.submit}>
          <p class="notice">{desk.countSummary(counts)}</p>
          <ErrorSummary errors={setting.errors} labels={LABELS} failure={setting.failure} />
          {counts.ready > 0 && (
            <Field
              name="reason"
              label={desk.reason}
              maxLength={200}
              value={reason}
              error={setting.errors.reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          )}
          <p class="row">
            {counts.ready > 0 && <Submit isBusy={setting.isBusy}>{desk.setStocks(counts.ready)}</Submit>}
            {counts.failed > 0 && (
              <button type="button" class="button" onClick={() => void look(rows)}>
                {common.tryAgain}
              </button>
            )}
            {counts.open > 0 && (
              <button type="button" class="button" onClick={() => report(rows)}>
                {desk.countReport}
              </button>
            )}
          </p>
        </form>
      )}
    </Page>
  )
}

function problemWith(rows: Row[]): string | undefined {
  if (rows.length === 0) return common.required
  return rows.length > MOST_LINES ? desk.tooManyCounts(MOST_LINES) : undefined
}

function tally(rows: Row[]): Record<'ready' | 'same' | 'done' | 'failed' | 'open', number> {
  const of = (...kinds: Result['kind'][]) => rows.filter(({ result }) => kinds.includes(result.kind)).length
  const open = of('bad', 'twice', 'missing', 'conflict', 'unsure', 'failed', 'waiting')
  return { ready: of('ready'), same: of('same'), done: of('done'), failed: of('failed', 'waiting'), open }
}

/** The lines that were not done, as they were, with the present stock and why. */
function report(rows: Row[]): void {
  const open = rows.filter(({ result }) => !['ready', 'same', 'done'].includes(result.kind))
  const head = ['line', 'text', 'stock', 'why']
  const cells = open.map(({ line, text, result }) => [line, text, 'stock' in result ? result.stock : '', explain(result)])
  save('stocktake-refused.csv', 'text/csv;charset=utf-8', toCsv([head, ...cells]))
}

function explain(result: Result): string {
  return result.kind === 'failed' ? describe(result.error) : desk.countResults[result.kind]
}

function Table({ rows }: { rows: Row[] }) {
  return (
    <div class="scroller" role="region" aria-label={desk.stocktake} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{common.product}</th>
            <th scope="col" class="number">
              {desk.seenStock}
            </th>
            <th scope="col" class="number">
              {desk.countedStock}
            </th>
            <th scope="col" class="number">
              {desk.stockNow}
            </th>
            <th scope="col" class="if-wide">
              {desk.countResult}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ line, text, count, result }) => (
            <tr key={line}>
              <th scope="row">
                {count ? count.id : <code dir="auto">{text.slice(0, 80)}</code>}
                <span class="fine if-narrow">{explain(result)}</span>
              </th>
              <td class="number">{count?.seen ?? ''}</td>
              <td class="number">{count?.quantity ?? ''}</td>
              <td class="number">{'stock' in result ? result.stock : ''}</td>
              <td class="if-wide">{explain(result)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
