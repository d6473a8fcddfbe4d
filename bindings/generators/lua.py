"""The Lua module: the functions, and annotations of what they take and answer."""

from .interface import NOTICE, key, pascal, split

PLAIN = {"string": "string", "integer": "integer", "boolean": "boolean", "any": "any"}


def lua_type(type_name):
    what, inside, may_be_null = split(type_name)
    if what == "[":
        text = f"({lua_type(inside)})[]"
    elif what == "{":
        text = f"table<string, {lua_type(inside)}>"
    else:
        text = PLAIN.get(what) or f"respaldo.{what}"
    return f"{text}|nil" if may_be_null else text


def annotated(name, keys):
    fields = ""
    for recorded, type_name in keys.items():
        plain, may_be_absent = key(recorded)
        fields += f"---@field {plain}{'?' if may_be_absent else ''} {lua_type(type_name)}\n"
    return f"---@class respaldo.{name}\n{fields}\n"


def request_class(function):
    return f"{pascal(function['name'])}Request"


def field(function):
    arguments = ["self: respaldo.Store"]
    if function["request"] is not None:
        needs = any(not key(recorded)[1] for recorded in function["request"])
        arguments.append(f"request{'' if needs else '?'}: respaldo.{request_class(function)}")
    if function["progress"]:
        arguments.append("progress?: fun(pages_done: integer, pages_total: integer): boolean|nil")
    name, answer = function["name"], function["answer"]
    return f"---@field {name} fun({', '.join(arguments)}): respaldo.{answer} {function['about']}\n"


def generated(interface):
    functions = "".join(
        f"    {function['name']} = {{ request = {str(function['request'] is not None).lower()}, "
        f"progress = {str(function['progress']).lower()} }},\n"
        for function in interface["functions"]
    )
    return (
        f"-- {NOTICE}\n\n"
        + annotated("Options", interface["options"])
        + "".join(annotated(name, keys) for name, keys in interface["types"].items())
        + "".join(
            annotated(request_class(function), function["request"])
            for function in interface["functions"]
            if function["request"] is not None
        )
        + "---@class respaldo.Store\n---@field handle integer\n---@field closed boolean\n"
        + "---@field close fun(self: respaldo.Store)\n"
        + "".join(map(field, interface["functions"]))
        + f"\nreturn {{\n  abi_version = {interface['abi_version']},\n  functions = {{\n{functions}  }},\n}}\n"
    )


FILES = {"lua/respaldo/interface.lua": generated}
