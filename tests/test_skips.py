import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("variables", "exit_code"), [({"CI": "1"}, 1), ({}, 0)])
def test_skip_fails_the_run_only_on_ci(tmp_path: Path, variables: dict[str, str], exit_code: int) -> None:
    (tmp_path / "test_it.py").write_text("import pytest\n\ndef test_it(): pytest.skip('no moon tonight')\n")
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | variables
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.skips",
        "--rootdir",
        tmp_path,
        "-c",
        os.devnull,
    ]
    run = subprocess.run([*command, tmp_path], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == exit_code, run.stdout
    assert "1 × no moon tonight" in run.stdout
