"""Chance that can be asked for in any order: the same key always gives the same number, on every machine."""

from functools import lru_cache
from zlib import crc32

_MASK = 2**64 - 1

# A price wanders as a sum of waves of random heights, each four times slower than the one before, from a quarter of a
# minute to two years. Heights are in millionths of the price: lively within minutes, a few per cent within a day.
_FASTEST_SECONDS = 15
_HEIGHTS = (1_500, 1_800, 2_200, 3_500, 6_000, 10_000, 20_000, 40_000, 75_000, 130_000, 220_000, 300_000)


def chance(*key: int) -> int:
    """64 even bits for this key (splitmix64)."""
    state = 0
    for part in key:
        state = (state ^ (part & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        state ^= state >> 30
        state = state * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


def seed_of(text: str) -> int:
    """A number for a name, the same in every process (unlike `hash`)."""
    return crc32(text.encode())


def wander(seed: int, second: int) -> int:
    """How far, in millionths, a price has wandered at this second."""
    total = 0
    for octave, height in enumerate(_HEIGHTS):
        period = _FASTEST_SECONDS << 2 * octave
        index, into = divmod(second, period)
        left, right = _level(seed, octave, index, height), _level(seed, octave, index + 1, height)
        total += left + (right - left) * into // period
    return total


@lru_cache(maxsize=65536)
def _level(seed: int, octave: int, index: int, height: int) -> int:
    return chance(seed, octave, index) % (2 * height + 1) - height
