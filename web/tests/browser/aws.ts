/** What stands behind the store: its functions' settings, its tables, and the faults between them (test/awsproxy). */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { AwsClient } from 'aws4fetch'
import type { Person } from './store'

/** The variables of a test run; `make test-up` writes them into .shop-test.env, too. */
function variable(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run \`make test\`, or \`make test-up\` and load .shop-test.env`)
  return value
}

/** Signs as the store's root, in the region of every local store. */
function client(): AwsClient {
  const keys = JSON.parse(readFileSync(resolve(join(variable('SHOP_DATA'), 'root-keys.json')), 'utf8')) as Record<string, string>
  return new AwsClient({ accessKeyId: keys.access_key_id ?? '', secretAccessKey: keys.secret_access_key ?? '', region: 'eu-west-1' })
}

async function call<T>(service: string, path: string, init: RequestInit = {}): Promise<T> {
  const request = await client().sign(variable('SHOP_AWS_URL') + path, { method: 'POST', ...init, aws: { service } })
  const response = await fetch(request)
  const text = await response.text()
  if (!response.ok) throw new Error(`${service} ${path}: ${response.status} ${text}`)
  return (text.startsWith('{') ? JSON.parse(text) : undefined) as T
}

interface Deployed {
  FunctionName: string
  Role: string
  Environment: { Variables: Record<string, string> }
}

const FUNCTIONS = '/2015-03-31/functions'

/** Runs `work` while every function that has one of these settings has this value of it instead. */
export async function withSettings(settings: Record<string, string>, work: () => Promise<void>): Promise<void> {
  const { Functions } = await call<{ Functions: Deployed[] }>('lambda', `${FUNCTIONS}/?MaxItems=1000`, { method: 'GET' })
  const has = (each: Deployed) => Object.keys(settings).some((name) => name in (each.Environment?.Variables ?? {}))
  const concerned = Functions.filter(has)
  if (concerned.length === 0) throw new Error(`no function has ${Object.keys(settings).join(', ')}`)
  const undo: (() => Promise<void>)[] = []
  try {
    for (const each of concerned) {
      const before = each.Environment.Variables
      const mine = Object.entries(settings).filter(([name]) => name in before)
      undo.push(() => configure(each.FunctionName, before))
      await configure(each.FunctionName, { ...before, ...Object.fromEntries(mine) })
      undo.push(...(await publish(each.FunctionName)))
    }
    await work()
  } finally {
    for (const step of undo) await step()
  }
}

async function configure(name: string, variables: Record<string, string>): Promise<void> {
  await lambda(`${name}/configuration`, 'PUT', { Environment: { Variables: variables } })
}

/** Leads the function's alias, if callers have one, to a version with its present settings; returns what ends that. */
async function publish(name: string): Promise<(() => Promise<void>)[]> {
  type Alias = { Name: string; FunctionVersion: string }
  const { Aliases } = await lambda<{ Aliases: Alias[] }>(`${name}/aliases`, 'GET')
  const alias = Aliases[0]
  if (!alias) return []
  const { Version } = await lambda<{ Version: string }>(`${name}/versions`, 'POST', {})
  const lead = (version: string) => lambda<void>(`${name}/aliases/${alias.Name}`, 'PUT', { FunctionVersion: version })
  await lead(Version)
  return [() => lead(alias.FunctionVersion), () => lambda<void>(`${name}?Qualifier=${Version}`, 'DELETE')]
}

function lambda<T>(path: string, method: string, body?: object): Promise<T> {
  const headers = { 'Content-Type': 'application/json' }
  return call('lambda', `${FUNCTIONS}/${path}`, { method, ...(body && { body: JSON.stringify(body), headers }) })
}

/** Runs `work` in a store that verifies addresses: its sign-up has the parameter's setting and what the template allows it then. */
export async function whileVerifying(work: () => Promise<void>): Promise<void> {
  await withSettings({ REQUIRE_VERIFIED_EMAIL: 'true' }, async () => {
    const { Functions } = await call<{ Functions: Deployed[] }>('lambda', `${FUNCTIONS}/?MaxItems=1000`, { method: 'GET' })
    const role = Functions.find((each) => each.FunctionName.includes('SignUpFunction'))?.Role.split('/').at(-1) ?? ''
    const allowed = { Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:ConditionCheckItem', 'dynamodb:PutItem', 'sqs:SendMessage'], Resource: '*' }
    const policy = { RoleName: role, PolicyName: 'verifies' }
    await iam({ ...policy, Action: 'PutRolePolicy', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [allowed] }) })
    try {
      await work()
    } finally {
      await iam({ ...policy, Action: 'DeleteRolePolicy' })
    }
  })
}

async function iam(form: Record<string, string>): Promise<void> {
  const body = new URLSearchParams({ ...form, Version: '2010-05-08' }).toString()
  await call('iam', '/', { body, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } })
}

/** Gives somebody a role, and ends their sessions, as `shop grant` and `shop revoke` do. */
export async function setRole(person: Person, role: string): Promise<void> {
  const { TableNames } = await dynamodb<{ TableNames: string[] }>('ListTables', {})
  await dynamodb('UpdateItem', {
    TableName: TableNames.find((name) => name.includes('-Users-')),
    Key: { email: { S: person.email } },
    UpdateExpression: 'SET #role = :role ADD generation :one',
    ExpressionAttributeNames: { '#role': 'role' },
    ExpressionAttributeValues: { ':role': { S: role }, ':one': { N: '1' } },
  })
}

async function dynamodb<T>(operation: string, body: object): Promise<T> {
  const headers = { 'X-Amz-Target': `DynamoDB_20120810.${operation}`, 'Content-Type': 'application/x-amz-json-1.0' }
  return call('dynamodb', '/', { body: JSON.stringify(body), headers })
}

/** What test/faultproxy does to a call, and to how many; delay in milliseconds. */
export interface Fault {
  operation: string
  fault: string
  times?: number
  delay?: number
}

/** Runs `work` while the calls of the functions to AWS meet these faults. `lift` ends them before. */
export async function withFaults(faults: Fault[], work: (lift: () => Promise<void>) => Promise<void>): Promise<void> {
  await plan(faults)
  try {
    await work(() => plan([]))
  } finally {
    await plan([])
  }
}

async function plan(faults: Fault[]): Promise<void> {
  const rules = faults.map(({ delay, ...rule }) => ({ share: 1, ...rule, ...(delay && { delay: delay * 1_000_000 }) }))
  const body = JSON.stringify({ seed: 1, rules })
  const response = await fetch(`${variable('SHOP_PROXY_URL')}/faults`, { method: 'PUT', body })
  if (!response.ok) throw new Error(`planning faults: ${response.status} ${await response.text()}`)
}
