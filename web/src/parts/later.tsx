import type { FunctionComponent } from 'preact'
import { lazy } from 'preact-iso'
import { common } from '../words/en/common'
import { Page } from './page'
import { Failure } from './states'

/** A page that is loaded when it is first opened. Where that fails, the page says so and can be tried again. */
export function later<Name extends string>(load: () => Promise<Record<Name, FunctionComponent>>, name: Name) {
  return lazy(async () => {
    try {
      return (await load())[name]
    } catch (error) {
      return () => (
        <Page title={common.broken} isHeadingHidden>
          <Failure error={error} again={() => location.reload()} />
        </Page>
      )
    }
  })
}

/** Loads pages once the first one stands, so that they open at once, and when the network is gone, too. */
export function whenIdle(...loads: (() => Promise<unknown>)[]): void {
  setTimeout(() => {
    for (const load of loads) load().catch(() => {}) // tried again when it is opened
  }, 3000)
}
