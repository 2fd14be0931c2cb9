/** Forms: fields with their own errors, a summary that leads to them, and what the API says of each field. */
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { ApiError } from '../api/problem'
import { onSession } from '../api/session'
import { common } from '../words/en/common'
import { FieldError } from './field-error'
import { Failure } from './states'

/** What is wrong, by the field's name. */
export type Errors = Record<string, string | undefined>

type InputProps = Omit<JSX.InputHTMLAttributes<HTMLInputElement>, 'label'>

interface FieldProps extends Omit<InputProps, 'name'> {
  name: string
  label: string
  hint?: string
  error?: string
  before?: string
}

/** A labelled input. Its id is its name, so that the summary can lead to it. */
export function Field({ name, label, hint, error, before, ...input }: FieldProps) {
  const described = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(' ')
  return (
    <div class={error ? 'field wrong' : 'field'}>
      <label for={name}>{label}</label>
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      <div class={before ? 'with-before' : undefined}>
        {before && <span aria-hidden="true">{before}</span>}
        <input id={name} name={name} aria-invalid={error ? true : undefined} aria-describedby={described || undefined} {...input} />
      </div>
      <FieldError id={`${name}-error`} error={error} />
    </div>
  )
}

interface TextProps extends Omit<JSX.TextareaHTMLAttributes<HTMLTextAreaElement>, 'name'> {
  name: string
  label: string
  hint?: string
  error?: string
}

export function TextField({ name, label, hint, error, ...input }: TextProps) {
  const described = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(' ')
  return (
    <div class={error ? 'field wrong' : 'field'}>
      <label for={name}>{label}</label>
      {hint && (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      <textarea id={name} name={name} aria-invalid={error ? true : undefined} aria-describedby={described || undefined} {...input} />
      <FieldError id={`${name}-error`} error={error} />
    </div>
  )
}

/** A password that can be looked at, pasted and filled in by a password manager. */
export function PasswordField(props: FieldProps) {
  const [isShown, setShown] = useState(false)
  return (
    <div class="password">
      <Field {...props} type={isShown ? 'text' : 'password'} autocapitalize="off" spellcheck={false} />
      <button type="button" class="quiet" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
        {isShown ? common.hidePassword : common.showPassword}
      </button>
    </div>
  )
}

/** Lists what is wrong, takes the focus, and leads to each field. `labels` are the fields of the form. */
export function ErrorSummary({ errors, labels, failure }: { errors: Errors; labels: Record<string, string>; failure?: unknown }) {
  const box = useRef<HTMLDivElement>(null)
  const names = Object.keys(errors).filter((name) => errors[name])
  useEffect(() => {
    if (names.length > 0 || failure) box.current?.focus()
  }, [errors, failure])
  if (failure) {
    return (
      <div ref={box} tabIndex={-1}>
        <Failure error={failure} />
      </div>
    )
  }
  if (names.length === 0) return null
  return (
    <div class="notice bad" role="alert" tabIndex={-1} ref={box}>
      <p>{common.mend(names.length)}</p>
      <ul>
        {names.map((name) => (
          <li key={name}>
            {labels[name] ? (
              <a href={`#${name}`} onClick={(event) => lead(event, name)}>
                {labels[name]}: {errors[name]}
              </a>
            ) : (
              `${name} ${errors[name]}`
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}

function lead(event: Event, name: string): void {
  event.preventDefault()
  document.getElementById(name)?.focus()
}

export interface FormState {
  errors: Errors
  failure: unknown
  isBusy: boolean
  /** What the last send came to, in words, or nothing. */
  done: string
  submit: (event: Event) => void
  /** Does other work of the form, such as saving once more, and tells what it comes to as `submit` does. */
  run: (work: () => Promise<string | void>) => Promise<void>
}

/**
 * The state of one form. `check` looks at the values before they are sent; `send` sends them and may return words for
 * what is done. What it throws becomes the fields' errors where the API names fields, and a failure of the form
 * otherwise.
 */
export function useForm(
  send: (values: FormData) => Promise<string | void>,
  check: (values: FormData) => Errors = () => ({}),
  rename: (field: string) => string = (field) => field,
): FormState {
  const [errors, setErrors] = useState<Errors>({})
  const [failure, setFailure] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const [done, setDone] = useState('')
  const running = useRef(false)
  useEffect(() => onSession((state) => state.status === 'user' && !state.ended && setFailure(unlessLoggedOut)), [])
  async function submit(event: Event): Promise<void> {
    event.preventDefault()
    const values = new FormData(event.currentTarget as HTMLFormElement)
    await run(() => send(values), check(values))
  }
  async function run(work: () => Promise<string | void>, found: Errors = {}): Promise<void> {
    if (running.current) return // a double click, or Enter held down
    setErrors(found)
    setFailure(undefined)
    setDone('')
    if (Object.values(found).some(Boolean)) return
    running.current = true
    setBusy(true)
    try {
      setDone((await work()) ?? '')
    } catch (error) {
      if (error instanceof ApiError && error.fields.length > 0) {
        setErrors(Object.fromEntries(error.fields.map(({ field, message }) => [rename(field), sentence(message)])))
      } else setFailure(error)
    } finally {
      running.current = false
      setBusy(false)
    }
  }
  return { errors, failure, isBusy, done, submit: (event) => void submit(event), run }
}

/** The failure, unless it was that nobody was logged in. */
function unlessLoggedOut(failure: unknown): unknown {
  return failure instanceof ApiError && failure.code === 'unauthenticated' ? undefined : failure
}

/** Says beside the button what was done, and takes the focus: the form may have been made anew. */
export function Done({ said }: { said: string }) {
  const box = useRef<HTMLParagraphElement>(null)
  useEffect(() => box.current?.focus(), [said])
  return said ? (
    <p class="notice good" role="status" tabIndex={-1} ref={box}>
      {said}
    </p>
  ) : null
}

/** The API's messages go on from the field's name: "must have 1 to 200 characters". */
function sentence(message: string): string {
  return message.endsWith('.') ? message : `${message}.`
}

/** What a field has. A field that the form lacks is a mistake in the page: an empty text would clear what is stored. */
export function text(values: FormData, name: string): string {
  const value = values.get(name)
  if (typeof value !== 'string') throw new Error(`the form has no field ${name}`)
  return value
}

/** A button that sends a form, and says that it is being sent. */
export function Submit({ isBusy, children, kind = 'primary' }: { isBusy: boolean; children: ComponentChildren; kind?: string }) {
  return (
    <button type="submit" class={`button ${kind}`} aria-disabled={isBusy} aria-busy={isBusy}>
      {children}
    </button>
  )
}

/** A label beside a box to tick. */
export function Check({ label, ...input }: InputProps & { label: string }) {
  const id = useId()
  return (
    <div class="check">
      <input type="checkbox" id={id} {...input} />
      <label for={id}>{label}</label>
    </div>
  )
}
