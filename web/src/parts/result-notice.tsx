import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { common } from '../words/en/common'
import { Failure } from './states'
import type { Result } from './use-status-change'

interface Props {
  result: Result | undefined
  /** What is said of what came of it. */
  children: ComponentChildren
}

/** Says what came of a change, and takes the focus: the button that asked for it may be gone. */
export function ResultNotice({ result, children }: Props) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (result) box.current?.focus()
  }, [result])
  if (!result) return null
  if (result.kind === 'failed') {
    return (
      <div ref={box} tabIndex={-1}>
        <Failure error={result.error} again={() => void result.retry()} />
      </div>
    )
  }
  return (
    <div ref={box} tabIndex={-1} class={result.kind === 'done' ? 'notice good' : 'notice bad'} role="status">
      <p>{children}</p>
      {result.kind === 'unknown' && (
        <button type="button" class="button" onClick={() => void result.retry()}>
          {common.askAgain}
        </button>
      )}
    </div>
  )
}
