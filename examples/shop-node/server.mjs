// A shop with its own people, passwords and sessions. Nidan has their second
// step. docs/recipes/node.md says how to run it, and what to take from it.
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { promisify } from 'node:util'

const { PORT = '3000', BASE_URL = `http://localhost:${PORT}`, NIDAN_URL = 'http://127.0.0.1:8080', NIDAN_KEY, NIDAN_KEY_FILE } = process.env
const key = NIDAN_KEY || keyIn(NIDAN_KEY_FILE)
const secure = BASE_URL.startsWith('https:')
const returnTo = `${BASE_URL}/second-step` // as it was registered, to the letter

// What cannot go on says why, in one line.
function stop(why) {
  console.error(why)
  process.exit(1)
}

function keyIn(file) {
  if (!file) stop('NIDAN_KEY_FILE is not set: the file that has the key')
  try {
    return readFileSync(file, 'utf8').trim() || stop(`${file} is empty: was the key made?`)
  } catch (err) {
    stop(`${file} cannot be read (${err.code}): was the key made?`)
  }
}

// The people, in place of your table. The password is “green tea at seven”.
const people = new Map([['mina@example.com', {
  id: 1001, name: 'mina@example.com', // the id is never given to anybody else; an address could be
  salt: 'TMXCl0KLhiLtrYSHbVIx2g', hash: '98A6lWWsSuSxx1oPuKgaHfZe9sgDADIdmwtQuReCSbw',
  changed: '2025-01-01T00:00:00Z', // when the password was
}]])
const nobody = { salt: 'TMXCl0KLhiLtrYSHbVIx2g', hash: 'A'.repeat(43) }

// Both are kept under the hash of what the browser has, so whoever reads them
// has nothing to put into a cookie.
const sessions = new Map() // → { person, acr, ends }
const begun = new Map() // second steps under way → { person, use, ends }

const sha256 = (text = '') => createHash('sha256').update(text).digest('base64url')

function keep(map, minutes, entry) {
  for (const [k, old] of map) if (old.ends < Date.now()) map.delete(k)
  const value = randomBytes(32).toString('base64url')
  map.set(sha256(value), { ...entry, ends: Date.now() + minutes * 60_000 })
  return value
}

function look(map, value) {
  const found = map.get(sha256(value))
  return found?.ends > Date.now() ? found : undefined
}

// Who gave a right password, or undefined. A name that nobody has takes as long.
// A limit on wrong passwords belongs here too: Nidan counts wrong codes only.
async function firstStep(name, password) {
  const person = people.get(name)
  const { salt, hash } = person ?? nobody
  const got = await promisify(scrypt)(password ?? '', salt, 32, { N: 2 ** 15, p: 3, maxmem: 2 ** 26 })
  return timingSafeEqual(got, Buffer.from(hash, 'base64url')) ? person : undefined
}

// One call of Nidan's API. Whatever is not success is thrown, with its reason.
async function nidan(method, path, body) {
  let answer, said
  try {
    answer = await fetch(`${NIDAN_URL}/api/v1${path}`, {
      method, body: body && JSON.stringify(body), redirect: 'error', signal: AbortSignal.timeout(10_000),
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    })
    said = answer.status === 204 ? {} : await answer.json()
  } catch (err) {
    throw new Error(`no answer from Nidan at ${NIDAN_URL}: ${err.cause?.code ?? err.name}`)
  }
  if (answer.ok) return said
  throw Object.assign(new Error([said.reason, ...said.where ?? []].join(' ')), { reason: said.reason })
}

const ifRefused = (reason, instead) => (err) => { if (err.reason === reason) return instead(); throw err }
const idOf = (person) => String(person.id) // an id is text
const pathOf = (person) => `/accounts/${encodeURIComponent(idOf(person))}`

// The account as Nidan has it, registered if it is new there. No answer is an
// error here and goes on being one: it must never mean “no second step”.
async function account(person) {
  const read = () => nidan('GET', pathOf(person))
  const register = () => nidan('POST', '/accounts', { id: idOf(person), label: person.name, address: person.name })
  return read().catch(ifRefused('no_account', () => register().catch(ifRefused('account_exists', () => {})).then(read)))
}

// Sends the browser to Nidan. The value stays in a cookie of ours and only its
// hash goes along, so what comes back is worth something in this browser alone.
async function handOver(v, person, use) {
  const value = keep(begun, 90, { person, use }) // who changes settings may take an hour
  const { url } = await nidan('POST', `${pathOf(person)}/hosted`, {
    use, return_to: returnTo, acr: '2step', bind: sha256(value),
    first_step: { password_changed_at: person.changed },
    browser: { address: v.req.socket.remoteAddress, user_agent: v.req.headers['user-agent']?.slice(0, 1024) },
  }).catch(ifRefused('return_invalid', () => { throw new Error(`return_invalid: ${returnTo} is not registered`) }))
  v.set('step', value)
  v.to(url)
}

async function logIn(v) {
  const person = await firstStep(v.form.get('name'), v.form.get('password'))
  if (!person) return v.to('/login?why=wrong')
  const { protected: isOn } = await account(person)
  return isOn === false ? enter(v, person, '1') : handOver(v, person, 'sign-in')
}

// Nidan is told that the password was given now, and a session may be hours old:
// it is asked for again.
async function openSettings(v) {
  const person = await firstStep(v.session.person.name, v.form.get('password'))
  return person ? handOver(v, person, 'settings') : v.to('/security?why=wrong')
}

// The browser comes back, with a result or without one. A value is good for one
// return, whatever that brings.
async function comeBack(v) {
  const value = v.cookie('step')
  const step = look(begun, value)
  begun.delete(sha256(value))
  v.drop('step')
  if (!step) return v.to('/login?why=other')
  const result = v.query.get('result')
  if (!result) return v.to(step.use === 'settings' ? '/security' : '/login?why=none')
  const proven = await nidan('POST', '/results/redeem', { result, value }).catch(ifRefused('result_dead', () => undefined))
  if (proven?.account !== idOf(step.person) || !isEnough(proven.acr)) return v.to('/login?why=other')
  if (step.use === 'settings') endSessions(step.person) // those from before it was on, too
  enter(v, step.person, proven.acr)
}

const isEnough = (acr) => ['2step', 'aal2', 'aal2-phr'].includes(acr)

// Logs in, under an id that nobody can have known before.
function enter(v, person, acr) {
  leave(v)
  v.set('session', keep(sessions, 8 * 60, { person, acr }))
  v.to('/')
}

function leave(v) {
  sessions.delete(sha256(v.cookie('session')))
  v.drop('session')
}

function endSessions(person) {
  for (const [k, s] of sessions) if (s.person.id === person.id) sessions.delete(k)
}

const why = {
  __proto__: null,
  wrong: 'The address or the password is not right.',
  none: 'The second step was not taken. Log in again.',
  other: 'That log-in was not begun in this browser, or is over. Log in again.',
  stopped: 'Too many wrong codes came after your password. Choose a new password first.',
}
const page = (h1, main, said = '') => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${h1} · Tea &amp; Cakes</title>
<meta name="viewport" content="width=device-width"><h1>${h1}</h1>${said && `<p role="alert">${said}</p>`}${main}</html>`
const escape = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
const password = '<p><label>Password <input type="password" name="password" autocomplete="current-password" required></label></p>'

const showHome = (v) => v.show(page('My account', `<p>${escape(v.session.person.name)}, logged in ${v.session.acr === '1' ? 'with the password alone' : 'with the second step'}</p>
  <p><a href="/security">Security</a></p><form method="post" action="/logout"><button>Log out</button></form>`))
const showLogin = (v) => v.show(page('Log in', `<form method="post" action="/login">
  <p><label>Address <input name="name" type="email" autocomplete="username" required></label></p>${password}<button>Log in</button></form>`, why[v.query.get('why')]))
const showSecurity = (v) => v.show(page('Security', `<p>Two-step verification has pages of its own. Give your password once more to open them.</p>
  <form method="post">${password}<button>Open</button></form><p><a href="/">My account</a></p>`, why[v.query.get('why')]))

const inside = (handle) => (v) => v.session ? handle(v) : v.to('/login')
const routes = new Map(Object.entries({
  'GET /': inside(showHome), 'GET /login': showLogin, 'POST /login': logIn, 'GET /second-step': comeBack,
  'GET /security': inside(showSecurity), 'POST /security': inside(openSettings), 'POST /logout': (v) => { leave(v); v.to('/login') },
}))

const headers = {
  'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin', // with “no-referrer” browsers send “Origin: null”
  // Browsers hold a redirect behind a form to form-action too, so Nidan is named.
  'content-security-policy': `default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' ${NIDAN_URL}`,
}

// What a handler needs of a request and its answer. Cookies are Lax: Strict ones
// are missing when somebody comes back from Nidan.
class Visit {
  constructor(req, res) {
    const [path, query] = req.url.split('?')
    Object.assign(this, { req, res, route: `${req.method} ${path}`, query: new URLSearchParams(query), cookies: {} })
    this.session = look(sessions, this.cookie('session'))
  }
  name(short) { return `${secure ? '__Host-' : ''}shop_${short}` }
  cookie(short) { return this.req.headers.cookie?.split('; ').find((c) => c.startsWith(`${this.name(short)}=`))?.slice(this.name(short).length + 1) }
  set(short, value, more = '') { this.cookies[short] = `${this.name(short)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}${more}` }
  drop(short) { this.set(short, '', '; Max-Age=0') }
  to(location) { this.end(303, '', { location }) }
  show(html, status = 200) { this.end(status, html) }
  end(status, body, more) { this.res.writeHead(status, { ...headers, ...more, 'set-cookie': Object.values(this.cookies) }).end(body) }
}

async function answer(v) {
  const handle = routes.get(v.route)
  if (!handle) return v.show(page('Not here', ''), 404)
  if (v.req.method === 'POST') {
    if (v.req.headers.origin !== BASE_URL) return v.show(page('Refused', `<p>That form was not one of ours. The shop is at ${BASE_URL}.</p>`), 403)
    let text = ''
    for await (const part of v.req.setEncoding('utf8')) if ((text += part).length > 4096) throw new Error('the form is too long')
    v.form = new URLSearchParams(text)
  }
  await handle(v)
}

// Neither the query nor a header goes into the log: there are secrets in them.
createServer((req, res) => {
  const v = new Visit(req, res)
  answer(v).catch((err) => {
    if (err.reason === 'first_step_stopped') return v.to('/login?why=stopped')
    console.error(v.route, err.message)
    v.show(page('Not now', '<p>You cannot be logged in now. Try again later.</p>'), 503)
  })
}).on('error', (err) => stop(`The shop cannot listen on 127.0.0.1:${PORT} (${err.code}). PORT and BASE_URL choose another port.`))
  .listen(PORT, '127.0.0.1', () => console.log(`Tea & Cakes is at ${BASE_URL}`))
