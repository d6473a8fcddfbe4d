// Backups of an application's SQLite database. index.d.ts says what everything takes and answers.

import { functions } from './functions.mjs'
import { parse, stringify } from './json.mjs'
import * as native from './native.mjs'

export { parse, stringify } from './json.mjs'
export { LibraryLoadError } from './native.mjs'

/** An operation failed. `message` says what, `hint` what to do next, both for the user. */
export class RespaldoError extends Error {
  name = 'RespaldoError'

  constructor(failure) {
    super(failure.message)
    this.failure = failure
    this.code = failure.name
    this.status = failure.status
    this.hint = failure.hint
    this.path = failure.path
  }
}

function answer({ status, text }) {
  if (text == null) throw new Error(`no memory was left for the answer (status ${status})`)
  const answer = parse(text)
  if (status !== 0) throw new RespaldoError(answer.error)
  return answer
}

export class Store {
  #handle
  #closed = false

  constructor(options) {
    const opened = native.open(stringify(options))
    answer(opened)
    this.#handle = opened.handle
  }

  /** The library's number of this store. */
  get handle() {
    return this.#handle
  }

  get closed() {
    return this.#closed
  }

  close() {
    if (this.#closed) return
    this.#closed = true
    native.load().close(this.#handle)
  }

  async call(name, request, { progress, signal } = {}) {
    signal?.throwIfAborted()
    const step = (done, total) => {
      const goOn = progress?.(done, total)
      signal?.throwIfAborted()
      return goOn
    }
    const text = request == null ? null : stringify(request)
    return answer(await native.call(name, this.#handle, text, progress || signal ? step : null))
  }
}

Store.prototype[Symbol.dispose ?? Symbol.for('Symbol.dispose')] = Store.prototype.close

for (const [name, takes] of Object.entries(functions)) {
  const method = name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
  Store.prototype[method] = takes.request
    ? function (request, settings) {
        return this.call(name, request, settings)
      }
    : function (settings) {
        return this.call(name, null, settings)
      }
}

/** The version of the library. */
export function version() {
  return native.load().version()
}
