/** The texts of both apps, in English. A language is a folder of files like these; each app loads what it says. */
export const common = {
  locale: 'en-GB',
  shopName: 'Hearth & Hook',
  skip: 'Skip to the content',
  loading: 'Loading …',
  showMore: 'Show more',
  moreShown: (n: number) => (n === 1 ? '1 more is shown' : `${n} more are shown`),
  tryAgain: 'Try again',
  requestId: 'Request id',
  offlineBanner: 'You are offline. What you see may be out of date.',
  offline: 'You are offline. Connect and try again.',
  noAnswer: 'The shop did not answer. Check your connection and try again.',
  noAnswerWaiting: 'The shop does not answer. Trying again …',
  busy: 'The shop is very busy. Wait a moment and try again.',
  busyWaiting: 'The shop is very busy. Trying again …',
  tooMany: (seconds: number) => `Too many attempts. Try again in ${duration(seconds)}.`,
  failed: 'Something went wrong on our side.',
  broken: 'Something went wrong on this page. Load it again.',
  forbidden: 'Your account may not do this.',
  byCode: {
    invalid_credentials: 'The e-mail address or the password is wrong.',
    email_taken: 'There is an account with this e-mail address already. Log in, or ask for a new password.',
    unauthenticated: 'Your session has ended. Log in again.',
  } as Record<string, string>,
  mend: (n: number) => (n === 1 ? '1 field needs a change:' : `${n} fields need a change:`),
  showPassword: 'Show password',
  hidePassword: 'Hide password',
  cancel: 'Cancel',
  close: 'Close',
  orderLines: 'Lines of the order',
  product: 'Product',
  quantity: 'Quantity',
  unitPrice: 'Unit price',
  sum: 'Sum',
  total: 'Total',
  orderStatus: { placed: 'Placed', packed: 'Packed', shipped: 'Shipped', delivered: 'Delivered', cancelled: 'Cancelled' },
  stock: { in_stock: 'In stock', low_stock: 'Only a few left', out_of_stock: 'Sold out' },
  email: 'E-mail address',
  password: 'Password',
  logIn: 'Log in',
  notFound: 'There is nothing here',
  notFoundLead: 'The page was moved, or the address is not right.',
}

function duration(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? '1 second' : `${seconds} seconds`
  return `${Math.ceil(seconds / 60)} minutes`
}
