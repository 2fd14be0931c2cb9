import type { Money, Summary } from '../api/types'

/** One day of the range, with or without orders. */
export interface Day {
  day: string
  orders: number
  units: number
  revenue: Money
}

/** Every day of the summary; the API leaves out those without an order. */
export function allDays({ from, to, days, currency }: Pick<Summary, 'from' | 'to' | 'days' | 'currency'>): Day[] {
  const sold = new Map(days.map((day) => [day.day, day]))
  const all: Day[] = []
  for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000) {
    const day = new Date(at).toISOString().slice(0, 10)
    all.push(sold.get(day) ?? { day, orders: 0, units: 0, revenue: { amount: 0, currency } })
  }
  return all
}
