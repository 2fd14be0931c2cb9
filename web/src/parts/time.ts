/** Times for people, in the reader's own zone; days are the store's, and the API says in which zone. */
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
