// The library as it is: finds it, loads it, checks it, and calls it with texts.

import { existsSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import koffi from 'koffi'
import { abiVersion, functions } from './functions.mjs'

export { functions }

const FILE_NAME = { win32: 'respaldo.dll', darwin: 'librespaldo.dylib' }[process.platform] ?? 'librespaldo.so'

/** No library could be loaded. The message names every place that was tried, and why it failed. */
export class LibraryLoadError extends Error {
  name = 'LibraryLoadError'
}

/** The places to try. With RESPALDO_LIBRARY set, no other is tried in its place. */
function candidates() {
  const chosen = process.env.RESPALDO_LIBRARY
  if (chosen) {
    const path = resolve(chosen)
    return [existsSync(path) && statSync(path).isDirectory() ? join(path, FILE_NAME) : path]
  }
  const inThePackage = join(dirname(fileURLToPath(import.meta.url)), FILE_NAME)
  return process.platform === 'linux' ? [inThePackage, 'librespaldo.so.1', FILE_NAME] : [inThePackage, FILE_NAME]
}

function declared(library) {
  const free = library.func('void respaldo_string_free(void *json)')
  const out = koffi.out(koffi.pointer(koffi.disposable(koffi.types.str, free)))
  const progress = koffi.pointer(koffi.proto('int32_t (void *user_data, uint64_t pages_done, uint64_t pages_total)'))
  const native = {
    progress,
    abiVersion: library.func('respaldo_abi_version', 'uint32_t', []),
    version: library.func('respaldo_version', 'str', []),
    statusName: library.func('respaldo_status_name', 'str', ['int32_t']),
    open: library.func('respaldo_open', 'int32_t', ['str', koffi.out(koffi.pointer('uint32_t')), out]),
    close: library.func('respaldo_close', 'int32_t', ['uint32_t']),
  }
  for (const [name, takes] of Object.entries(functions)) {
    const middle = [...(takes.request ? ['str'] : []), ...(takes.progress ? [progress, 'void *'] : [])]
    native[name] = library.func(`respaldo_${name}`, 'int32_t', ['uint32_t', ...middle, out])
  }
  const version = native.abiVersion()
  if (version !== abiVersion) throw new Error(`its ABI version is ${version}, this package needs ${abiVersion}`)
  return native
}

let loaded

/** The library, loaded once a process. */
export function load() {
  if (loaded) return loaded
  const failures = []
  for (const path of candidates()) {
    try {
      if (isAbsolute(path) && !existsSync(path)) throw new Error('no such file')
      return (loaded = declared(koffi.load(path)))
    } catch (error) {
      failures.push(`  ${path}: ${error.message}`)
    }
  }
  throw new LibraryLoadError(
    `The respaldo library could not be loaded. Tried:\n${failures.join('\n')}\n` +
      "Put it into the package's folder, install it, or set RESPALDO_LIBRARY to its file.",
  )
}

/** Opens a store. Answers the status, the answer's text, and the handle. */
export function open(text) {
  const handle = [0]
  const answer = [null]
  const status = load().open(text, handle, answer)
  return { status, text: answer[0], handle: handle[0] }
}

/**
 * Calls a function on another thread; `progress` is called on this one. What it throws cancels the call, and is thrown
 * when that has ended. Answers the status and the answer's text.
 */
export async function call(name, handle, text, progress) {
  const native = load()
  const answer = [null]
  const takes = functions[name]
  let thrown = null
  const callback =
    takes.progress && progress
      ? koffi.register((_, done, total) => {
          try {
            return thrown || progress(Number(done), Number(total)) === false ? 1 : 0
          } catch (error) {
            thrown = { error }
            return 1
          }
        }, native.progress)
      : null
  const middle = [...(takes.request ? [text] : []), ...(takes.progress ? [callback, null] : [])]
  try {
    const status = await new Promise((done, failed) =>
      native[name].async(handle, ...middle, answer, (error, status) => (error ? failed(error) : done(status))),
    )
    if (thrown) throw thrown.error
    return { status, text: answer[0] }
  } finally {
    if (callback) koffi.unregister(callback)
  }
}
