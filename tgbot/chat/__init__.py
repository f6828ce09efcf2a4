"""Telegram: what comes in, made ours; what goes out, its errors in our words.

The only package that speaks Telegram's library.
"""

import os

# Read by the library when it is used: periods become `timedelta`, as they will be in its next major version. Without
# it every 429 also logs a deprecation warning.
os.environ.setdefault("PTB_TIMEDELTA", "1")
