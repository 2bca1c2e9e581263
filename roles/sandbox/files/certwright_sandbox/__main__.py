# Copyright (c) 2026, certwright.cloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point: ``python3 .../certwright_sandbox --state-dir DIR`` serves; a first word selects another command."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

# Run as a folder, Python puts the folder itself first on the path, where its files could hide other modules.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [str(_HERE.parent)] + [item for item in sys.path if Path(item or ".").resolve() != _HERE]

COMMANDS = {
    "service": "certwright_sandbox.service",
    "tls-server": "certwright_sandbox.tls_server",
}


def main(argv: list[str]) -> int:
    """Run the command that the first word names, the sandbox itself when it names none.

    Args:
        argv: the words after the program's name.

    Returns:
        The exit status.
    """
    name = "certwright_sandbox.app"
    if argv and argv[0] in COMMANDS:
        name, argv = COMMANDS[argv[0]], argv[1:]
    return int(importlib.import_module(name).main(argv))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
