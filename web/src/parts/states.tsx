/** What stands where data would, while there is none: loading, nothing, failed. */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ApiError, NoAnswer } from '../api/problem'
import { common } from '../words/en/common'

/** Shows its children after 150 ms, so that what is quick does not flicker. */
function Late({ children }: { children: ComponentChildren }) {
  const [isShown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150)
    return () => clearTimeout(timer)
  }, [])
  return <>{isShown && children}</>
}

/** The layout of what is coming, by the shape of its parts. */
const CLASSES = { card: 'grid', row: 'stack', product: 'product' }

/** Grey shapes in place of what is coming. `waiting` is the error that the next attempt waits for. */
export function Loading({ shape, count = 1, waiting }: { shape: 'card' | 'row' | 'product'; count?: number; waiting?: Error | null }) {
  return (
    <div aria-busy="true" class="loading">
      {waiting && <Waiting error={waiting} />}
      <Late>
        <p class="hidden">{common.loading}</p>
        <div class={CLASSES[shape]} aria-hidden="true">
          {Array.from({ length: count }, (_, i) => (
            <div key={i} class={`skeleton ${shape}`} />
          ))}
        </div>
      </Late>
    </div>
  )
}

/** Says that an attempt failed and that the next one comes by itself. */
export function Waiting({ error }: { error: Error }) {
  return (
    <p class="notice" role="status">
      {error instanceof NoAnswer ? common.noAnswerWaiting : common.busyWaiting}
    </p>
  )
}

/** Nothing is there. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  )
}

/** A failure in words, with the id by which the shop's people find it. */
export function Failure({ error, again }: { error: unknown; again?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <p>{describe(error)}</p>
      {error instanceof ApiError && error.requestId && (
        <p class="fine">
          {common.requestId} <code>{error.requestId}</code>
        </p>
      )}
      {again && (
        <button type="button" class="button" onClick={again}>
          {common.tryAgain}
        </button>
      )}
    </div>
  )
}

export function describe(error: unknown): string {
  if (error instanceof NoAnswer) return navigator.onLine ? common.noAnswer : common.offline
  if (!(error instanceof ApiError)) return common.broken
  if (error.status === 429) return error.retryAfter ? common.tooMany(error.retryAfter) : common.busy
  if (error.status === 503) return common.busy
  if (error.status >= 500) return common.failed
  if (error.status === 403) return common.forbidden
  return common.byCode[error.code] ?? error.body.detail ?? common.failed
}
