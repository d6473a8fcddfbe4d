"""The limits that the library sets itself, as ratios of medians of one run, so that they hold on any machine."""

from databases import TABLES
from place import AFTER_A_DAY

LARGEST, SMALLEST, SMALL = "1200", "0.2", "20"


def _ratio(results, operation, size, key, other):
    figures = results.get(operation, {}).get(size, {})
    if key in figures and other in figures:
        return figures[key]["median"] / figures[other]["median"]
    return None


def _most_memory(results):
    added = [
        figures["added_kib"] / 1024
        for by_size in results.get("memory", {}).values()
        for name, figures in by_size.items()
        if "respaldo" in name
    ]
    return max(added, default=None)


def _milliseconds(results, operation, count):
    found = results.get(operation, {}).get(count)
    return found and found["c"] * 1000


def _ctypes_without_work(results):
    found = results.get("round_trips", {}).get("ctypes")
    return found and found["closed_store"] / 1000


def _at_the_largest(results, kind, label, create_limits, restore_limit):
    create, restore, after_a_day = f"create{kind}", f"restore{kind}", f"{AFTER_A_DAY}{kind}"
    return [
        (
            f"create, fully verified and durable, beside Python's `Connection.backup`, 1,200 MB{label}",
            create_limits[0],
            _ratio(results, create, LARGEST, "respaldo", "python"),
            "×",
        ),
        (
            f"create, fully verified and durable, beside `cp` + fsync, 1,200 MB{label}",
            create_limits[1],
            _ratio(results, create, LARGEST, "respaldo", "cp"),
            "×",
        ),
        (
            f"restore with its safety copy beside Python's pair, 1,200 MB{label}",
            restore_limit,
            _ratio(results, restore, LARGEST, "respaldo", "python"),
            "×",
        ),
        (
            f"restore of yesterday's backup with its safety copy beside Python's pair, 1,200 MB{label}",
            0.6,
            _ratio(results, after_a_day, LARGEST, "respaldo", "python"),
            "×",
        ),
    ]


def _slowest_commit(results, mode):
    found = results.get("writer", {}).get(mode, {})
    ours, pythons = (found.get(f"{AFTER_A_DAY} {key}") for key in ("respaldo", "python"))
    return ours and pythons and ours["slowest"] / pythons["slowest"]


def rows(results):
    """What is asked, the limit, what was measured (None: not in this run) and the unit."""
    return [
        *_at_the_largest(results, "", "", (1.25, 1.25), 1.0),
        *_at_the_largest(results, "_scans", ", with scans", (0.6, 1.2), 0.6),
        (
            "create beside Python's `Connection.backup`, 20 MB",
            1.4,
            _ratio(results, "create", SMALL, "respaldo", "python"),
            "×",
        ),
        (
            "create beside Python's `Connection.backup`, 4,000 tables of two indexes",
            3,
            _ratio(results, "create_tables", TABLES, "respaldo", "python"),
            "×",
        ),
        *(
            (
                f"slowest commit beside that restore, beside the pair's, {mode} mode",
                0.5,
                _slowest_commit(results, mode),
                "×",
            )
            for mode in ("rollback", "WAL")
        ),
        (
            "create beside Python's made as durable, 0.2 MB",
            1.5,
            _ratio(results, "create", SMALLEST, "respaldo", "python_durable"),
            "×",
        ),
        ("private memory that any operation adds, at any size", 16, _most_memory(results), " MiB"),
        ("`respaldo_list` of 2,000 backups", 10, _milliseconds(results, "list", "2000"), " ms"),
        ("`respaldo_list` of 100,000 backups", 500, _milliseconds(results, "list", "100000"), " ms"),
        ("`respaldo_health` with 20 backups", 5, _milliseconds(results, "health", "20"), " ms"),
        ("`respaldo_health` with 2,000 backups", 50, _milliseconds(results, "health", "2000"), " ms"),
        ("a round trip through ctypes that has nothing to do", 20, _ctypes_without_work(results), " µs"),
    ]
