import { useLocation } from 'preact-iso'
import { useRef, useState } from 'preact/hooks'
import { data, own } from '../../api/client'
import { ApiError, isUnknown } from '../../api/problem'
import { end, logOut, rename } from '../../api/session'
import type { SessionUser } from '../../api/types'
import { Dialog } from '../../parts/dialog'
import { save as saveFile } from '../../parts/download'
import { Done, ErrorSummary, Field, PasswordField, Submit, text, useForm } from '../../parts/form'
import { announce } from '../../parts/live'
import { Page } from '../../parts/page'
import { useSession } from '../../parts/use-session'
import { account } from '../../words/en/account'
import { common } from '../../words/en/common'
import { leaveCheckout } from '../checkout'
import { LoggedIn } from '../logged-in'
import { checkPassword } from './log-in'

export function Account() {
  return (
    <LoggedIn title={account.accountTitle}>
      <Sections />
    </LoggedIn>
  )
}

function Sections() {
  const session = useSession()
  if (session.status !== 'user') return null
  return (
    <Page title={account.accountTitle} lead={session.user.email} kind="narrow">
      <Details user={session.user} />
      <Password />
      <Data />
      <Leave />
      <Delete />
    </Page>
  )
}

function Details({ user }: { user: SessionUser }) {
  const form = useForm(
    async (values) => {
      const changed = await data(own.PATCH('/users/me', { body: { name: text(values, 'name') } }))
      rename(changed.name)
      return common.saved
    },
    (values) => (text(values, 'name').trim() ? {} : { name: common.required }),
  )
  return (
    <section class="part">
      <h2>{account.details}</h2>
      <form class="form" method="post" noValidate onSubmit={form.submit}>
        <ErrorSummary errors={form.errors} labels={{ name: account.name }} failure={form.failure} />
        <Field
          name="name"
          label={account.name}
          defaultValue={user.name}
          autocomplete="name"
          maxLength={200}
          dir="auto"
          error={form.errors.name}
          required
        />
        <Submit isBusy={form.isBusy} kind="">
          {account.save}
        </Submit>
        <Done said={form.done} />
      </form>
    </section>
  )
}

function Password() {
  const [round, setRound] = useState(0)
  const attempt = useRef<{ what: string; key: string } | null>(null)
  const form = useForm(
    async (values) => {
      const body = { current: text(values, 'current'), new: text(values, 'new') }
      const what = JSON.stringify(body)
      // the same request again, after a lost answer, is the same change
      if (attempt.current?.what !== what) attempt.current = { what, key: crypto.randomUUID() }
      const header = { 'Idempotency-Key': attempt.current.key }
      try {
        await checked('current', data(own.PUT('/users/me/password', { body, params: { header } })))
      } catch (error) {
        if (!isUnknown(error)) attempt.current = null
        throw error
      }
      attempt.current = null
      setRound(round + 1) // empty fields
      return account.passwordChanged
    },
    (values) => {
      const wrong = checkPassword(text(values, 'new'))
      return { ...(!text(values, 'current') && { current: common.required }), ...(wrong && { new: wrong }) }
    },
  )
  return (
    <section class="part">
      <h2>{account.changePassword}</h2>
      <form class="form" method="post" noValidate onSubmit={form.submit} key={round}>
        <ErrorSummary
          errors={form.errors}
          labels={{ current: account.currentPassword, new: account.newPassword }}
          failure={form.failure}
        />
        <PasswordField
          name="current"
          label={account.currentPassword}
          autocomplete="current-password"
          error={form.errors.current}
          required
        />
        <PasswordField
          name="new"
          label={account.newPassword}
          hint={account.passwordHint}
          autocomplete="new-password"
          error={form.errors.new}
          required
        />
        <Submit isBusy={form.isBusy} kind="">
          {account.changePassword}
        </Submit>
        <Done said={form.done} />
      </form>
    </section>
  )
}

/** Says of a password that is wrong that this field is: who is logged in gave no address. */
async function checked(field: string, call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'invalid_credentials') throw error
    throw new ApiError(400, { code: 'invalid_request', errors: [{ field, message: account.wrongPassword }] })
  }
}

function Data() {
  const form = useForm(async () => {
    const all = await data(own.GET('/users/me/export'))
    saveFile('my-data.json', 'application/json', JSON.stringify(all, null, 2))
  })
  return (
    <section class="part">
      <h2>{account.data}</h2>
      <p>{account.dataLead}</p>
      <form method="post" onSubmit={form.submit}>
        <ErrorSummary errors={form.errors} labels={{}} failure={form.failure} />
        <Submit isBusy={form.isBusy} kind="">
          {account.download}
        </Submit>
      </form>
    </section>
  )
}

function Leave() {
  const { route } = useLocation()
  const form = useForm(async () => {
    leaveCheckout()
    route('/log-in?after=out', true)
    await logOut()
    announce(account.loggedOut)
  })
  return (
    <section class="part">
      <h2>{account.sessions}</h2>
      <div class="row">
        <form method="post" onSubmit={form.submit}>
          <Submit isBusy={form.isBusy} kind="">
            {common.logOut}
          </Submit>
        </form>
        <Confirmed
          title={account.logOutEverywhere}
          lead={account.everywhereLead}
          act={async (password) => {
            await checked('confirmation', data(own.DELETE('/sessions', { body: { password } })))
            leaveCheckout()
            end(false)
            announce(account.loggedOutEverywhere)
            route('/log-in?after=everywhere', true)
          }}
        />
      </div>
    </section>
  )
}

function Delete() {
  const { route } = useLocation()
  return (
    <section class="part">
      <h2>{account.deleteTitle}</h2>
      <p>{account.deleteLead}</p>
      <Confirmed
        title={account.deleteAccount}
        isDangerous
        act={async (password) => {
          await checked('confirmation', data(own.DELETE('/users/me', { body: { password } })))
          leaveCheckout()
          end(false)
          announce(account.deleted)
          route('/log-in?after=deleted', true)
        }}
      />
    </section>
  )
}

interface ConfirmedProps {
  title: string
  lead?: string
  isDangerous?: boolean
  act: (password: string) => Promise<void>
}

/** A button whose deed asks for the password first. */
function Confirmed({ title, lead, isDangerous, act }: ConfirmedProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button type="button" class={isDangerous ? 'button danger' : 'button'} onClick={() => setOpen(true)}>
        {title}
      </button>
      <Dialog title={title} isOpen={isOpen} close={() => setOpen(false)}>
        {lead && <p>{lead}</p>}
        <Confirm title={title} isDangerous={isDangerous ?? false} act={act} close={() => setOpen(false)} />
      </Dialog>
    </>
  )
}

function Confirm({ title, isDangerous, act, close }: ConfirmedProps & { isDangerous: boolean; close: () => void }) {
  const form = useForm(
    (values) => act(text(values, 'confirmation')),
    (values) => (text(values, 'confirmation') ? {} : { confirmation: common.required }),
    (field) => (field === 'password' ? 'confirmation' : field),
  )
  return (
    <form class="form" method="dialog" noValidate onSubmit={form.submit}>
      <ErrorSummary errors={form.errors} labels={{ confirmation: common.password }} failure={form.failure} />
      <PasswordField
        name="confirmation"
        label={account.confirmPassword}
        autocomplete="current-password"
        error={form.errors.confirmation}
        required
      />
      <p class="row">
        <Submit isBusy={form.isBusy} kind={isDangerous ? 'danger' : 'primary'}>
          {title}
        </Submit>
        <button type="button" class="button" onClick={close}>
          {common.cancel}
        </button>
      </p>
    </form>
  )
}
