"""The container image, built without a container engine: `python3 dev.py test -m image`, as root on Debian or Ubuntu.

The official base image may be out of reach, so a Debian root with its own Python stands in for it, under its name.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.flows.stage import Stage, open_stage

ROOT = Path(__file__).parents[2]
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
PORT = "18087"
WRITABLE = ("/data", "/keys")

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]


class Builder:
    """buildah, with a store of its own that leaves the machine as it was."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.command = ["buildah", "--storage-driver", "vfs", "--root", f"{folder}/store", "--runroot", f"{folder}/run"]

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run([*self.command, *arguments], check=False, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def within(self, box: str, *command: str, **environment: str) -> list[str]:
        """The command line that runs `command` in a container."""
        given = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
        return [*self.command, "run", "--isolation", "chroot", *given, box, "--", *command]


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    missing = [tool for tool in ("buildah", "mmdebstrap") if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"the image is built by root with buildah and mmdebstrap; missing: {missing or 'root'}")
    folder = tmp_path_factory.mktemp("image")
    yield Builder(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def box(builder: Builder) -> str:
    """A container of the image that the Dockerfile makes."""
    lay_base(builder)
    trust = ["-v", f"{CERTIFICATES}:{CERTIFICATES}:ro", "--build-arg", f"SSL_CERT_FILE={CERTIFICATES}"]
    builder("build", "-q", "--isolation", "chroot", "--pull-never", "--format", "docker", *trust, "-t", "tgbot:ci", ".")
    return builder("from", "--pull-never", "tgbot:ci")


def lay_base(builder: Builder) -> None:
    (base,) = set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    release = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(), re.MULTILINE)
    assert release
    root = builder.folder / "root.tar"
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", release[1], str(root)]
    subprocess.run(command, check=True)
    made = builder("from", "--isolation", "chroot", "scratch")
    builder("add", "-q", made, str(root), "/")
    subprocess.run(builder.within(made, "ln", "-s", "/usr/bin/python3", "/usr/local/bin/python"), check=True)
    path = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    builder("config", "--env", f"PATH={path}", "--cmd", "python3", made)
    builder("commit", "-q", made, f"docker.io/library/{base}")


@asynccontextmanager
async def running(builder: Builder, box: str, stage: Stage) -> AsyncIterator[asyncio.subprocess.Process]:
    command = builder.within(
        box,
        *("tgbot", "run"),
        TGBOT_TELEGRAM_TOKEN=stage.settings.telegram_token.get_secret_value(),
        TGBOT_TELEGRAM_API_URL=stage.settings.telegram_api_url,
        TGBOT_KUCOIN_URL=stage.settings.kucoin_url,
        TGBOT_KUCOIN_FUTURES_URL=stage.settings.kucoin_futures_url,
        TGBOT_ACCESS="open",
        TGBOT_WEB_BIND=f"127.0.0.1:{PORT}",
    )
    process = await asyncio.create_subprocess_exec(*command, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, 15)
        await process.wait()


async def test_it_runs_as_nobody_special_writes_only_its_own_and_says_that_it_is_well(
    builder: Builder, box: str, tmp_path: Path, sqlite_url: str
) -> None:
    disk = Path(builder("mount", box))
    before = contents(disk)
    async with open_stage(tmp_path, sqlite_url) as stage, running(builder, box, stage):
        greeting = await stage.seat("Ann").say("/start", "Hello Ann", patience=60)
        assert "KuCoin" in greeting.text
        health = json.loads(builder("inspect", box))["Docker"]["config"]["Healthcheck"]["Test"]
        assert health[0] == "CMD"
        check = await asyncio.create_subprocess_exec(
            *builder.within(box, *health[1:], TGBOT_WEB_BIND=f"127.0.0.1:{PORT}")
        )
        assert await check.wait() == 0
        owner = await asyncio.create_subprocess_exec(*builder.within(box, "id", "-u"), stdout=asyncio.subprocess.PIPE)
        assert (await owner.communicate())[0].strip() == b"10001"
    written = {path for path in contents(disk) - before if not path.startswith(WRITABLE)}
    assert written == set()


def contents(disk: Path) -> set[str]:
    """Every file of the container but what the kernel shows there."""
    found = (f"/{path.relative_to(disk)}" for path in disk.rglob("*") if path.is_file() and not path.is_symlink())
    return {path for path in found if not path.startswith(("/proc/", "/sys/", "/dev/", "/run/"))}
