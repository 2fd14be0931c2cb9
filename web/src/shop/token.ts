/** The token of a mail's link. It leaves the address at once, so that neither history nor a bookmark keeps it. */
let token = ''

export function takeToken(): void {
  if (!['/verify-email', '/reset-password'].includes(location.pathname.replace(/\/$/, ''))) return
  token = new URLSearchParams(location.hash.slice(1)).get('token') ?? ''
  if (location.hash) history.replaceState(null, '', location.pathname)
}

export function linkToken(): string {
  return token
}
