// Writes the reference of the API: docs/openapi.yaml as one page without scripts. It is made at build and not committed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import MarkdownIt from 'markdown-it'
import { parse } from 'yaml'
import { html, markup } from './html.mjs'

const CONTRACT = resolve(import.meta.dirname, '../../docs/openapi.yaml')
const PAGE = resolve(import.meta.dirname, '../reference')
const BESIDE = resolve(import.meta.dirname, '../public/reference')
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete']

const source = readFileSync(CONTRACT, 'utf8')
const contract = parse(source)
const markdown = new MarkdownIt() // HTML in a text is shown as text
const block = (text) => text && markup(markdown.render(text))
const inline = (text) => text && markup(markdown.renderInline(text))

/** What a reference leads to. A member beside `$ref`, such as a description, has precedence. */
function follow(value) {
  if (!value?.$ref) return value ?? {}
  const { $ref, ...own } = value
  const steps = $ref.slice(2).split('/')
  const found = steps.reduce((part, step) => part?.[step], contract)
  if (!found) throw new Error(`${CONTRACT} has no ${$ref}`)
  return { ...follow(found), ...own }
}

const nameOf = (reference) => reference.slice(reference.lastIndexOf('/') + 1)

// Schemas.

const separated = (list, by) => list.flatMap((each, i) => (i === 0 ? [each] : [by, each]))
const quoted = (value) => html`<code>${JSON.stringify(value)}</code>`
const listed = (type) => [type].flat().join(' or ')

/** A schema in a few words, with links to those that have a name. */
function typeOf(schema) {
  if (schema.$ref) return html`<a href="#schema-${nameOf(schema.$ref)}">${nameOf(schema.$ref)}</a>`
  if (schema.const !== undefined) return quoted(schema.const)
  if (schema.enum) return separated(schema.enum.map(quoted), ' or ')
  if (schema.oneOf) return separated(schema.oneOf.map(typeOf), ' or ')
  if (schema.allOf?.length === 1 && !schema.properties) return typeOf(schema.allOf[0])
  if (schema.type === 'array') return html`array of ${schema.items ? typeOf(schema.items) : 'anything'}`
  return listed(schema.type ?? 'object')
}

function range(least, most, unit) {
  if (least === undefined && most === undefined) return undefined
  const number = (value) => value.toLocaleString('en-GB')
  if (most === undefined) return `at least ${number(least)}${least === 1 ? unit.replace(/s$/, '') : unit}`
  if (least === undefined) return `at most ${number(most)}${unit}`
  return `${number(least)} to ${number(most)}${unit}`
}

function limitsOf(schema) {
  return [
    range(schema.minimum, schema.maximum, ''),
    range(schema.minLength, schema.maxLength, ' characters'),
    range(schema.minItems, schema.maxItems, ' items'),
    schema.default !== undefined && html`${quoted(schema.default)} if left out`,
    schema.pattern && html`matches <code>${schema.pattern}</code>`,
  ].filter(Boolean)
}

/** The members of an object, those of its parts among them, each with its schema and whether it has to be there. */
function membersOf(schema) {
  const parts = (schema.allOf ?? []).flatMap((part) => membersOf(follow(part)))
  const required = new Set(schema.required ?? [])
  for (const part of parts) part.isRequired ||= required.has(part.name)
  const own = Object.entries(schema.properties ?? {}).map(([name, each]) => ({ name, schema: each, isRequired: required.has(name) }))
  return [...parts.filter((part) => !schema.properties?.[part.name]), ...own]
}

function row({ name, schema, isRequired, description, example }) {
  const inner = schema.type === 'array' && schema.items && !schema.items.$ref ? schema.items : schema
  const members = schema.$ref ? [] : membersOf(inner.allOf?.length === 1 && !inner.properties ? {} : inner)
  const limits = limitsOf(schema)
  return html`<div>
<dt><code>${name}</code> <span class="type">${typeOf(schema)}</span> ${isRequired && html`<span class="required">required</span>`}</dt>
<dd>${block(description ?? schema.description)}${limits.length > 0 && html`<p class="limits">${separated(limits, '; ')}</p>`}${
    example !== undefined && html`<p class="limits">Example: <code>${example}</code></p>`
  }${rows(members)}</dd>
</div>
`
}

const rows = (members) => members.length > 0 && html`<dl class="members">
${members.map(row)}</dl>`

function namedSchema([name, schema]) {
  const members = membersOf(schema)
  const limits = limitsOf(schema)
  return html`<section class="schema" id="schema-${name}">
<h3>${name} <span class="type">${members.length > 0 ? 'object' : typeOf(schema)}</span></h3>
${block(schema.description)}${limits.length > 0 && html`<p class="limits">${separated(limits, '; ')}</p>`}${rows(members)}
</section>
`
}

// Operations.

const tags = contract.tags
const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  Object.keys(item).filter((name) => METHODS.includes(name)).map((method) => ({ path, method, item, ...item[method] })),
)
const idOf = (operation) => operation.operationId ?? `${operation.method}${operation.path.replace(/\W+/g, '-')}`
const json = (value) => html`<pre><code>${JSON.stringify(value, null, 2)}</code></pre>`

function examplesOf(media) {
  if (media.example !== undefined) return [media.example]
  return Object.values(media.examples ?? {}).map((each) => follow(each).value)
}

const isAbsent = (value) => value === undefined
const scopesOf = (operation) => (operation.security ?? contract.security ?? []).flatMap((each) => Object.values(each).flat())

function whoMay(operation) {
  const needed = operation.security ?? contract.security ?? []
  if (needed.length === 0 || needed.some((each) => Object.keys(each).length === 0)) return 'Open to everyone.'
  return html`Needs an access token with the scope ${separated(scopesOf(operation).map((scope) => html`<code>${scope}</code>`), ' and ')}.`
}

/** The operation as a command to try. */
function command(operation, parameters, body) {
  const byPlace = (place) => parameters.filter((each) => each.in === place && each.required)
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => parameters.find((each) => each.name === name)?.example ?? `$${name}`)
  const query = byPlace('query').map((each) => `${each.name}=${encodeURIComponent(each.example ?? '')}`).join('&')
  const flag = { get: '', head: ' -I' }[operation.method] ?? ` -X ${operation.method.toUpperCase()}`
  const lines = [`curl${flag} "$api${path}${query && `?${query}`}"`]
  if (scopesOf(operation).length > 0) lines.push('-H "Authorization: Bearer $token"')
  for (const each of byPlace('header')) lines.push(`-H '${each.name}: ${each.example ?? each.schema?.const ?? '…'}'`)
  if (!isAbsent(body)) lines.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(body).replaceAll("'", String.raw`'\''`)}'`)
  return html`<pre><code>${lines.join(' \\\n  ')}</code></pre>`
}

function request(operation) {
  const parameters = [...(operation.item.parameters ?? []), ...(operation.parameters ?? [])].map(follow)
  const media = Object.values(follow(operation.requestBody).content ?? {})[0]
  const schema = media && follow(media.schema)
  const places = { path: 'In the path', query: 'In the query', header: 'Headers', cookie: 'Cookies' }
  return html`${Object.entries(places).map(([place, title]) => {
    const here = parameters.filter((each) => each.in === place)
    return here.length > 0 && html`<h4>${title}</h4>
${rows(here.map((each) => ({ ...each, schema: each.schema ?? {}, isRequired: each.required })))}`
  })}${media && html`<h4>Body <span class="type">${typeOf(media.schema)}</span></h4>
${block(follow(operation.requestBody).description)}${rows(membersOf(schema))}`}
<h4>Example</h4>
${command(operation, parameters, media && examplesOf(media)[0])}`
}

/** An answer that several operations share is told once, in a section of its own. */
const isShared = (value) => value.$ref && Object.keys(value).length === 1

function answer([status, value]) {
  const [summary] = paragraphs(follow(value))
  const kind = /^[23]/.test(status) ? 'answer' : 'answer error'
  if (isShared(value)) {
    return html`<p class="${kind}"><a href="#answer-${nameOf(value.$ref)}"><code>${status}</code></a> <span>${inline(summary)}</span></p>
`
  }
  return html`<details class="${kind}" open>
<summary><code>${status}</code> <span>${inline(summary)}</span></summary>
${answerBody(follow(value))}</details>
`
}

const paragraphs = (response) => (response.description ?? '').trim().split(/\n\n/)

function answerBody(response) {
  const headers = Object.entries(response.headers ?? {}).map(([name, header]) => ({ name, schema: {}, ...follow(header) }))
  return html`${block(paragraphs(response).slice(1).join('\n\n'))}${Object.entries(response.content ?? {}).map(
    ([type, media]) => html`<p><code>${type}</code>${media.schema && html`: ${typeOf(media.schema)}`}</p>
${examplesOf(media).map(json)}`,
  )}${headers.length > 0 && html`<details><summary>Headers</summary>
${rows(headers)}</details>
`}`
}

function sharedAnswer([name, response]) {
  return html`<section class="schema" id="answer-${name}">
<h3>${name}</h3>
<p>${inline(paragraphs(response)[0])}</p>
${answerBody(response)}</section>
`
}

function operationOf(operation) {
  return html`<section class="operation" id="${idOf(operation)}">
<h3>${operation.summary}</h3>
<p class="route"><span class="method ${operation.method}">${operation.method.toUpperCase()}</span> <code>${operation.path}</code></p>
<p class="fine">${whoMay(operation)}</p>
${block(operation.description)}${request(operation)}
<h4>Answers</h4>
${Object.entries(operation.responses).map(answer)}</section>
`
}

const ofTag = (tag) => operations.filter((operation) => operation.tags?.includes(tag.name))
const heading = (name) => name[0].toUpperCase() + name.slice(1)

const contents = html`<ul>
<li><a href="#about">About</a></li>
${tags.map(
  (tag) => html`<li><a href="#tag-${tag.name}">${heading(tag.name)}</a>
<ul>${ofTag(tag).map((each) => html`<li><a href="#${idOf(each)}">${each.summary}</a></li>
`)}</ul></li>
`,
)}<li><a href="#answers">Answers of several routes</a></li>
<li><a href="#schemas">Schemas</a></li>
</ul>`

const page = html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="description" content="${contract.info.summary}" />
    <title>API reference · Hearth &amp; Hook</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/src/reference/reference.css" />
  </head>
  <body>
<a class="skip" href="#main">Skip to the content</a>
<header class="header">
<a class="brand" href="/">Hearth &amp; Hook <small>API reference</small></a>
<nav aria-label="Main"><a href="/">To the shop</a> <a href="/reference/openapi.yaml" download>openapi.yaml</a></nav>
</header>
<details class="contents-small"><summary>Contents</summary><nav aria-label="Contents">${contents}</nav></details>
<div class="reference">
<nav class="contents" aria-label="Contents">${contents}</nav>
<main id="main" tabindex="-1">
<section id="about">
<h1>API reference</h1>
<p class="lead">${contract.info.summary} Version ${contract.info.version}.</p>
<p>Below <code>/api</code> on this site every route is reached, too; <code>$api</code> in the examples is its base.</p>
${block(contract.info.description)}
<h2>Access tokens</h2>
${block(contract.components.securitySchemes.accessToken.description)}</section>
${tags.map(
  (tag) => html`<section id="tag-${tag.name}">
<h2>${heading(tag.name)}</h2>
${block(tag.description)}${ofTag(tag).map(operationOf)}</section>
`,
)}<section id="answers">
<h2>Answers of several routes</h2>
${Object.entries(contract.components.responses).map(sharedAnswer)}</section>
<section id="schemas">
<h2>Schemas</h2>
${Object.entries(contract.components.schemas).map(namedSchema)}</section>
</main>
</div>
  </body>
</html>
`

mkdirSync(PAGE, { recursive: true })
mkdirSync(BESIDE, { recursive: true })
writeFileSync(resolve(PAGE, 'index.html'), String(page))
writeFileSync(resolve(BESIDE, 'openapi.yaml'), source)
