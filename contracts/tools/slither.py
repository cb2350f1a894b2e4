"""Runs slither on what analysis.mjs wrote; the Python that has it is `cargo xtask contracts slither`'s.

Slither ends well where it could not read a function and so found nothing in it. Here that is a failure, too.
"""

import subprocess
import sys
from pathlib import Path

folder, forge = sys.argv[1:]
config = Path(__file__).resolve().parent.parent / "slither.config.json"
slither = Path(sys.executable).with_name("slither")
command = [slither, ".", "--ignore-compile", "--config-file", config]
# Slither asks forge for the folders of a project.
path = {"PATH": f"{forge}:/usr/bin:/bin"}
ended = subprocess.run(command, cwd=folder, env=path, stderr=subprocess.PIPE, text=True, check=False)
print(ended.stderr, end="")
unread = [line for line in ended.stderr.splitlines() if line.startswith("ERROR:")]
if unread:
    print("slither could not read this; write it in another way, or its findings there are missing")
sys.exit(ended.returncode or len(unread))
