// Compiled only: what the types allow.

import { RespaldoError, Store, type Backup, type Options } from 'respaldo'

const options: Options = { database: 'studio.db', settings: null, retention: { last: 5 }, names: { clients: { one: 'a', many: 'b' } } }
const store = new Store(options)
const backups: Backup[] = (await store.list({ include_safety: true })).backups
const label: string | null = backups[0].label
const tables: Record<string, number> | null | undefined = backups[0].content?.tables
const unknown: unknown = backups[0].a_key_of_tomorrow
await store.restore({ backup: backups[0].name }, { progress: (done, total) => done < total, signal: new AbortController().signal })
await store.restore({ snapshot: 'latest' })
// @ts-expect-error a backup has to be named
await store.verify({})
// @ts-expect-error an unknown key
await store.list({ tomorrow: true })
try {
  await store.bringBack({ backup: 'a.db', rows: [{ table: 'clients', key: { id: 7 } }] })
} catch (error) {
  if (error instanceof RespaldoError && error.code === 'ROWS_IN_CONFLICT') console.log(error.failure.conflicts?.[0].what)
}
console.log(label, tables, unknown)
