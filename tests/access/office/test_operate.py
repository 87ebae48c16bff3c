"""docs/operate.md, run from top to bottom by a shell."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "operate.md"


@pytest.mark.long
def test_the_page_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 8
    script = "set -e\nset -o pipefail\n" + "\n".join(blocks)
    work = tmp_path / "work"
    work.mkdir()
    environment = {
        **os.environ,
        "BYLAW_HOME": str(tmp_path / "home"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-c", script], check=False, cwd=work, env=environment, capture_output=True, text=True, timeout=600
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    for expected in (
        "june-2026-letter-1@1 is enacted",
        "REFUSED  p-new · model fable-5",
        "ALLOWED  p-new · model mythos-5",
        "still not allowed",
        "it ends june-2026-letter-1@1",
        "decisions come out the same, to the byte",
        "held",
        "ftm of",
        "is not ftm:q-1, Viktor Marchenkov",
    ):
        assert expected in said, f"{expected!r} is missing in\n{said}"
    assert re.search(r"(\d+) of \1 decisions come out the same", said)
