// A backup of studio.db with its progress, the list of all, and a restore of the newest.

import { RespaldoError, Store } from 'respaldo'

const store = new Store({ database: 'studio.db', language: 'en' })
try {
  const progress = (done, total) => console.log(`${done} of ${total} pages`) // `return false` cancels
  const { backup } = await store.create({ label: 'before the update' }, { progress, signal: AbortSignal.timeout(60_000) })
  console.log('made', backup.path)

  const { backups } = await store.list() // the newest first
  for (const { display, name, label } of backups) console.log(display, name, label ?? '')

  const { safety_backup } = await store.restore({ backup: backups[0].name })
  console.log('restored; the database as it was before is', safety_backup)
} catch (error) {
  if (!(error instanceof RespaldoError)) throw error
  console.error(error.code, error.message, error.hint) // what is the matter, and what to do next
  process.exitCode = 1
} finally {
  store.close()
}
