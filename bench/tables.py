"""The figures as Markdown."""

import contenders
import databases
import targets
from place import AFTER_A_DAY

TITLES = {
    "create": "Create",
    "restore": "Restore, with the safety copy",
    AFTER_A_DAY: "Restore of yesterday's backup, with the safety copy: a day's work between",
}
LABELS = {AFTER_A_DAY: "restore of yesterday's"}
ROUND_TRIPS = {
    "version": "`respaldo_version`",
    "closed_store": "an error: a closed store",
    "unknown_key": "an error: an unknown key",
    "unknown_zone": "an error, as an exception: a time zone that does not exist",
    "open_close": "open and close",
    "list": "list of 20 backups (reads the folder and each header)",
}


def markdown(results):
    parts = [_machine(results), _targets(results)]
    for operation, title in TITLES.items():
        if operation in results:
            parts += [f"### {title}", _medians(results[operation], operation), _spread(results[operation], operation)]
            scans = results[f"{operation}_scans"]
            parts += [
                "With scans, where 20 MB are rows and the rest is large values:",
                _medians(scans, operation),
                _spread(scans, operation),
            ]
    parts += [
        section(results)
        for section in (_many_tables, _processors, _second_place, _memory, _list, _health, _round_trips, _writer)
    ]
    parts += [f"Not measured here: {missing}." for missing in results.get("missing", [])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(header, rows):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def duration(seconds):
    """Three digits, in the unit that fits."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.3g} ms"


def _size(size):
    if size == databases.TABLES:
        return "47 MB"
    return f"{int(size):,} MB" if float(size) >= 1 else f"{size} MB"


def _machine(results):
    run = "One run on " + ", ".join(results["machine"]) + "."
    anew = "; ".join(results.get("again", []))
    return f"{run} Measured anew afterwards, by `bench/run --again`: {anew}." if anew else run


def _targets(results):
    rows = []
    for asked, limit, found, unit in targets.rows(results):
        measured = "not in this run" if found is None else f"{found:.2f}{unit}" if found < 10 else f"{found:.0f}{unit}"
        met = "" if found is None else "yes" if found <= limit else "**no**"
        rows.append([asked, f"at most {limit}{unit}", measured, met])
    return "### Targets\n\n" + _table(["", "target", "measured", "met"], rows)


def _medians(by_size, operation):
    """Medians, and in brackets how many times Python's."""
    header = ["median (times Python's)", *map(_size, by_size), "success means"]
    rows = []
    for contender in contenders.ALL[operation]:
        row = [contender.label]
        for figures in by_size.values():
            if contender.key in figures:
                median = figures[contender.key]["median"]
                row.append(f"{duration(median)} ({median / figures[contenders.PYTHON]['median']:.2f})")
            else:
                row.append("—")
        rows.append([*row, contender.success])
    per_megabyte = ["respaldo, full check, for each MB"]
    for size, figures in by_size.items():
        per_megabyte.append(duration(figures[contenders.OURS]["median"] / databases.megabytes(size)))
    return _table(header, [*rows, [*per_megabyte, ""]])


def _spread(by_size, operation):
    """How far the repetitions lie apart, at the largest size."""
    size, figures = list(by_size.items())[-1]
    rows = []
    for contender in contenders.ALL[operation]:
        if contender.key in figures:
            found = figures[contender.key]
            rows.append(
                [
                    contender.label,
                    *(duration(found[name]) for name in ("least", "low", "median", "high", "most")),
                    str(found["runs"]),
                ]
            )
    title = f"<details><summary>Spread at {_size(size)}</summary>"
    table = _table(["", "least", "1st quartile", "median", "3rd quartile", "most", "runs"], rows)
    return f"{title}\n\n{table}\n\n</details>"


def _many_tables(results):
    return "\n\n".join(
        f"### {TITLES[operation]}: 4,000 tables of two indexes\n\n"
        + _medians(results[f"{operation}_tables"], operation)
        for operation in ("create", "restore")
        if f"{operation}_tables" in results
    )


def _processors(results):
    found = results.get("processors")
    if not found:
        return ""
    rows = [
        [
            count,
            *(duration(figures[key]["median"]) for key in (contenders.OURS, contenders.PYTHON)),
            f"{figures[contenders.OURS]['median'] / figures[contenders.PYTHON]['median']:.2f}",
        ]
        for count, figures in found.items()
    ]
    title = f"### Create by the number of processors, {_size(results['processors_size'])}"
    return f"{title}\n\n" + _table(["processors", "respaldo, full check", "Python", "times Python's"], rows)


def _second_place(results):
    by_size = results.get("second_place")
    if not by_size:
        return ""
    rows = []
    for contender in contenders.SECOND_PLACE:
        row = [contender.label]
        for figures in by_size.values():
            median = figures[contender.key]["median"]
            row.append(f"{duration(median)} ({median / figures[contenders.OURS]['median']:.2f})")
        rows.append([*row, contender.success])
    header = ["median (times that without)", *map(_size, by_size), "success means"]
    return "### Create with a second place\n\n" + _table(header, rows)


def _memory(results):
    by_size = results.get("memory")
    if not by_size:
        return ""
    rows = []
    for operation, measured in contenders.ALL.items():
        for contender in measured:
            name = f"{operation} {contender.key}"
            found = [figures.get(name) for figures in by_size.values()]
            if all(found):
                rows.append(
                    [
                        f"{LABELS.get(operation, operation)}: {contender.label}",
                        *(f"{f['added_kib'] / 1024:.1f} ({f['peak_kib'] / 1024:.1f})" for f in found),
                    ]
                )
    return "### Private memory\n\n" + _table(["MiB added (peak of the process)", *map(_size, by_size)], rows)


def _list(results):
    return _by_count(results, "list", "### List")


def _health(results):
    return _by_count(results, "health", "### Health")


def _by_count(results, operation, title):
    rows = [
        [f"{int(count):,}", duration(found["c"]), duration(found["python"])]
        for count, found in results.get(operation, {}).items()
    ]
    header = ["backups", f"`respaldo_{operation}`, JSON", f"`Store.{operation}`, Python objects"]
    return rows and f"{title}\n\n" + _table(header, rows)


def _round_trips(results):
    ways = results.get("round_trips")
    if not ways:
        return ""
    rows = [
        [
            label,
            *(f"{ways[way][call] / 1000:.1f} µs" if call in ways[way] else "" for way in ("c", "ctypes", "package")),
        ]
        for call, label in ROUND_TRIPS.items()
    ]
    return "### Round trips\n\n" + _table(["", "C", "plain ctypes", "Python package"], rows)


def _writer(results):
    writer = results.get("writer")
    if not writer:
        return ""
    parts = [f"### Beside a writer of 50 commits a second, {_size(results['writer_size'])}"]
    for mode, found in writer.items():
        rows = []
        for name, figures in found.items():
            operation, _, key = name.partition(" ")
            named = LABELS.get(operation, operation)
            label = f"{named}: {contenders.find(operation, key).label}" if key else "nothing"
            rows.append(
                [
                    label,
                    duration(figures["slowest"]),
                    duration(figures["usual"]),
                    str(figures["refused"]),
                    duration(figures["seconds"]),
                ]
            )
        header = [f"{mode} mode, beside it", "slowest commit", "usual commit", "commits refused", "it took"]
        parts.append(_table(header, rows))
    return "\n\n".join(parts)
