import { useQuery } from '@tanstack/preact-query'
import { useLocation } from 'preact-iso'
import { useEffect, useRef, useState } from 'preact/hooks'
import { data, own, userId } from '../../api/client'
import { ownMeta } from '../../api/queries'
import type { Summary } from '../../api/types'
import { Amount, Time } from '../../parts/amount'
import { save } from '../../parts/download'
import { digitsOf, formatMoney, formatNumber, plainMoney } from '../../parts/money'
import { Page } from '../../parts/page'
import { Empty, Failure, Loading, Waiting } from '../../parts/states'
import { formatDate, formatDay } from '../../parts/time'
import { common } from '../../words/en/common'
import { desk } from '../../words/en/desk'
import { toCsv } from '../csv'
import { allDays, type Day } from '../days'
import { LinkFor } from '../rights'

const RANGES = [7, 28, 90, 365]

export function Sales() {
  const { query } = useLocation()
  const range = RANGES.find((each) => String(each) === query.days) ?? 7
  return (
    <Page title={desk.salesTitle} aside={<Ranges range={range} />}>
      <Figures range={range} isTable={query.as === 'table'} />
    </Page>
  )
}

function Ranges({ range }: { range: number }) {
  return (
    <nav class="tabs" aria-label={desk.range}>
      {RANGES.map((each) => (
        <a key={each} href={`/admin/sales?days=${each}`} aria-current={each === range ? 'page' : undefined}>
          {desk.days(each)}
        </a>
      ))}
    </nav>
  )
}

function Figures({ range, isTable }: { range: number; isTable: boolean }) {
  const query = useQuery({
    queryKey: ['summary', userId(), range],
    queryFn: ({ signal }) => data(own.GET('/admin/orders/summary', { params: { query: { days: range, top: 10 } }, signal })),
    meta: ownMeta,
    staleTime: 0,
  })
  const summary = query.data
  if (!summary) {
    return query.isError ? (
      <Failure error={query.error} again={() => void query.refetch()} />
    ) : (
      <Loading shape="row" count={5} waiting={query.failureReason} />
    )
  }
  return (
    <>
      {query.isError && <Failure error={query.error} again={() => void query.refetch()} />}
      {query.failureReason && !query.isError && <Waiting error={query.failureReason} />}
      <dl class="figures">
        <Figure name={desk.revenue} value={formatMoney(summary.revenue)} />
        <Figure name={desk.ordersCount} value={formatNumber(summary.orders)} />
        <Figure name={desk.unitsCount} value={formatNumber(summary.units)} />
        {summary.average_order && <Figure name={desk.average} value={formatMoney(summary.average_order)} />}
      </dl>
      {summary.other_revenue && <p>{desk.otherRevenue(summary.other_revenue.map((each) => formatMoney(each)).join(', '))}</p>}
      <p class="fine">
        {desk.countedUntil} <Time at={summary.complete_until} />
      </p>
      <ByDay summary={summary} range={range} isTable={isTable} />
      <Top summary={summary} />
    </>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div class="figure-box">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

const ordersOf = (day: string) => `/admin/orders?from=${day}&to=${day}`

function ByDay({ summary, range, isTable }: { summary: Summary; range: number; isTable: boolean }) {
  const days = allDays(summary)
  const rows = days.map((each) => [each.day, each.orders, each.units, Number(plainMoney(each.revenue)), each.revenue.currency])
  return (
    <section>
      <div class="tools">
        <h2>{desk.byDay}</h2>
        <div class="push">
          <span class="fine">{desk.daysIn(summary.time_zone)}</span>
          <nav class="tabs" aria-label={desk.byDay}>
            <a href={`/admin/sales?days=${range}`} aria-current={isTable ? undefined : 'true'}>
              {desk.chart}
            </a>
            <a href={`/admin/sales?days=${range}&as=table`} aria-current={isTable ? 'true' : undefined}>
              {desk.table}
            </a>
          </nav>
          <button
            type="button"
            class="button"
            onClick={() => save('sales.csv', 'text/csv;charset=utf-8', toCsv([['day', 'orders', 'units', 'revenue', 'currency'], ...rows]))}
          >
            {desk.csv}
          </button>
        </div>
      </div>
      {summary.orders === 0 ? <Empty title={desk.noSales} /> : isTable ? <DayTable days={days} /> : <Chart days={days} />}
    </section>
  )
}

function DayTable({ days }: { days: Day[] }) {
  return (
    <div class="scroller" role="region" aria-label={desk.byDay} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{desk.day}</th>
            <th scope="col" class="number">
              {desk.ordersCount}
            </th>
            <th scope="col" class="number">
              {desk.unitsCount}
            </th>
            <th scope="col" class="number">
              {desk.revenue}
            </th>
          </tr>
        </thead>
        <tbody>
          {days.toReversed().map((each) => (
            <tr key={each.day}>
              <th scope="row">{each.orders > 0 ? <a href={ordersOf(each.day)}>{formatDate(each.day)}</a> : formatDate(each.day)}</th>
              <td class="number">{formatNumber(each.orders)}</td>
              <td class="number">{formatNumber(each.units)}</td>
              <td class="number">
                <Amount money={each.revenue} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The bars; who cannot see or point at them has the table. */
function Chart({ days }: { days: Day[] }) {
  const box = useRef<HTMLDivElement>(null)
  const { route } = useLocation()
  const [failure, setFailure] = useState<unknown>()
  useEffect(() => {
    let isOver = false
    let end = () => {}
    const currency = days[0]?.revenue.currency ?? ''
    import('../chart')
      .then(({ draw }) => {
        if (isOver || !box.current) return
        end = draw(box.current, {
          days: days.map((each) => each.day),
          values: days.map((each) => each.revenue.amount),
          label: (amount) => formatMoney({ amount: Math.round(amount), currency }),
          unit: 10 ** digitsOf(currency),
          dayLabel: formatDay,
          choose: (i) => {
            const chosen = days[i]
            if (chosen && chosen.orders > 0) route(ordersOf(chosen.day))
          },
        })
      })
      .catch(setFailure)
    return () => {
      isOver = true
      end()
    }
  }, [JSON.stringify(days)])
  if (failure) return <Failure error={failure} />
  return (
    <>
      <div class="chart" ref={box} role="img" aria-label={desk.chartLabel} />
      <p class="fine">{desk.chartHint}</p>
    </>
  )
}

function Top({ summary }: { summary: Summary }) {
  const most = summary.top_products[0]?.revenue.amount ?? 0
  if (summary.top_products.length === 0) return null
  return (
    <section class="part">
      <h2>{desk.top}</h2>
      <div class="scroller" role="region" aria-label={desk.top} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{common.product}</th>
              <td class="bar-cell" />
              <th scope="col" class="number">
                {desk.unitsCount}
              </th>
              <th scope="col" class="number">
                {desk.revenue}
              </th>
            </tr>
          </thead>
          <tbody>
            {summary.top_products.map((each) => (
              <tr key={each.product_id}>
                <th scope="row">
                  <LinkFor rights={['inventory']} href={`/admin/products/${each.product_id}`} dir="auto">
                    {each.name}
                  </LinkFor>
                </th>
                <td class="bar-cell">
                  <svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
                    <rect width={most > 0 ? (each.revenue.amount / most) * 100 : 0} height="1" />
                  </svg>
                </td>
                <td class="number">{formatNumber(each.units)}</td>
                <td class="number">
                  <Amount money={each.revenue} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
