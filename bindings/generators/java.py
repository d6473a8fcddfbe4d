"""The Java package: statuses, records for answers, and the methods of a store. A public type has a file of its own."""

import json
from pathlib import Path

from .interface import NOTICE, answers, camel, key, split

PLAIN = {"string": "String", "integer": "Long", "boolean": "Boolean", "any": "JsonElement"}
READ = {
    "string": "JsonElement::getAsString",
    "integer": "JsonElement::getAsLong",
    "boolean": "JsonElement::getAsBoolean",
}
PACKAGE = "java/src/main/java/respaldo"
INTERFACE = Path(__file__).resolve().parents[2] / "tests" / "conformance" / "interface.json"
HEAD = f"// {NOTICE}\n\npackage respaldo;\n\n"


def java_type(type_name):
    what, inside, _ = split(type_name)
    if what == "[":
        return f"List<{java_type(inside)}>"
    if what == "{":
        return f"Map<String, {java_type(inside)}>"
    return PLAIN.get(what, what)


def read(type_name):
    if type_name in PLAIN:
        return READ.get(type_name, "element -> element")
    return f"element -> {type_name}.from(element.getAsJsonObject())"


def taken(plain, type_name):
    what, inside, _ = split(type_name)
    function = {"[": "list", "{": "map"}.get(what, "take")
    return f'Answer.{function}(json, "{plain}", {read(inside or what)})'


def record(name):
    def generate(interface):
        keys = [(key(recorded)[0], type_name) for recorded, type_name in interface["types"][name].items()]
        fields = ",\n".join(f"        {java_type(type_name)} {camel(plain)}" for plain, type_name in keys)
        values = "".join(f"                {taken(plain, type_name)},\n" for plain, type_name in keys)
        used = {split(type_name)[0] for _, type_name in keys}
        imports = ["com.google.gson.JsonElement", "com.google.gson.JsonObject"]
        imports += [
            collection for mark, collection in (("[", "java.util.List"), ("{", "java.util.Map")) if mark in used
        ]
        return (
            HEAD
            + "".join(f"import {name};\n" for name in imports)
            + "\n/** An answer of the library, or a part of one. {@code raw} is all of it. */\n"
            + f"public record {name}(\n{fields},\n        JsonObject raw) {{\n"
            + f"    static {name} from(JsonObject json) {{\n"
            + f"        return new {name}(\n{values}                json);\n    }}\n}}\n"
        )

    return generate


def status(interface):
    names = ",\n".join(f"    {name}({number})" for name, number in interface["statuses"].items())
    return (
        HEAD
        + "/** What a call can end with. The numbers never change their meaning. */\n"
        + f"public enum Status {{\n{names};\n\n    private final int number;\n\n"
        + "    Status(int number) {\n        this.number = number;\n    }\n\n"
        + "    public int number() {\n        return number;\n    }\n\n"
        + "    static Status of(int number) {\n        for (Status status : values()) {\n"
        + "            if (status.number == number) {\n                return status;\n            }\n        }\n"
        + "        return null;\n    }\n}\n"
    )


def takes(function):
    return "PROGRESS" if function["progress"] else "NOTHING" if function["request"] is None else "REQUEST"


def functions_table(interface):
    rows = ",\n".join(
        f'            Map.entry("{function["name"]}", Takes.{takes(function)})' for function in interface["functions"]
    )
    return (
        HEAD
        + "import java.util.Map;\n\nfinal class Interface {\n"
        + "    /** What a function takes beside the store; what reports progress takes a request too. */\n"
        + "    enum Takes {\n        NOTHING,\n        REQUEST,\n        PROGRESS\n    }\n\n"
        + f"    static final int ABI_VERSION = {interface['abi_version']};\n\n"
        + f"    static final Map<String, Takes> FUNCTIONS = Map.ofEntries(\n{rows});\n\n"
        + "    private Interface() {}\n}\n"
    )


def method(function):
    name, answer = function["name"], function["answer"]
    about = f"\n    /** {function['about']} */\n"
    java_name = camel(name)
    if function["request"] is None:
        text = f"    public {answer} {java_name}() {{\n"
        return about + text + f"        return {answer}.from(call({json.dumps(name)}, null, null));\n    }}\n"
    text = ""
    needs = any(not key(recorded)[1] for recorded in function["request"])
    shorter = [] if needs else [("", "null, null")]
    if function["progress"]:
        shorter.append(("Map<String, ?> request", "request, null"))
        full, given = "Map<String, ?> request, Progress progress", "request, progress"
    else:
        full, given = "Map<String, ?> request", "request, null"
    for arguments, passed in [*shorter, (full, given)]:
        text += about + f"    public {answer} {java_name}({arguments}) {{\n"
        text += f"        return {answer}.from(call({json.dumps(name)}, {passed}));\n    }}\n"
    return text


def functions(interface):
    return (
        HEAD
        + "import com.google.gson.JsonObject;\nimport java.util.Map;\n\n"
        + "/** The functions of a store. */\nabstract class Functions {\n"
        + "    abstract JsonObject call(String name, Map<String, ?> request, Progress progress);\n"
        + "".join(map(method, interface["functions"]))
        + "}\n"
    )


FILES = {
    f"{PACKAGE}/Status.java": status,
    f"{PACKAGE}/Interface.java": functions_table,
    f"{PACKAGE}/Functions.java": functions,
    **{f"{PACKAGE}/{name}.java": record(name) for name in answers(json.loads(INTERFACE.read_text("utf-8")))},
}
