"""The C++ header: the structs of answers, and the list of functions that the class has."""

import re

from .interface import answers, key, split

PLAIN = {"string": "std::string", "integer": "std::int64_t", "boolean": "bool", "any": "value"}


def snake(name):
    """`CreateResult` as `create_result`."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def cpp_type(type_name, may_be_absent=False):
    what, inside, may_be_null = split(type_name)
    if what == "[":
        return f"std::vector<{cpp_type(inside)}>"
    if what == "{":
        text = f"std::map<std::string, {cpp_type(inside)}>"
    else:
        text = PLAIN.get(what) or f"respaldo::{snake(what)}"  # qualified: members have the names of types
    return f"std::optional<{text}>" if (may_be_null or may_be_absent) and what != "any" else text


def in_order(interface):
    """The answers' types, each behind those that it is made of."""
    waiting, found = answers(interface), []
    while waiting:
        for name in waiting:
            used = {re.sub(r"\W", "", type_name) for type_name in interface["types"][name].values()}
            if not used & (set(waiting) - {name}):
                found.append(name)
                waiting.remove(name)
                break
    return found


def struct(name, keys):
    fields, taken = [], []
    for recorded, type_name in keys.items():
        plain, may_be_absent = key(recorded)
        fields.append(f"    {cpp_type(type_name, may_be_absent)} {plain}{{}};\n")
        taken.append(f'        detail::take(made.{plain}, json, "{plain}");\n')
    name = snake(name)
    return f"""
struct {name} {{
{"".join(fields)}    value raw;

    static {name} from(const value &json)
    {{
        {name} made;
{"".join(taken)}        made.raw = json;
        return made;
    }}
}};
"""


def listed(function):
    takes = "WATCHED" if function["progress"] else "REQUESTED" if function["request"] is not None else "PLAIN"
    return f"    RESPALDO_{takes}({function['name']}, {snake(function['answer'])})"


def generated(interface):
    functions = " \\\n".join(map(listed, interface["functions"]))
    structs = "".join(struct(name, interface["types"][name]) for name in in_order(interface))
    return (
        structs
        + "\n// What a store can do, with what it answers: for each function one of RESPALDO_WATCHED (request and\n"
        + "// progress), RESPALDO_REQUESTED and RESPALDO_PLAIN, which the user of the list defines.\n"
        + f"#define RESPALDO_FUNCTIONS \\\n{functions}\n"
    )


FILES = {"cpp/respaldo.hpp": generated}
