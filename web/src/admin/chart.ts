/** The chart of a sales page, drawn by uPlot, which is loaded with it alone. */
import './language'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { STEPS } from './scale'

export interface Bars {
  days: string[]
  values: number[]
  /** An amount of minor units in words. */
  label: (amount: number) => string
  /** Minor units in one unit of the currency. */
  unit: number
  dayLabel: (day: string) => string
  choose: (index: number) => void
}

const HEIGHT = 260

/** Draws bars into the box; returns what ends that. */
export function draw(box: HTMLElement, bars: Bars): () => void {
  const color = (name: string) => () => resolve(box, `var(--${name})`) // asked for at each drawing
  const axis = {
    stroke: color('muted'),
    grid: { stroke: color('line'), width: 1 },
    ticks: { show: false },
    font: `13px ${getComputedStyle(box).fontFamily}`,
  }
  const paths = uPlot.paths.bars?.({ size: [0.6, 48], radius: 0.15 })
  const options: uPlot.Options = {
    width: innerWidthOf(box),
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false, range: (_, min, max) => [min - 0.6, max + 0.6] }, y: { range: (_, __, max) => [0, Math.max(max * 1.1, bars.unit)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 104,
        incrs: [1, 2, 3, 4, 7, 14, 28],
        values: (_, at) => at.map((i) => (Number.isInteger(i) && bars.days[i] ? bars.dayLabel(bars.days[i]) : '')),
      },
      {
        ...axis,
        size: (_, values) => 16 + 8 * Math.max(4, ...(values ?? []).map((value) => value.length)),
        incrs: STEPS.map((step) => step * bars.unit),
        values: (_, at) => at.map((amount) => bars.label(amount)),
      },
    ],
    series: [{}, { fill: color('accent'), stroke: color('accent'), width: 0, points: { show: false }, ...(paths && { paths }) }],
  }
  const plot = new uPlot(options, [bars.days.map((_, i) => i), bars.values], box)
  const tip = tooltip(plot, bars)
  const choose = () => plot.cursor.idx != null && bars.choose(plot.cursor.idx)
  plot.over.addEventListener('click', choose)
  plot.over.addEventListener('mousemove', tip)
  const watch = new ResizeObserver(() => plot.setSize({ width: innerWidthOf(box), height: HEIGHT }))
  watch.observe(box)
  const scheme = matchMedia('(prefers-color-scheme: dark)')
  const redraw = () => plot.redraw()
  scheme.addEventListener('change', redraw)
  return () => {
    scheme.removeEventListener('change', redraw)
    watch.disconnect()
    plot.destroy()
  }
}

/** What the bar under the pointer stands for. */
function tooltip(plot: uPlot, bars: Bars): () => void {
  return () => {
    const i = plot.cursor.idx
    const day = i == null ? undefined : bars.days[i]
    plot.over.title = day === undefined || i == null ? '' : `${bars.dayLabel(day)}: ${bars.label(bars.values[i] ?? 0)}`
  }
}

function innerWidthOf(box: HTMLElement): number {
  const style = getComputedStyle(box)
  return Math.max(200, box.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight))
}

/** A colour as the canvas understands it. */
function resolve(box: HTMLElement, value: string): string {
  const probe = document.createElement('span')
  probe.style.color = value
  box.append(probe)
  const color = getComputedStyle(probe).color
  probe.remove()
  return color
}
