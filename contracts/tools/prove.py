"""Runs halmos on contracts/proofs; the Python that has it is `cargo xtask contracts prove`'s.

Halmos says of a proof that it passed, and warns, where it stopped unrolling a loop. Here that is a failure: what was not looked
at is not proved.
"""

import os
import subprocess
import sys
from pathlib import Path

folder, forge = map(Path, sys.argv[1:])
contracts = Path(__file__).resolve().parent.parent

environment = os.environ | {
    "FOUNDRY_PROFILE": "proofs",
    # Halmos calls forge, which calls our compiler, and finds its solver on this path.
    "PATH": f"{Path(sys.executable).parent}:{forge}:{os.environ['PATH']}",
    # It keeps solvers that it downloads in the home folder. Here it downloads none.
    "HOME": str(folder),
    "HALMOS_ALLOW_DOWNLOAD": "false",
}
command = ["halmos", "--no-status", "--root", contracts, "--forge-build-out", os.environ["FOUNDRY_OUT"]]
incomplete = False
with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as halmos:
    for line in halmos.stdout:
        incomplete |= "loop unrolling bound" in line
        print(line, end="", flush=True)
if incomplete:
    print("a loop was cut short, so this is no proof; see the warning above")
sys.exit(halmos.returncode or incomplete)
