import type { ComponentChildren } from 'preact'
import { useLocation } from 'preact-iso'
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

export function Layout({ children }: { children: ComponentChildren }) {
  const session = useSession()
  const isStaff = session.status === 'user' && session.user.scopes.length > 0
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
          {(isStaff || isUnknown) && <Links isUnknown={isUnknown} />}
          <a href="/">{desk.toShop}</a>
          {(session.status === 'user' || isUnknown) && (
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
      {session.status === 'guest' && <LogIn lead={session.ended ? common.sessionEnded : desk.logInLead} />}
      {session.status === 'user' && !isStaff && <NoStaff />}
      {isStaff && children}
      <footer class="footer">
        <a href="/reference/">{desk.toReference}</a>
      </footer>
      <LiveRegion />
    </>
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
