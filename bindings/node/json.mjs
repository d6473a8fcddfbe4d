// JSON whose whole numbers are exact: those beyond what a number holds are bigint, both ways.

const MARK = '\u0000integer '

/** As JSON.parse. */
export function parse(text) {
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (token) =>
    token.startsWith('"') ? token : JSON.stringify(MARK + token),
  )
  return JSON.parse(marked, (_, value) => {
    if (typeof value !== 'string' || !value.startsWith(MARK)) return value
    const digits = value.slice(MARK.length)
    return Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits)
  })
}

/** As JSON.stringify. */
export function stringify(value) {
  const text = JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? MARK + inner : inner))
  return text.replace(/"\\u0000integer (-?\d+)"/g, '$1')
}
