"""The page about the params file is that of its JSON Schema."""

import subprocess
import sys

from tests.support.deployment import ROOT


def test_the_page_is_current():
    done = subprocess.run(
        [sys.executable, "docs/params.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
