import { useLocation } from 'preact-iso'
import { useRef, useState } from 'preact/hooks'
import { data, open } from '../../api/client'
import { isUnknown } from '../../api/problem'
import { logIn } from '../../api/session'
import { ErrorSummary, type Errors, Field, PasswordField, Submit, text, useForm } from '../../parts/form'
import { announce } from '../../parts/live'
import { Page } from '../../parts/page'
import { useSession } from '../../parts/use-session'
import { account } from '../../words/en/account'
import { common } from '../../words/en/common'
import { shop } from '../../words/en/shop'

/** Where to go after a log-in: a path of this shop, and nowhere else. */
export function nextOf(query: Record<string, string>): string {
  const next = query.next ?? '/'
  return /^\/(?![/\\])[\w./-]*$/.test(next) ? next : '/'
}

export function checkEmail(email: string): Errors {
  if (!email.trim()) return { email: common.required }
  return email.includes('@') ? {} : { email: account.badEmail }
}

/** The API counts code points after NFC. */
export function checkPassword(password: string): string | undefined {
  const length = [...password.normalize('NFC')].length
  if (length < 8) return account.shortPassword
  return length > 128 ? account.longPassword : undefined
}

/** What has led here. */
const AFTER: Record<string, string | undefined> = {
  opened: account.openedLogIn,
  verified: account.verified,
  reset: account.passwordSet,
  out: account.loggedOut,
  everywhere: account.loggedOutEverywhere,
  deleted: account.deleted,
}

const LABELS = { email: common.email, password: common.password, name: account.name }

export function LogIn() {
  const { query, route } = useLocation()
  const session = useSession()
  const form = useForm(
    async (values) => {
      await logIn(text(values, 'email'), text(values, 'password'))
      announce(account.loggedIn)
      const next = nextOf(query)
      if (next.startsWith('/admin')) location.assign(next)
      else route(next, true)
    },
    (values) => ({
      ...checkEmail(text(values, 'email')),
      ...(!text(values, 'password') && { password: common.required }),
    }),
  )
  const said = AFTER[query.after ?? '']
  const isLoggedIn = session.status === 'user' && !said && !form.isBusy
  const next = query.next ? `?next=${encodeURIComponent(nextOf(query))}` : ''
  return (
    <Page title={account.logInTitle} kind="narrow" {...(said && { lead: said })}>
      {isLoggedIn && (
        <p>
          {account.loggedIn} <a href="/account">{shop.account}</a>
        </p>
      )}
      <form class="form" method="post" noValidate onSubmit={form.submit}>
        <ErrorSummary errors={form.errors} labels={LABELS} failure={form.failure} />
        <Field name="email" label={common.email} type="email" autocomplete="username" error={form.errors.email} required />
        <PasswordField
          name="password"
          label={common.password}
          autocomplete="current-password"
          error={form.errors.password}
          required
        />
        <Submit isBusy={form.isBusy}>{common.logIn}</Submit>
        <p>
          <a href="/forgot-password">{account.forgot}</a>
        </p>
        <p>
          {account.noAccount} <a href={`/sign-up${next}`}>{account.signUp}</a>
        </p>
      </form>
    </Page>
  )
}

export function SignUp() {
  const { query, route } = useLocation()
  const [isMailed, setMailed] = useState(false)
  const attempt = useRef<{ what: string; key: string } | null>(null)
  const form = useForm(
    async (values) => {
      const body = { email: text(values, 'email'), password: text(values, 'password'), name: text(values, 'name') }
      const what = JSON.stringify(body)
      // the same request again, after a lost answer, is the same sign-up
      if (attempt.current?.what !== what) attempt.current = { what, key: crypto.randomUUID() }
      const header = { 'Idempotency-Key': attempt.current.key }
      let user: { user_id: string } | undefined
      try {
        user = await data(open.POST('/users', { body, params: { header } }))
      } catch (error) {
        if (!isUnknown(error)) attempt.current = null
        throw error
      }
      if (!user) {
        setMailed(true) // 202: whoever has the address is told by mail
        return
      }
      try {
        await logIn(body.email, body.password)
        announce(account.opened)
        route(nextOf(query), true)
      } catch {
        route(`/log-in?after=opened&next=${encodeURIComponent(nextOf(query))}`, true)
      }
    },
    (values) => {
      const wrong = checkPassword(text(values, 'password'))
      return {
        ...(!text(values, 'name').trim() && { name: common.required }),
        ...checkEmail(text(values, 'email')),
        ...(wrong && { password: wrong }),
      }
    },
  )
  if (isMailed) return <CheckMail />
  const next = query.next ? `?next=${encodeURIComponent(nextOf(query))}` : ''
  return (
    <Page title={account.signUpTitle} kind="narrow">
      <form class="form" method="post" noValidate onSubmit={form.submit}>
        <ErrorSummary errors={form.errors} labels={LABELS} failure={form.failure} />
        <Field
          name="name"
          label={account.name}
          hint={account.nameHint}
          autocomplete="name"
          maxLength={200}
          dir="auto"
          error={form.errors.name}
          required
        />
        <Field name="email" label={common.email} type="email" autocomplete="username" error={form.errors.email} required />
        <PasswordField
          name="password"
          label={common.password}
          hint={account.passwordHint}
          autocomplete="new-password"
          error={form.errors.password}
          required
        />
        <Submit isBusy={form.isBusy}>{account.signUp}</Submit>
        <p>
          {account.haveAccount} <a href={`/log-in${next}`}>{common.logIn}</a>
        </p>
      </form>
    </Page>
  )
}

function CheckMail() {
  return (
    <Page key="mailed" title={account.checkMail} lead={account.checkMailLead} kind="narrow">
      <p>
        {account.checkMailLost} <a href="/forgot-password">{account.askReset}</a>.
      </p>
    </Page>
  )
}
