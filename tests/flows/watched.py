"""`tgbot` with its arguments, and a note of every address that the process has looked up, dialled or listened at.

Run as a script; the notes go to the file that the environment variable WATCHED names, one JSON list a line.
"""

import json
import os
import sys
from pathlib import Path

NOTED = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto")
notes = Path(os.environ.pop("WATCHED"))


def note(event: str, arguments: tuple[object, ...]) -> None:
    if event in NOTED:
        address = arguments[:2] if event == "socket.getaddrinfo" else arguments[1]
        with notes.open("a") as file:
            file.write(json.dumps([event, address], default=str) + "\n")


if __name__ == "__main__":
    sys.addaudithook(note)
    from tgbot.cli import main

    main()
