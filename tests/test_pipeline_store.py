"""A whole run in S3, as moto serves it: the line is cut in mid-write, and another machine goes on; the same records."""

import shutil
from pathlib import Path

import pytest

from bylaw.cli import main
from bylaw.cli.away import copy_of
from bylaw.lineage.tree import file_digest
from bylaw.objects import Objects
from bylaw.run import Run
from tiny import run_file, save_model, words

pytest.importorskip("torch")

from object_store import BUCKET, serving

CUTS = 3


def made(run: Path) -> dict[str, str]:
    """What a run is: its records, measurements and models, by their digests."""
    files = [path for name in ("records", "models") for path in sorted((run / name).rglob("*")) if path.is_file()]
    return {str(path.relative_to(run)): file_digest(path) for path in [*files, run / "measurements.jsonl"]}


@pytest.mark.long
def test_a_run_whose_line_is_cut_three_times_ends_elsewhere_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, url = run_file(tmp_path, save_model(tmp_path / "tiny")), f"{BUCKET}/run"
    assert main([*words(file, tmp_path / "whole")]) == 0

    def machine(number: int) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / f"cache{number}"))

    with serving() as line:
        machine(0)
        assert main(["copy", str(tmp_path / "whole"), f"{url}-measured"]) == 0
        share = line.sent // (CUTS + 1)
        for number in range(1, CUTS + 1):
            machine(number)
            line.cut_after(share)
            capsys.readouterr()
            assert main([*words(file, tmp_path), "--out", url]) == 1
            told = capsys.readouterr().err
            assert f"{url}" in told and "nothing finished is lost. Go on with: bylaw train" in told
            assert "Traceback" not in told
            line.mend()
        machine(CUTS + 1)
        assert main([*words(file, tmp_path), "--out", url]) == 0
        assert made(copy_of(url)) == made(tmp_path / "whole")
        assert not [path for path in Objects(url).sizes() if path.startswith(("chunks/", "worker.json"))]
        shutil.rmtree(copy_of(url))
        assert main(["copy", url, str(tmp_path / "back")]) == 0
        assert made(tmp_path / "back") == made(tmp_path / "whole")
        assert main(["verify", url]) == main(["verify", str(tmp_path / "whole")])
    assert all(Run.open(tmp_path / "back").finished(stage) for stage in ("sft", "label", "optimise", "evaluate-final"))
