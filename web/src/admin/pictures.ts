/** Uploads a picture: announces it, sends it to where nobody sees it, and has it checked and shown. */
import { data, own } from '../api/client'
import { ApiError, NoAnswer } from '../api/problem'
import type { components } from '../api/schema'

type Form = components['schemas']['PictureToUpload']['upload']
export type PictureType = components['schemas']['BeginPicture']['content_type']

export const PICTURE_TYPES: readonly PictureType[] = ['image/jpeg', 'image/png', 'image/webp', 'image/avif']
export const MOST_BYTES = 5_000_000
/** Slower than 20 KB a second is as good as lost. */
const PATIENCE = 250_000

/** S3 refused the form: its time is over, or the file is not the one that was announced. */
export class FormRefused extends Error {}

/** The URL by which a product has the picture. `progress` is told what share of the file was sent. */
export async function uploadPicture(
  file: File,
  type: PictureType,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<string> {
  const sha256 = await hash(file)
  const body = { sha256, content_type: type, size: file.size }
  const begun = await data(own.POST('/admin/pictures', { body, signal }))
  if (!('upload' in begun)) return begun.image_url // somebody uploaded the same file before
  await send(begun.upload, file, signal, progress)
  const path = { sha256 }
  return (await data(own.POST('/admin/pictures/{sha256}/completion', { params: { path }, signal }))).image_url
}

async function hash(file: File): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Sends the form. fetch does not tell how much was sent. */
function send(form: Form, file: File, signal: AbortSignal, progress: (share: number) => void): Promise<void> {
  const body = new FormData()
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value)
  body.append('file', file) // S3 ignores what follows the file
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', form.url)
    request.timeout = PATIENCE
    request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0)
    request.onload = () => (request.status < 300 ? resolve() : reject(refusal(request.status)))
    request.onerror = () => reject(new NoAnswer('error'))
    request.ontimeout = () => reject(new NoAnswer('timeout'))
    request.onabort = () => reject(signal.reason)
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(body)
  })
}

function refusal(status: number): Error {
  return status < 500 ? new FormRefused(`S3 answered ${status}`) : new ApiError(503, { code: 'busy' })
}
