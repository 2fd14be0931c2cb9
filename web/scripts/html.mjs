// HTML from values: what stands between the markup is escaped, unless it is markup itself.

class Markup {
  constructor(text) {
    this.text = text
  }

  toString() {
    return this.text
  }
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function textOf(value) {
  if (value === undefined || value === null || value === false) return ''
  if (value instanceof Markup) return value.text
  if (Array.isArray(value)) return value.map(textOf).join('')
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character])
}

/** A template of markup. Lists are joined; undefined, null and false are nothing. */
export function html(strings, ...values) {
  return new Markup(String.raw({ raw: strings }, ...values.map(textOf)))
}

/** Takes text for markup: for what a library made of text, and nothing else. */
export function markup(text) {
  return new Markup(text)
}
