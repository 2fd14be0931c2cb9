/** The pages that links in mails lead to, and the one that asks for such a link. They act on a button, never by themselves. */
import { useLocation } from 'preact-iso'
import { useState } from 'preact/hooks'
import { data, open } from '../../api/client'
import { ErrorSummary, Field, PasswordField, Submit, text, useForm } from '../../parts/form'
import { announce } from '../../parts/live'
import { Page } from '../../parts/page'
import { common } from '../../words/en/common'
import { shop } from '../../words/en/shop'
import { linkToken } from '../token'
import { checkEmail, checkPassword } from './log-in'

export function ForgotPassword() {
  const [isSent, setSent] = useState(false)
  const form = useForm(
    async (values) => {
      await data(open.POST('/password-resets', { body: { email: text(values, 'email') } }))
      announce(shop.linkSent)
      setSent(true)
    },
    (values) => checkEmail(text(values, 'email')),
  )
  if (isSent) {
    return (
      <Page key="sent" title={shop.checkMail} lead={shop.linkSent} kind="narrow">
        <a href="/log-in">{common.logIn}</a>
      </Page>
    )
  }
  return (
    <Page title={shop.forgotTitle} lead={shop.forgotLead} kind="narrow">
      <form class="form" method="post" noValidate onSubmit={form.submit}>
        <ErrorSummary errors={form.errors} labels={{ email: common.email }} failure={form.failure} />
        <Field name="email" label={common.email} type="email" autocomplete="username" error={form.errors.email} required />
        <Submit isBusy={form.isBusy}>{shop.sendLink}</Submit>
      </form>
    </Page>
  )
}

export function VerifyEmail() {
  const { route } = useLocation()
  const [key] = useState(() => crypto.randomUUID())
  const token = linkToken()
  const form = useForm(async () => {
    await data(open.POST('/users/verification', { body: { token }, params: { header: { 'Idempotency-Key': key } } }))
    announce(shop.verified)
    route('/log-in?after=verified', true)
  })
  if (!token) return <NoToken title={shop.verifyTitle} />
  return (
    <Page title={shop.verifyTitle} lead={shop.verifyLead} kind="narrow">
      <form class="form" method="post" onSubmit={form.submit}>
        {form.errors.token ? <BadLink /> : <ErrorSummary errors={form.errors} labels={{}} failure={form.failure} />}
        <Submit isBusy={form.isBusy}>{shop.verify}</Submit>
      </form>
    </Page>
  )
}

export function ResetPassword() {
  const { route } = useLocation()
  const [key] = useState(() => crypto.randomUUID())
  const token = linkToken()
  const form = useForm(
    async (values) => {
      const body = { token, password: text(values, 'password') }
      await data(open.PUT('/password-resets', { body, params: { header: { 'Idempotency-Key': key } } }))
      announce(shop.passwordSet)
      route('/log-in?after=reset', true)
    },
    (values) => {
      const wrong = checkPassword(text(values, 'password'))
      return wrong ? { password: wrong } : {}
    },
  )
  if (!token) return <NoToken title={shop.resetTitle} />
  return (
    <Page title={shop.resetTitle} kind="narrow">
      <form class="form" method="post" noValidate onSubmit={form.submit}>
        {form.errors.token ? (
          <BadLink />
        ) : (
          <ErrorSummary errors={form.errors} labels={{ password: shop.newPassword }} failure={form.failure} />
        )}
        <PasswordField
          name="password"
          label={shop.newPassword}
          hint={shop.passwordHint}
          autocomplete="new-password"
          error={form.errors.password}
          required
        />
        <Submit isBusy={form.isBusy}>{shop.setPassword}</Submit>
      </form>
    </Page>
  )
}

function BadLink() {
  return (
    <div class="notice bad" role="alert">
      <p>{shop.badLink}</p>
      <a href="/forgot-password">{shop.askReset}</a>
    </div>
  )
}

function NoToken({ title }: { title: string }) {
  return (
    <Page key="none" title={title} lead={shop.noToken} kind="narrow">
      <a href="/forgot-password">{shop.askReset}</a>
    </Page>
  )
}
