import { useEffect, useRef } from 'preact/hooks'
import { common } from '../words/en/common'
import { announce } from './live'

interface Props {
  /** How many are shown. */
  count: number
  hasMore: boolean
  isBusy: boolean
  load: () => void
  /** Finds the element of the item with this index. */
  focusAt: (index: number) => HTMLElement | null | undefined
}

/** Brings the next page of a list and leads the focus to the first that is new. */
export function More({ count, hasMore, isBusy, load, focusAt }: Props) {
  const before = useRef<number | undefined>(undefined)
  useEffect(() => {
    if (before.current === undefined || count <= before.current) return
    focusAt(before.current)?.focus()
    announce(common.moreShown(count - before.current))
    before.current = undefined
  }, [count])
  if (!hasMore) return null
  return (
    <div class="more">
      <button
        type="button"
        class="button"
        aria-busy={isBusy}
        aria-disabled={isBusy}
        onClick={() => {
          if (isBusy) return
          before.current = count
          load()
        }}
      >
        {isBusy ? common.loading : common.showMore}
      </button>
    </div>
  )
}
