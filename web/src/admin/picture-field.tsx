import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '../api/problem'
import { Field } from '../parts/form'
import { FieldError } from '../parts/field-error'
import { announce } from '../parts/live'
import { describe } from '../parts/states'
import { desk } from '../words/en/desk'
import { FormRefused, MOST_BYTES, PICTURE_TYPES, type PictureType, uploadPicture } from './pictures'

/** The field that a form has while a picture is on its way: a save would miss it. */
export const UPLOADING = 'picture_is_uploading'

/** A product's picture: a file that is uploaded when it is chosen, or a URL. The form has the URL. */
export function PictureField({ stored, error }: { stored: string; error: string | undefined }) {
  const [url, setUrl] = useState(stored)
  const [file, setFile] = useState<File>()
  const [preview, setPreview] = useState('')
  const [share, setShare] = useState<number>()
  const [problem, setProblem] = useState<{ text: string; mayPass: boolean }>()
  const input = useRef<HTMLInputElement>(null)
  const running = useRef<AbortController>()
  useEffect(() => () => running.current?.abort(), [])

  function choose(event: JSX.TargetedEvent<HTMLInputElement>): void {
    const chosen = event.currentTarget.files?.[0]
    if (!chosen) return
    running.current?.abort()
    setFile(chosen)
    setPreview('')
    setShare(undefined)
    const complaint = complaintOf(chosen)
    setProblem(complaint ? { text: complaint, mayPass: false } : undefined)
    if (!complaint) void upload(chosen)
  }
  async function upload(chosen: File): Promise<void> {
    const control = new AbortController()
    running.current = control
    setProblem(undefined)
    setShare(0)
    announce(desk.pictureUploading(chosen.name))
    void read(chosen).then((text) => !control.signal.aborted && setPreview(text))
    try {
      const found = await uploadPicture(chosen, chosen.type as PictureType, control.signal, setShare)
      if (control.signal.aborted) return
      setUrl(found)
      announce(desk.pictureUploaded)
    } catch (failure) {
      if (control.signal.aborted) return
      setPreview('')
      setProblem(said(failure))
    }
    setShare(undefined)
  }
  function stop(): void {
    running.current?.abort()
    setShare(undefined)
    setPreview('')
    setFile(undefined)
    if (input.current) input.current.value = ''
    input.current?.focus()
    announce(desk.pictureStopped)
  }

  const isBusy = share !== undefined
  const shown = preview || (problem ? '' : url)
  return (
    <>
      <div class={problem ? 'field wrong' : 'field'} aria-busy={isBusy}>
        <label for="picture_file">{desk.pictureFile}</label>
        <p class="hint" id="picture_file-hint">
          {desk.pictureHint}
        </p>
        <div class="with-thumb">
          {shown && <Preview key={shown} src={shown} />}
          <input
            ref={input}
            type="file"
            id="picture_file"
            accept={PICTURE_TYPES.join(',')}
            aria-invalid={problem ? true : undefined}
            aria-describedby={problem ? 'picture_file-hint picture_file-error' : 'picture_file-hint'}
            onChange={choose}
          />
        </div>
        {isBusy && (
          <p class="row">
            <progress value={share} aria-label={desk.pictureProgress} />
            <input type="hidden" name={UPLOADING} value="yes" />
            <button type="button" class="button small" onClick={stop}>
              {desk.pictureStop}
            </button>
          </p>
        )}
        <div role="alert">
          <FieldError id="picture_file-error" error={problem?.text} />
        </div>
        {problem?.mayPass && file && (
          <button type="button" class="button small" onClick={() => void upload(file)}>
            {desk.pictureAgain}
          </button>
        )}
      </div>
      <Field
        name="image_url"
        label={desk.imageUrl}
        hint={desk.imageHint}
        value={url}
        onInput={(event) => setUrl(event.currentTarget.value)}
        maxLength={2048}
        error={error}
      />
    </>
  )
}

function Preview({ src }: { src: string }) {
  const [isBroken, setBroken] = useState(false)
  if (isBroken) return null
  return <img class="picture" src={src} alt={desk.picturePreview} width={44} height={44} onError={() => setBroken(true)} referrerpolicy="no-referrer" />
}

function complaintOf(file: File): string | undefined {
  if (!(PICTURE_TYPES as readonly string[]).includes(file.type)) return desk.pictureKind
  if (file.size > MOST_BYTES) return desk.pictureTooLarge
  return file.size === 0 ? desk.pictureEmpty : undefined
}

/** What a failure is called, and whether the same file may be sent again. */
function said(failure: unknown): { text: string; mayPass: boolean } {
  if (failure instanceof FormRefused) return { text: desk.pictureFormOver, mayPass: true }
  if (failure instanceof ApiError && failure.status === 404 && !failure.code) return { text: desk.pictureNowhere, mayPass: false }
  return { text: describe(failure), mayPass: !(failure instanceof ApiError) || failure.code !== 'picture_refused' }
}

/** The file as a URL, which the pages' policy lets an image have. */
function read(file: File): Promise<string> {
  return new Promise((resolve) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => resolve('')
    reader.readAsDataURL(file)
  })
}
