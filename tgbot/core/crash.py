"""Named places at which a test may end the process. In production a call does nothing."""

from collections.abc import Callable

_hook: Callable[[str], None] | None = None


def crash_point(name: str) -> None:
    """`name` is one of C0…C17 of the fault table."""
    if _hook is not None:
        _hook(name)


def arm(hook: Callable[[str], None] | None) -> None:
    """Only the crash harness calls this."""
    global _hook  # noqa: PLW0603 - one process, one harness; a parameter would run through every function
    _hook = hook
