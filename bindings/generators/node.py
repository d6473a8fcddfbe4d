"""The Node package: the list of functions, and TypeScript's types."""

import json

from .interface import NOTICE, camel, key, pascal, split

PLAIN = {"string": "string", "integer": "number", "boolean": "boolean", "any": "unknown"}

HEAD = """
/** Called while a call works; `false` cancels it, and so does an exception, which comes out of the call. */
export type Progress = (pagesDone: number, pagesTotal: number) => boolean | void

/** How a call is watched and cancelled. An aborted call rejects with the signal's reason. */
export interface CallSettings {
  progress?: Progress
  signal?: AbortSignal
}

/** An operation failed. `message` says what, `hint` what to do next, both for the user in the store's language. */
export class RespaldoError extends Error {
  constructor(failure: Failure)
  /** The status's name; later versions may have more. */
  readonly code: StatusName | (string & {})
  /** The status's number; its meaning never changes. */
  readonly status: number
  readonly hint: string
  readonly path: string | null
  /** The library's whole error object, with keys that this package does not know. */
  readonly failure: Failure
}

/** No library could be loaded. The message names every place that was tried, and why it failed. */
export class LibraryLoadError extends Error {}

/** As JSON.parse and JSON.stringify, where whole numbers beyond 2^53 are bigint. */
export function parse(text: string): unknown
export function stringify(value: unknown): string

/** The version of the library. */
export function version(): string

/** The backups of one database. Calls work on other threads; a closed store's calls reject with `INVALID_HANDLE`. */
export class Store {
  /** Checks the options; the database need not exist yet. */
  constructor(options: Options)
  /** The library's number of this store. */
  readonly handle: number
  readonly closed: boolean
  /** Closes the store; calls that are running end normally. A second time it does nothing. */
  close(): void
  /** Calls a function by the library's name for it. */
  call(name: string, request?: object | null, settings?: CallSettings): Promise<Answer>
"""


def typescript(type_name):
    what, inside, may_be_null = split(type_name)
    if what == "[":
        text = f"{typescript(inside)}[]" if "?" not in inside else f"({typescript(inside)})[]"
    elif what == "{":
        text = f"Record<string, {typescript(inside)}>"
    else:
        text = PLAIN.get(what, what)
    return f"{text} | null" if may_be_null else text


def interface_of(name, keys, extends=""):
    lines = [f"export interface {name}{extends} {{"]
    for recorded, type_name in keys.items():
        plain, may_be_absent = key(recorded)
        lines.append(f"  {plain}{'?' if may_be_absent else ''}: {typescript(type_name)}")
    return "\n".join([*lines, "}", ""])


def request_type(function):
    return f"{pascal(function['name'])}Request"


def method(function):
    if function["request"] is None:
        arguments = "settings?: CallSettings"
    else:
        needs = any(not key(recorded)[1] for recorded in function["request"])
        arguments = f"request{'' if needs else '?'}: {request_type(function)}, settings?: CallSettings"
    return f"  /** {function['about']} */\n  {camel(function['name'])}({arguments}): Promise<{function['answer']}>\n"


def declarations(interface):
    names = " | ".join(f"'{name}'" for name in interface["statuses"])
    parts = [
        f"// {NOTICE}\n",
        f"export type StatusName = {names}\n",
        "/** Every answer keeps the keys that this package does not know. */\n"
        "export interface Answer {\n  [key: string]: unknown\n}\n",
        interface_of("Options", interface["options"]),
    ]
    parts += (interface_of(name, keys, " extends Answer") for name, keys in interface["types"].items())
    parts += (
        interface_of(request_type(function), function["request"])
        for function in interface["functions"]
        if function["request"] is not None
    )
    return "\n".join(parts) + HEAD + "".join(map(method, interface["functions"])) + "}\n"


def functions(interface):
    lines = [f"// {NOTICE}\n", f"export const abiVersion = {interface['abi_version']}\n", "export const functions = {"]
    for function in interface["functions"]:
        takes = {"request": function["request"] is not None, "progress": function["progress"]}
        inside = ", ".join(f"{name}: {json.dumps(value)}" for name, value in takes.items())
        lines.append(f"  {function['name']}: {{ {inside} }},")
    return "\n".join([*lines, "}", ""])


FILES = {"node/functions.mjs": functions, "node/index.d.ts": declarations}
