import type { ComponentChildren } from 'preact'
import { useLocation } from 'preact-iso'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { common } from '../words/en/common'
import { restoreScroll } from './scroll'

/** The page on which the visitor arrived, until it is whole. */
let isFirst = true

interface Props {
  title: string
  /** What stands beside the heading. */
  aside?: ComponentChildren
  /** A class of the page's own layout. */
  kind?: 'narrow' | 'wide'
  lead?: string
  isHeadingHidden?: boolean
  /** Another page follows by itself, with what this one waits for. */
  isWaiting?: boolean
  children: ComponentChildren
}

/** One page: its title, and its heading, which takes the focus when one comes from another page. */
export function Page({ title, aside, kind = 'wide', lead, isHeadingHidden, isWaiting = false, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  const { wasPush } = useLocation() as { wasPush?: boolean }
  useEffect(() => {
    document.title = title === common.shopName ? title : `${title} · ${common.shopName}`
  }, [title])
  useLayoutEffect(() => {
    if (!wasPush) restoreScroll()
    if (!isFirst) heading.current?.focus({ preventScroll: true })
  }, [])
  useLayoutEffect(() => {
    if (!isWaiting) isFirst = false
  }, [isWaiting])
  return (
    <main id="main" class={`page ${kind}`}>
      <div class={isHeadingHidden ? 'hidden' : 'page-head'}>
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {aside && <div class="page-aside">{aside}</div>}
      </div>
      {children}
    </main>
  )
}
