"""The C# assembly: statuses, answers, and the methods of a store, each also on another thread."""

from .interface import NOTICE, answers, key, pascal, split

PLAIN = {"string": "string", "integer": "long", "boolean": "bool", "any": "object"}
MAP = "IReadOnlyDictionary<string, object>"
HEAD = f"""// {NOTICE}

using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Respaldo
{{
"""


def element(type_name):
    """The type of an element, and the function that makes it of its JSON."""
    text = PLAIN.get(type_name, type_name)
    return text, f"json => ({text})json" if type_name in PLAIN else f"json => new {type_name}(Members(json))"


def property_of(interface, plain, type_name, may_be_absent):
    """The type of a property and the expression that takes it."""
    what, inside, may_be_null = split(type_name)
    if what in "[{":
        text, made = element(inside)
        if what == "[":
            return f"IReadOnlyList<{text}>", f'List("{plain}", {made})'
        return f"IReadOnlyDictionary<string, {text}>", f'Map("{plain}", {made})'
    text, made = element(what)
    if what in interface["types"]:
        return text, f'Take("{plain}", {made})'
    if (may_be_null or may_be_absent) and what in ("integer", "boolean"):
        text += "?"
    return text, f'Take<{text}>("{plain}")'


def answer_class(interface, name):
    properties, assigned = "", ""
    for recorded, type_name in interface["types"][name].items():
        plain, may_be_absent = key(recorded)
        text, taken = property_of(interface, plain, type_name, may_be_absent)
        properties += f"\n        public {text} {pascal(plain)} {{ get; }}\n"
        assigned += f"            {pascal(plain)} = {taken};\n"
    return f"""
    public sealed class {name} : Answer
    {{
        public {name}({MAP} raw) : base(raw)
        {{
{assigned}        }}
{properties}    }}
"""


def methods(function):
    name, answer = pascal(function["name"]), function["answer"]
    taken, given = [], []
    if function["request"] is not None:
        taken.append(f"{MAP} request = null")
        given.append("request")
    if function["progress"]:
        taken.append("IProgress<Step> progress = null")
        given.append("progress")
    taken.append("CancellationToken cancel = default(CancellationToken)")
    given.append("cancel")
    named = ", ".join([f'"{function["name"]}"', *(f"{argument}: {argument}" for argument in given)])
    return f"""
        /// <summary>{function["about"]}</summary>
        public {answer} {name}({", ".join(taken)})
        {{
            return new {answer}(Call({named}));
        }}

        /// <summary>{function["about"]}</summary>
        public Task<{answer}> {name}Async({", ".join(taken)})
        {{
            return Task.Run(() => {name}({", ".join(given)}), cancel);
        }}
"""


def function_row(function):
    takes = "Progress" if function["progress"] else "Nothing" if function["request"] is None else "Request"
    return f'            {{ "{function["name"]}", Takes.{takes} }},\n'


def generated(interface):
    statuses = "".join(
        f"        {'OK' if name == 'OK' else pascal(name.lower())} = {number},\n"
        for name, number in interface["statuses"].items()
    )
    return (
        HEAD + f"    /// <summary>What a call can end with. The numbers never change their meaning.</summary>\n"
        f"    public enum Status\n    {{\n{statuses}    }}\n\n    internal static class Interface\n    {{\n"
        f"        internal const uint AbiVersion = {interface['abi_version']};\n\n"
        "        internal static readonly Dictionary<string, Takes> Functions =\n"
        "            new Dictionary<string, Takes>\n        {\n"
        + "".join(map(function_row, interface["functions"]))
        + "        };\n    }\n"
        + "".join(answer_class(interface, name) for name in answers(interface))
        + "\n    public sealed partial class Store\n    {"
        + "".join(map(methods, interface["functions"]))
        + "    }\n}\n"
    )


FILES = {"csharp/Interface.cs": generated}
