/** Times for people, in the reader's own zone; days of the store are in UTC and said so. */
const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
const precise = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long', timeZone: 'UTC' })
const storeDay = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' })

export function formatTime(time: string): string {
  return moment.format(new Date(time))
}

/** The same instant in UTC, for the title of a time. */
export function formatTimeUtc(time: string): string {
  return precise.format(new Date(time))
}

/** A day of the store, YYYY-MM-DD. */
export function formatDay(day: string): string {
  return storeDay.format(new Date(`${day}T00:00:00Z`))
}

/** The store's day, in UTC, that lies `ago` days before the one that `now` is in. */
export function dayOf(now: number, ago = 0): string {
  return new Date(now - ago * 86_400_000).toISOString().slice(0, 10)
}

/** The first instant of the store's day after `day`. */
export function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
}
