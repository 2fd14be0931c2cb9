/** What a call to the API came to, when it was not what was asked for. */

export interface FieldError {
  field: string
  message: string
}

/** The members of a problem (RFC 9457) that the pages read; API Gateway's own answers have only a `message`. */
export interface ProblemBody {
  code?: string
  detail?: string
  request_id?: string
  errors?: FieldError[]
  items?: unknown[]
  order_id?: string
  quantity?: number
  [member: string]: unknown
}

/** The API answered with an error. */
export class ApiError extends Error {
  readonly status: number
  readonly body: ProblemBody
  /** Seconds to wait before the next attempt, if the answer says so. */
  readonly retryAfter: number | undefined

  constructor(status: number, body: ProblemBody, retryAfter?: number) {
    super(body.detail ?? `status ${status}`)
    this.name = 'ApiError'
    this.status = status
    this.body = body
    this.retryAfter = retryAfter
  }

  get code(): string {
    return this.body.code ?? ''
  }

  get requestId(): string {
    return this.body.request_id ?? ''
  }

  get fields(): FieldError[] {
    return this.body.errors ?? []
  }
}

/** How long to wait for an answer, in milliseconds: longer than API Gateway waits for a function that still may answer. */
export const PATIENCE = 15_000

/** No answer came: the network is down, the request was cut off or took too long. What was asked may have been done. */
export class NoAnswer extends Error {
  constructor(cause: unknown) {
    super('no answer', { cause })
    this.name = 'NoAnswer'
  }
}

/** Reports whether the same call may succeed in a moment. */
export function isPassing(error: unknown): boolean {
  return error instanceof NoAnswer || (error instanceof ApiError && (error.status === 429 || error.status >= 500))
}

/** Reports whether a call that changes something may have been carried out though it failed. */
export function isUnknown(error: unknown): boolean {
  return error instanceof NoAnswer || (error instanceof ApiError && error.status >= 500)
}

/** How long to wait before the attempt that follows `failures` failed ones, in milliseconds. */
export function wait(failures: number, error: unknown): number {
  if (error instanceof ApiError && error.retryAfter) return error.retryAfter * 1000
  return Math.min(1000 * 2 ** Math.max(failures, 0), 8000)
}

/** Reads an answer that is no success. */
export async function toError(response: Response, text: string): Promise<ApiError> {
  const seconds = Number(response.headers.get('Retry-After'))
  return new ApiError(response.status, parse(text), seconds > 0 ? seconds : undefined)
}

function parse(text: string): ProblemBody {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? (body as ProblemBody) : {}
  } catch {
    return {}
  }
}
