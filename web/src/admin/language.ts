/**
 * Loaded before uPlot, which makes a number format of the browser's language as it is loaded: a Chromium in a C locale
 * names one that is none, en-US@posix, and the chart would fail.
 */
import { common } from '../words/en/common'

try {
  new Intl.NumberFormat(navigator.language).format(0)
} catch {
  Object.defineProperty(navigator, 'language', { value: common.locale, configurable: true })
}
