// What Node's users expect: promises, progress, an AbortSignal, errors, closing. Runs in a folder with studio.db.

import assert from 'node:assert/strict'
import { RespaldoError, Store, version } from 'respaldo'

assert.match(version(), /^\d+\.\d+\.\d+$/)
const store = new Store({ database: 'studio.db', language: 'en' })

// Progress is called while other work goes on, and the answer has the library's keys.
let steps = 0
const made = await store.create({ label: 'first' }, { progress: () => void (steps += 1) })
assert.ok(steps > 0)
assert.equal(made.backup.label, 'first')
const both = await Promise.all([store.list(), store.lastBackup()])
assert.equal(both[0].backups.length, 1)
assert.notEqual(both[1].last_backup_at, null)

// What progress throws comes out, `false` is CANCELLED, and an aborted signal rejects with its reason.
await assert.rejects(store.create(null, { progress: () => { throw new RangeError('mine') } }), RangeError)
await assert.rejects(store.create(null, { progress: () => false }), { code: 'CANCELLED', status: 4 })
const controller = new AbortController()
const progress = () => controller.abort(new Error('enough'))
await assert.rejects(store.create(null, { progress, signal: controller.signal }), { message: 'enough' })
await assert.rejects(store.list(null, { signal: controller.signal }), { message: 'enough' })
assert.equal((await store.list()).backups.length, 1)

// An error has what the library says, and an unknown key reaches the library.
await assert.rejects(store.restore({ backup: 'none.db' }), (error) => {
  assert.ok(error instanceof RespaldoError && error.hint && error.failure.path)
  return error.code === 'BACKUP_NOT_FOUND' && error.status === 21
})
await assert.rejects(store.list({ tomorrow: true }), { code: 'INVALID_ARGUMENT', message: /tomorrow/ })
assert.throws(() => new Store({ database: 'studio.db', timezone: 'Nowhere' }), { code: 'UNKNOWN_TIMEZONE' })

store.close()
store.close()
await assert.rejects(store.list(), { code: 'INVALID_HANDLE' })
