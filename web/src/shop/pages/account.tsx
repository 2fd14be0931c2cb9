import { useLocation } from 'preact-iso'
import { useState } from 'preact/hooks'
import { data, own } from '../../api/client'
import { end, logOut, rename } from '../../api/session'
import type { SessionUser } from '../../api/types'
import { Dialog } from '../../parts/dialog'
import { save as saveFile } from '../../parts/download'
import { ErrorSummary, Field, PasswordField, Submit, text, useForm } from '../../parts/form'
import { announce } from '../../parts/live'
import { Page } from '../../parts/page'
import { useSession } from '../../parts/use-session'
import { common } from '../../words/en/common'
import { shop } from '../../words/en/shop'
import { leaveCheckout } from '../checkout'
import { LoggedIn } from '../logged-in'
import { checkPassword } from './log-in'

export function Account() {
  return (
    <LoggedIn title={shop.accountTitle}>
      <Sections />
    </LoggedIn>
  )
}

function Sections() {
  const session = useSession()
  if (session.status !== 'user') return null
  return (
    <Page title={shop.accountTitle} lead={session.user.email} kind="narrow">
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
      announce(common.saved)
    },
    (values) => (text(values, 'name').trim() ? {} : { name: common.required }),
  )
  return (
    <section class="part">
      <h2>{shop.details}</h2>
      <form class="form" method="post" noValidate onSubmit={form.submit}>
        <ErrorSummary errors={form.errors} labels={{ name: shop.name }} failure={form.failure} />
        <Field
          name="name"
          label={shop.name}
          defaultValue={user.name}
          autocomplete="name"
          maxLength={200}
          dir="auto"
          error={form.errors.name}
          required
        />
        <Submit isBusy={form.isBusy} kind="">
          {shop.save}
        </Submit>
      </form>
    </section>
  )
}

function Password() {
  const [said, setSaid] = useState('')
  const [round, setRound] = useState(0)
  const form = useForm(
    async (values) => {
      await data(own.PUT('/users/me/password', { body: { current: text(values, 'current'), new: text(values, 'new') } }))
      announce(shop.passwordChanged)
      setSaid(shop.passwordChanged)
      setRound(round + 1)
    },
    (values) => {
      const wrong = checkPassword(text(values, 'new'))
      return { ...(!text(values, 'current') && { current: common.required }), ...(wrong && { new: wrong }) }
    },
  )
  return (
    <section class="part">
      <h2>{shop.changePassword}</h2>
      <form class="form" method="post" noValidate onSubmit={form.submit} key={round}>
        <ErrorSummary
          errors={form.errors}
          labels={{ current: shop.currentPassword, new: shop.newPassword }}
          failure={form.failure}
        />
        {said && <p class="notice good">{said}</p>}
        <PasswordField
          name="current"
          label={shop.currentPassword}
          autocomplete="current-password"
          error={form.errors.current}
          required
        />
        <PasswordField
          name="new"
          label={shop.newPassword}
          hint={shop.passwordHint}
          autocomplete="new-password"
          error={form.errors.new}
          required
        />
        <Submit isBusy={form.isBusy} kind="">
          {shop.changePassword}
        </Submit>
      </form>
    </section>
  )
}

function Data() {
  const form = useForm(async () => {
    const all = await data(own.GET('/users/me/export'))
    saveFile('my-data.json', 'application/json', JSON.stringify(all, null, 2))
  })
  return (
    <section class="part">
      <h2>{shop.data}</h2>
      <p>{shop.dataLead}</p>
      <form method="post" onSubmit={form.submit}>
        <ErrorSummary errors={form.errors} labels={{}} failure={form.failure} />
        <Submit isBusy={form.isBusy} kind="">
          {shop.download}
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
    announce(shop.loggedOut)
  })
  return (
    <section class="part">
      <h2>{shop.sessions}</h2>
      <div class="row">
        <form method="post" onSubmit={form.submit}>
          <Submit isBusy={form.isBusy} kind="">
            {common.logOut}
          </Submit>
        </form>
        <Confirmed
          title={shop.logOutEverywhere}
          lead={shop.everywhereLead}
          act={async (password) => {
            await data(own.DELETE('/sessions', { body: { password } }))
            leaveCheckout()
            end(false)
            announce(shop.loggedOutEverywhere)
            route('/log-in?after=out', true)
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
      <h2>{shop.deleteTitle}</h2>
      <p>{shop.deleteLead}</p>
      <Confirmed
        title={shop.deleteAccount}
        isDangerous
        act={async (password) => {
          await data(own.DELETE('/users/me', { body: { password } }))
          leaveCheckout()
          end(false)
          announce(shop.deleted)
          route('/', true)
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
        label={shop.confirmPassword}
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
