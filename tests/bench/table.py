# SPDX-License-Identifier: Apache-2.0
"""The table of scripts/bench: what, ours, the peer's or limit's, their ratio, the target, and whether it is met."""
import dataclasses


@dataclasses.dataclass
class Row:
    what: str
    ours: str
    beside: str
    ratio: str
    target: str
    verdict: str


def _number(value, unit):
    digits = 0 if value >= 1000 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}".replace(",", " ") + f" {unit}"


def _row(what, ours, beside, name, target, met, unit):
    shown = f"{_number(beside, unit)} ({name})" if beside else "-"
    return Row(what, _number(ours, unit), shown, f"{ours / beside:.2f}" if beside else "-", target,
               "-" if met is None else "ok" if met else "short")


def ratio(what, ours, beside, name, least):
    """A rate that must be at least so many times the other."""
    target = "-" if least is None else f">= {least} x"
    return _row(what, ours, beside, name, target, None if least is None else ours / beside >= least, "/s")


def at_least(what, ours, beside, name, least):
    return _row(what, ours, beside, name, f">= {_number(least, '/s')}", ours >= least, "/s")


def at_most(what, ours, beside, name, most, unit):
    target = "-" if most is None else f"<= {_number(most, unit)}"
    return _row(what, ours, beside, name, target, None if most is None else ours <= most, unit)


WIDTHS = (44, 12, 36, 6, 13)


def _line(cells):
    *first, last = cells
    print("  ".join(f"{cell:<{width}}" for cell, width in zip(first, WIDTHS)) + "  " + last, flush=True)


def head():
    _line(("what", "ours", "peer or limit", "ratio", "target", "verdict"))


def show(row):
    """Prints the row; whether it falls short."""
    _line(dataclasses.astuple(row))
    return row.verdict.startswith(("short", "failed"))
