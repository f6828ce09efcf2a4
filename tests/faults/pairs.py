"""The table of `dev.py faults --long`: killed at one point, and again at another in the life after."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from tests.faults.points import POINTS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "crash-pairs.md"
MENDING, NEXT, BAD = "m", "n", "**no**"

HEAD = """# Killed twice: every ordered pair of crash points

Written by `python3 dev.py faults --long` on {day}, at commit `{commit}`: {good} of {all} pairs ended well.

A real bot is killed at the point of the row. In its next life it is killed at the point of the column: while it mends
what the first death has left (`m`), or where it does not come by there, with the next order (`n`). The life after that
must bring everything to its end: each message says what the exchange says, no order is there twice or unknown, no fill
is missing or kept twice (the oracles of [the fault table](faults.md)).
"""


def page(outcomes: Mapping[tuple[str, str], str], commit: str, day: date) -> str:
    good = sum(outcome in {MENDING, NEXT} for outcome in outcomes.values())
    lines = [HEAD.format(day=day, commit=commit, good=good, all=len(POINTS) ** 2)]
    lines += [
        "| | the bot dies when |",
        "|---|---|",
        *(f"| {point.name} | {point.where} |" for point in POINTS.values()),
    ]
    lines += ["", f"| | {' | '.join(POINTS)} |", "|---|" + "---|" * len(POINTS)]
    lines += [f"| {one} | {' | '.join(outcomes[one, other] for other in POINTS)} |" for one in POINTS]
    return "\n".join([*lines, ""])
