/** The pages that links in mails lead to, and the one that asks for such a link. They act on a button, never by themselves. */
import { useLocation } from 'preact-iso'
import { useState } from 'preact/hooks'
import { data, open } from '../../api/client'
import { ErrorSummary, Field, PasswordField, Submit, text, useForm } from '../../parts/form'
import { announce } from '../../parts/live'
import { Page } from '../../parts/page'
import { account } from '../../words/en/account'
import { common } from '../../words/en/common'
import { linkToken } from '../token'
import { checkEmail, checkPassword } from './log-in'

export function ForgotPassword() {
  const [isSent, setSent] = useState(false)
  const form = useForm(
    async (values) => {
      await data(open.POST('/password-resets', { body: { email: text(values, 'email') } }))
      announce(account.linkSent)
      setSent(true)
    },
    (values) => checkEmail(text(values, 'email')),
  )
  if (isSent) {
    return (
      <Page key="sent" title={account.checkMail} lead={account.linkSent} kind="narrow">
        <a href="/log-in">{common.logIn}</a>
      </Page>
    )
  }
  return (
    <Page title={account.forgotTitle} lead={account.forgotLead} kind="narrow">
      <form class="form" method="post" noValidate onSubmit={form.submit}>
        <ErrorSummary errors={form.errors} labels={{ email: common.email }} failure={form.failure} />
        <Field name="email" label={common.email} type="email" autocomplete="username" error={form.errors.email} required />
        <Submit isBusy={form.isBusy}>{account.sendLink}</Submit>
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
    announce(account.verified)
    route('/log-in?after=verified', true)
  })
  if (!token) return <NoToken title={account.verifyTitle} />
  return (
    <Page title={account.verifyTitle} lead={account.verifyLead} kind="narrow">
      <form class="form" method="post" onSubmit={form.submit}>
        {form.errors.token ? <BadLink /> : <ErrorSummary errors={form.errors} labels={{}} failure={form.failure} />}
        <Submit isBusy={form.isBusy}>{account.verify}</Submit>
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
      announce(account.passwordSet)
      route('/log-in?after=reset', true)
    },
    (values) => {
      const wrong = checkPassword(text(values, 'password'))
      return wrong ? { password: wrong } : {}
    },
  )
  if (!token) return <NoToken title={account.resetTitle} />
  return (
    <Page title={account.resetTitle} kind="narrow">
      <form class="form" method="post" noValidate onSubmit={form.submit}>
        {form.errors.token ? (
          <BadLink />
        ) : (
          <ErrorSummary errors={form.errors} labels={{ password: account.newPassword }} failure={form.failure} />
        )}
        <PasswordField
          name="password"
          label={account.newPassword}
          hint={account.passwordHint}
          autocomplete="new-password"
          error={form.errors.password}
          required
        />
        <Submit isBusy={form.isBusy}>{account.setPassword}</Submit>
      </form>
    </Page>
  )
}

function BadLink() {
  return (
    <div class="notice bad" role="alert">
      <p>{account.badLink}</p>
      <a href="/forgot-password">{account.askReset}</a>
    </div>
  )
}

function NoToken({ title }: { title: string }) {
  return (
    <Page key="none" title={title} lead={account.noToken} kind="narrow">
      <a href="/forgot-password">{account.askReset}</a>
    </Page>
  )
}
