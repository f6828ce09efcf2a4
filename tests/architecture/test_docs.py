"""What the documentation says and what the code does are the same."""

import re
from pathlib import Path

from pydantic import SecretStr

from dev import VERBS
from tgbot.settings import FROM_FILES, PREFIX, Settings

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
SETTING = re.compile(r"^\| `(TGBOT_\w+)` \| (.+?) \|", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)[^)]*\)")


def test_settings_page_lists_every_setting_with_its_default() -> None:
    documented = dict(SETTING.findall((ROOT / "docs/reference/settings.md").read_text()))
    defaults = {name: shown(field.default) for name, field in Settings.model_fields.items()}
    assert documented == {PREFIX + name.upper(): default for name, default in defaults.items()}


def test_settings_page_names_what_may_come_from_a_file() -> None:
    documented = re.findall(r"`TGBOT_(\w+)_FILE`", (ROOT / "docs/reference/settings.md").read_text())
    assert {name.lower() for name in documented} - {"master_key"} == set(FROM_FILES)


def test_every_link_leads_to_a_file() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in LINK.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_contributors_are_told_of_every_verb() -> None:
    told = (ROOT / "CONTRIBUTING.md").read_text()
    assert [verb for verb in VERBS if f"dev.py {verb}" not in told] == []


def shown(default: object) -> str:
    """A default as the page shows it."""
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    if isinstance(value, bool):
        value = "on" if value else "off"
    return f"`{value}`" if value else "–"
