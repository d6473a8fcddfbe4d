"""The Ruby gem: statuses, functions, and a class for each answer."""

import re

from .interface import NOTICE, answers, key


def answer_class(interface, name):
    known = []
    for recorded, type_name in interface["types"][name].items():
        inside = re.sub(r"\W", "", type_name)
        known.append(f"{key(recorded)[0]}: {f':{inside}' if inside in interface['types'] else 'nil'}")
    return f"  {name} = Answer.with({', '.join(known)})\n"


def function(recorded):
    request, progress = (str(value).lower() for value in (recorded["request"] is not None, recorded["progress"]))
    return f"    '{recorded['name']}' => [{request}, {progress}, :{recorded['answer']}]"


def generated(interface):
    statuses = ",\n".join(f"    '{name}' => {number}" for name, number in interface["statuses"].items())
    functions = ",\n".join(map(function, interface["functions"]))
    return (
        f"# frozen_string_literal: true\n\n# {NOTICE}\n\n"
        f"module Respaldo\n  ABI_VERSION = {interface['abi_version']}\n\n"
        f"  STATUSES = {{\n{statuses}\n  }}.freeze\n\n"
        "  # Whether a function takes a request and reports progress, and what it answers.\n"
        f"  FUNCTIONS = {{\n{functions}\n  }}.freeze\n\n"
        + "".join(answer_class(interface, name) for name in answers(interface))
        + "end\n"
    )


FILES = {"ruby/lib/respaldo/interface.rb": generated}
