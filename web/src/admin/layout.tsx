import { useQueryClient } from '@tanstack/preact-query'
import type { ComponentChildren } from 'preact'
import { useLocation } from 'preact-iso'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { logIn, logOut } from '../api/session'
import { ErrorSummary, Field, PasswordField, Submit, text, useForm } from '../parts/form'
import { LiveRegion } from '../parts/live'
import { OfflineBanner } from '../parts/offline'
import { Page } from '../parts/page'
import { Loading } from '../parts/states'
import { useSession } from '../parts/use-session'
import { common } from '../words/en/common'
import { desk } from '../words/en/desk'
import { OtherAccount, type Right, useRights } from './rights'

/** Where something is typed, and nothing of a customer is shown. */
const FORMS = /^\/admin(\/(new|stocktake|products\/[^/]+))?\/?$/

export function Layout({ children }: { children: ComponentChildren }) {
  const session = useSession()
  const isStaff = session.status === 'user' && session.user.scopes.length > 0
  const isEnded = session.status !== 'unknown' && session.ended === true
  const { path } = useLocation()
  const queries = useQueryClient()
  useLayoutEffect(() => {
    if (isEnded) queries.removeQueries({ type: 'inactive', predicate: (query) => query.meta?.own === true })
  }, [isEnded])
  const isUnknown = session.status === 'unknown'
  return (
    <>
      <a class="skip" href="#main">
        {common.skip}
      </a>
      <header class="header">
        <a class="brand" href="/admin/">
          {common.shopName} <small>{desk.name}</small>
        </a>
        <nav aria-label={desk.nav} class={isUnknown ? 'unsure' : undefined}>
          {((isStaff && !isEnded) || isUnknown) && <Links isUnknown={isUnknown} />}
          <a href="/">{desk.toShop}</a>
          {((session.status === 'user' && !isEnded) || isUnknown) && (
            <button type="button" onClick={() => void logOut()}>
              {common.logOut}
            </button>
          )}
        </nav>
      </header>
      <OfflineBanner />
      {isUnknown && (
        <Page key="unknown" title={desk.name} isHeadingHidden isWaiting>
          <Loading shape="row" count={6} waiting={session.error} />
        </Page>
      )}
      {(session.status === 'guest' || isEnded) && <LogIn lead={isEnded ? common.sessionEnded : desk.logInLead} />}
      {session.status === 'user' && !isStaff && !isEnded && <NoStaff />}
      {isStaff && (!isEnded || FORMS.test(path)) && (
        <Kept key={session.user.user_id} isShown={!isEnded}>
          {children}
        </Kept>
      )}
      <footer class="footer">
        <a href="/reference/">{desk.toReference}</a>
      </footer>
      <LiveRegion />
    </>
  )
}

/** The pages of one user. While their session has ended, nobody sees them, and what was typed stays. */
function Kept({ isShown, children }: { isShown: boolean; children: ComponentChildren }) {
  const place = useRef<HTMLDivElement>(null)
  const queries = useQueryClient()
  useLayoutEffect(() => {
    if (isShown) return
    const title = document.title
    for (const dialog of place.current?.querySelectorAll('dialog') ?? []) dialog.close() // it would keep the focus
    return () => {
      document.title = title
      place.current?.querySelector('h1')?.focus()
      void queries.invalidateQueries() // what was asked for meanwhile was refused
    }
  }, [isShown])
  return (
    <div ref={place} class="kept" hidden={!isShown}>
      {children}
    </div>
  )
}

/** Who it is for, the address below which it is the current one, where it leads, and its name. */
const LINKS: [Right[], string, string, string][] = [
  [['inventory'], '/admin', '/admin/', desk.inventory],
  [['history', 'orders'], '/admin/orders', '/admin/orders', desk.orders],
  [['history'], '/admin/sales', '/admin/sales', desk.sales],
]

function Links({ isUnknown }: { isUnknown: boolean }) {
  const { path } = useLocation()
  const may = useRights()
  const isIn = (under: string) => (under === '/admin' ? path === '/admin' || path.startsWith('/admin/products') || path === '/admin/stocktake' : path.startsWith(under))
  return (
    <>
      {LINKS.filter(([rights]) => isUnknown || may(...rights)).map(([, under, href, name]) => (
        <a key={href} href={href} aria-current={isIn(under) ? 'page' : undefined}>
          {name}
        </a>
      ))}
    </>
  )
}

function LogIn({ lead }: { lead: string }) {
  const form = useForm(
    async (values) => void (await logIn(text(values, 'email'), text(values, 'password'))),
    (values) => ({
      email: text(values, 'email').trim() ? undefined : common.required,
      password: text(values, 'password') ? undefined : common.required,
    }),
  )
  return (
    <Page key="guest" title={common.logIn} lead={lead} kind="narrow">
      <form class="form" method="post" noValidate onSubmit={form.submit}>
        <ErrorSummary errors={form.errors} labels={{ email: common.email, password: common.password }} failure={form.failure} />
        <Field name="email" label={common.email} type="email" autocomplete="username" error={form.errors.email} required />
        <PasswordField
          name="password"
          label={common.password}
          autocomplete="current-password"
          error={form.errors.password}
          required
        />
        <Submit isBusy={form.isBusy}>{common.logIn}</Submit>
      </form>
    </Page>
  )
}

function NoStaff() {
  return (
    <Page key="other" title={desk.noStaff} lead={desk.noStaffLead} kind="narrow">
      <OtherAccount />
    </Page>
  )
}
