"""The PHP package: statuses with their exceptions, answers, and the methods of a store."""

from .interface import NOTICE, answers, camel, key, pascal, split

PLAIN = {"string": "string", "integer": "int", "boolean": "bool", "any": "mixed"}


def php_type(interface, type_name, may_be_absent):
    what, _, may_be_null = split(type_name)
    text = "array" if what in "[{" else PLAIN.get(what, what)
    return f"?{text}" if (may_be_null or may_be_absent) and text != "mixed" else text


def made(interface, plain, type_name, may_be_absent):
    """The expression that makes a property of the JSON."""
    what, inside, may_be_null = split(type_name)
    json = f"$raw->{plain}"
    if what == "[" and inside in interface["types"]:
        text = f"array_map(fn ($json) => new {inside}($json), {json})"
    elif what == "{":
        text = f"(array) {json}"
    elif what in interface["types"]:
        text = f"new {what}({json})"
    else:
        return f"{json} ?? null" if may_be_null or may_be_absent or what == "any" else json
    return f"isset({json}) ? {text} : null" if may_be_null or may_be_absent else text


def answer_class(interface, name):
    properties, assigned = "", ""
    for recorded, type_name in interface["types"][name].items():
        plain, may_be_absent = key(recorded)
        properties += f"    public readonly {php_type(interface, type_name, may_be_absent)} ${plain};\n"
        assigned += f"        $this->{plain} = {made(interface, plain, type_name, may_be_absent)};\n"
    return f"""
final class {name} extends Answer
{{
{properties}
    public function __construct(\\stdClass $raw)
    {{
        parent::__construct($raw);
{assigned}    }}
}}
"""


def method(function):
    arguments, given = [], [f"'{function['name']}'"]
    if function["request"] is not None:
        arguments.append("array $request = []")
        given.append("$request")
    if function["progress"]:
        arguments.append("?callable $progress = null")
        given.append("$progress")
    name = camel(function["name"])
    return f"""
    /** {function["about"]} */
    public function {name}({", ".join(arguments)}): {function["answer"]}
    {{
        return new {function["answer"]}($this->call({", ".join(given)}));
    }}
"""


def exception(name):
    return f"{pascal(name.lower())}Exception"


def generated(interface):
    failures = {name: number for name, number in interface["statuses"].items() if number}
    takes = "".join(
        f"    '{function['name']}' => ['request' => {str(function['request'] is not None).lower()}, "
        f"'progress' => {str(function['progress']).lower()}],\n"
        for function in interface["functions"]
    )
    return (
        f"<?php\n\n// {NOTICE}\n\ndeclare(strict_types=1);\n\nnamespace Respaldo;\n\n"
        f"const ABI_VERSION = {interface['abi_version']};\n\n"
        f"const FUNCTIONS = [\n{takes}];\n\nconst EXCEPTIONS = [\n"
        + "".join(f"    {number} => {exception(name)}::class,\n" for name, number in failures.items())
        + "];\n\n"
        + "".join(f"final class {exception(name)} extends RespaldoException\n{{\n}}\n" for name in failures)
        + "".join(answer_class(interface, name) for name in answers(interface))
        + "\ntrait Functions\n{"
        + "".join(map(method, interface["functions"]))
        + "}\n"
    )


FILES = {"php/src/interface.php": generated}
