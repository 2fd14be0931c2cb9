import type { FunctionComponent } from 'preact'
import { lazy } from 'preact-iso'
import { useEffect } from 'preact/hooks'
import { NoAnswer } from '../api/problem'
import { common } from '../words/en/common'
import { Page } from './page'
import { Failure } from './states'

/** The path that this document was loaded for. */
const ARRIVED = location.pathname

/** A page that is loaded when it is first opened. Where that fails, the document is loaded anew, or the page says so. */
export function later<Name extends string>(load: () => Promise<Record<Name, FunctionComponent>>, name: Name) {
  return lazy(async () => {
    try {
      return (await load())[name]
    } catch (error) {
      return () => <NotLoaded error={error} />
    }
  })
}

/**
 * Stands for a page whose script did not come. Chromium does not ask for such a script again before the next document,
 * so that one is loaded, once the network is there. Where this document was loaded for the page, another would not help.
 */
function NotLoaded({ error }: { error: unknown }) {
  const helps = location.pathname !== ARRIVED
  useEffect(() => {
    if (!helps) return
    const reload = () => location.reload()
    if (navigator.onLine) reload()
    addEventListener('online', reload)
    return () => removeEventListener('online', reload)
  }, [helps])
  const isOffline = !navigator.onLine
  return (
    <Page title={helps && !isOffline ? common.loading : common.broken} isHeadingHidden>
      {(!helps || isOffline) && <Failure error={isOffline ? new NoAnswer(error) : error} again={() => location.reload()} />}
    </Page>
  )
}

/** Loads pages once the first one stands, so that they open at once, and when the network is gone, too. */
export function whenIdle(...loads: (() => Promise<unknown>)[]): void {
  const start = () => {
    for (const load of loads) load().catch(() => {})
  }
  setTimeout(() => {
    if (navigator.onLine) start()
    else addEventListener('online', start, { once: true })
  }, 3000)
}
