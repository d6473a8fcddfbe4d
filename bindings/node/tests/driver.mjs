// Does what a test asks of the binding: a JSON object a line on the standard input, the answer a line on the standard output.

import { readSync, writeSync } from 'node:fs'
import { RespaldoError, Store, parse, stringify } from 'respaldo'
import * as native from 'respaldo/native'

let store = null
const connections = new Map()

/** What a call answers, as the library would. */
async function outcome(work) {
  try {
    return { status: 'OK', answer: await work() }
  } catch (error) {
    if (!(error instanceof RespaldoError)) throw error
    return { status: error.code, answer: { error: error.failure } }
  }
}

function raw({ status, text }) {
  return { status: native.load().statusName(status), answer: parse(text) }
}

async function call({ call, request, request_text, cancel, during }) {
  let steps = 0
  let refused = 0
  const progress = () => {
    steps += 1
    if (during) refused += isRefused(connections.get(during.id), during.sql) ? 1 : 0
    return !cancel
  }
  const settings = { progress }
  const result =
    request_text !== undefined
      ? raw(await native.call(call, store.handle, request_text, progress))
      : await outcome(() => store[call.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())](
          ...(native.functions[call].request ? [request] : []),
          settings,
        ))
  return { ...result, progress: steps, refused }
}

function isRefused(connection, sql) {
  try {
    connection.exec(sql)
    connection.exec('ROLLBACK')
    return false
  } catch (error) {
    if (!error.code.startsWith('SQLITE_BUSY')) throw error
    return true
  }
}

const does = {
  change_folder({ path }) {
    process.chdir(path)
  },
  open({ request, request_text }) {
    if (request_text !== undefined || request === undefined) return raw(native.open(request_text ?? null))
    return outcome(() => {
      store = new Store(request)
      return {}
    })
  },
  close() {
    if (store.closed) return { status: native.load().statusName(native.load().close(store.handle)), answer: null }
    store.close()
    return { status: 'OK', answer: null }
  },
  call,
  async connect({ id, path }) {
    const { default: Database } = await import('better-sqlite3') // on Windows it is not there, and not asked for
    // Cases change the schema's table, which better-sqlite3 otherwise forbids.
    connections.set(id, new Database(path, { fileMustExist: true, timeout: 0 }).unsafeMode().defaultSafeIntegers())
  },
  execute({ id, sql }) {
    const statement = connections.get(id).prepare(sql)
    if (statement.reader) return { value: statement.raw().get()?.[0] ?? null }
    statement.run()
    return { value: null }
  },
  disconnect({ id }) {
    connections.get(id).close()
    connections.delete(id)
  },
}

// Read and written without Node's streams, which cannot use the pipes that Wine gives them.
function* lines() {
  const chunk = Buffer.alloc(65536)
  let pending = Buffer.alloc(0)
  for (let length; (length = read(chunk)) > 0; ) {
    pending = Buffer.concat([pending, chunk.subarray(0, length)])
    for (let end; (end = pending.indexOf(10)) >= 0; pending = pending.subarray(end + 1)) yield pending.toString('utf8', 0, end)
  }
}

function read(chunk) {
  try {
    return readSync(0, chunk)
  } catch (error) {
    if (error.code === 'EOF') return 0 // how Windows says that a pipe has ended
    throw error
  }
}

function write(text) {
  for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(writeSync(1, rest))
}

for (const line of lines()) {
  const asked = parse(line)
  let answered
  try {
    answered = (await does[asked.do](asked)) ?? {}
  } catch (error) {
    answered = { failed: String(error.stack) }
  }
  write(stringify(answered) + '\n')
}
