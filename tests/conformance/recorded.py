"""Compares the library's JSON with what `interface.json` records of it.

A type is `string`, `integer`, `boolean`, `any`, a name of `types`, `[T]` for an array and `{T}` for an object with any
keys. A question mark behind a type allows null; behind a key it allows that the key is left out.
"""

PLAIN = {"string": str, "integer": int, "boolean": bool}


def deviations(types, type_name, value, where="answer"):
    """What is otherwise than recorded, in words: keys that are missing or unknown, and values of another type."""
    if type_name.endswith("?"):
        return [] if value is None else deviations(types, type_name[:-1], value, where)
    if type_name == "any":
        return []
    if type_name in PLAIN:
        fits = isinstance(value, PLAIN[type_name]) and (type_name == "boolean" or not isinstance(value, bool))
        return [] if fits else [f"{where} is recorded as {type_name}, is {value!r}"]
    if type_name.startswith("["):
        if not isinstance(value, list):
            return [f"{where} is recorded as an array, is {value!r}"]
        return [
            text
            for number, element in enumerate(value)
            for text in deviations(types, type_name[1:-1], element, f"{where}.{number}")
        ]
    if not isinstance(value, dict):
        return [f"{where} is recorded as an object, is {value!r}"]
    if type_name.startswith("{"):
        return [
            text for key, inner in value.items() for text in deviations(types, type_name[1:-1], inner, f"{where}.{key}")
        ]
    return of_keys(types, types[type_name], value, where)


def of_keys(types, keys, value, where):
    """The same for an object whose keys are recorded."""
    known = {key.removesuffix("?"): (key.endswith("?"), type_name) for key, type_name in keys.items()}
    found = [f"{where}.{key} is not recorded in interface.json" for key in value if key not in known]
    for key, (may_be_absent, type_name) in known.items():
        if key in value:
            found += deviations(types, type_name, value[key], f"{where}.{key}")
        elif not may_be_absent:
            found.append(f"{where}.{key} is recorded, and missing")
    return found
