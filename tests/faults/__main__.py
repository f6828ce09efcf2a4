"""`python3 dev.py faults`: every test of the table and all of this folder, then the table with its results."""

import os
import sys

import pytest

from tests.faults.rows import ROWS


def main(arguments: list[str]) -> int:
    """Four tests side by side. `--long`: killed at every ordered pair of points, of which
    docs/reference/crash-pairs.md is written; all else goes to pytest (`-n 3 -k killed_again_in_the_life`: only the
    pairs, three side by side)."""
    if "--long" in arguments:
        os.environ["FAULTS_LONG"] = "yes"
        arguments = [argument for argument in arguments if argument != "--long"]
    elif not arguments:
        arguments = ["-n", "4", "--dist", "worksteal"]
    elsewhere = {node_id for row in ROWS for node_id in row.node_ids if not node_id.startswith("tests/faults/")}
    return pytest.main(
        ["-q", "-m", "not image", "-p", "tests.faults.report", *arguments, "tests/faults", *sorted(elsewhere)]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
