/** Times for people, in the reader's own zone; days are the store's, and the API says in which zone. */
const LOCALE = 'en-GB'

/** A format that is made when it is first used: the first one of a page takes longer than all the rest of its start. */
function format(options: Intl.DateTimeFormatOptions): (time: Date) => string {
  let made: Intl.DateTimeFormat | undefined
  return (time) => (made ??= new Intl.DateTimeFormat(LOCALE, options)).format(time)
}

const moment = format({ dateStyle: 'medium', timeStyle: 'short' })
const precise = format({ dateStyle: 'medium', timeStyle: 'long', timeZone: 'UTC' })
const storeDate = format({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
const storeDay = format({ weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' })

export function formatTime(time: string): string {
  return moment(new Date(time))
}

/** The same instant in UTC, for the title of a time. */
export function formatTimeUtc(time: string): string {
  return precise(new Date(time))
}

/** A day of the store, YYYY-MM-DD, with its year: a range of a year begins and ends on the same day of the month. */
export function formatDate(day: string): string {
  return storeDate(new Date(`${day}T00:00:00Z`))
}

/** A day of the store, YYYY-MM-DD, in short. */
export function formatDay(day: string): string {
  return storeDay(new Date(`${day}T00:00:00Z`))
}
