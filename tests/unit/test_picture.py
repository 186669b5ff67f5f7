"""The pictures of the state machines are those of the state machines."""

import subprocess
import sys

from tests.support.deployment import ROOT


def test_the_pictures_are_current():
    done = subprocess.run(
        [sys.executable, "docs/picture.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
