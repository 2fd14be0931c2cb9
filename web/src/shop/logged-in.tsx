import type { ComponentChildren } from 'preact'
import { Page } from '../parts/page'
import { Loading } from '../parts/states'
import { useSession } from '../parts/use-session'
import { common } from '../words/en/common'
import { shop } from '../words/en/shop'

/** Its children for who is logged in; for everyone else the way there. */
export function LoggedIn({ title, children }: { title: string; children: ComponentChildren }) {
  const session = useSession()
  if (session.status === 'user') return <>{children}</>
  if (session.status === 'unknown') {
    return (
      <Page key="unknown" title={title} kind="narrow" isWaiting>
        <Loading shape="row" count={3} waiting={session.error} />
      </Page>
    )
  }
  return (
    <Page key="guest" title={title} lead={session.ended ? common.sessionEnded : shop.needLogIn} kind="narrow">
      <p>
        <a class="button primary" href={`/log-in?next=${encodeURIComponent(location.pathname)}`}>
          {common.logIn}
        </a>
      </p>
    </Page>
  )
}
