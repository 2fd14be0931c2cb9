/** What who is logged in may do as staff, by the session. The API decides; the desk shows only what it would allow. */
import type { ComponentChildren, ComponentType } from 'preact'
import { logOut } from '../api/session'
import type { SessionUser } from '../api/types'
import { Page } from '../parts/page'
import { useSession } from '../parts/use-session'
import { desk } from '../words/en/desk'

export type Right = 'inventory' | 'history' | 'orders'

/** Reports whether the user has one of the rights. */
export function hasRight(user: SessionUser, ...rights: Right[]): boolean {
  return user.scopes.includes('admin') || rights.some((each) => user.scopes.includes(each))
}

/** Reports for who is logged in whether they have one of the rights. */
export function useRights(): (...rights: Right[]) => boolean {
  const session = useSession()
  return (...rights) => session.status === 'user' && hasRight(session.user, ...rights)
}

/** The page, for who has one of the rights. Everyone else is told which are missing. */
export function needs(Content: ComponentType, ...rights: Right[]): ComponentType {
  return function Guarded() {
    return useRights()(...rights) ? <Content /> : <NoRight rights={rights} />
  }
}

function NoRight({ rights }: { rights: Right[] }) {
  const names = rights.map((each) => desk.rights[each])
  return (
    <Page title={desk.noRight} lead={desk.noRightLead(names)} kind="narrow">
      <OtherAccount />
    </Page>
  )
}

/** Logs out, so that somebody else can log in. */
export function OtherAccount() {
  return (
    <button type="button" class="button primary" onClick={() => void logOut()}>
      {desk.otherAccount}
    </button>
  )
}

/** A link for who has one of the rights to the page behind it, and its text for everyone else. */
export function LinkFor({ rights, href, dir, children }: { rights: Right[]; href: string; dir?: 'auto'; children: ComponentChildren }) {
  if (!useRights()(...rights)) return <span dir={dir}>{children}</span>
  return (
    <a href={href} dir={dir}>
      {children}
    </a>
  )
}
