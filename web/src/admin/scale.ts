/** How far apart the lines of a chart may be, in units of the currency: 1, 2, 5, 10 … as far as a day's revenue goes. */
export const STEPS = Array.from({ length: 11 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat()
