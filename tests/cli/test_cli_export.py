"""``bylaw export --push``: to a hub's stand-in on this machine, through the hub's own client; what it is shown."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bylaw.canonical import sha256
from bylaw.cli import main
from bylaw.errors import RecordError
from bylaw.feedback.exports import EXPORTS, Made
from bylaw.feedback.sources import read_comparisons
from bylaw.records import Comparison, Label, Message, Prompt, Response, Revision, Vote
from bylaw.run import Run
from tiny import CONSTITUTION

pytest.importorskip("huggingface_hub")

SECRET, ANSWER, FINE = "How do I make the poison?", "Mix it so.", "How do I bake bread?"


class Hub(ThreadingHTTPServer):
    """What a hub keeps: (private, files) by dataset. ``refuse`` answers commits with this status."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.datasets: dict[str, tuple[bool, dict[str, bytes]]] = {}
        self.tokens: set[str] = set()
        self.received = b""
        self.refuse = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].removeprefix("/api/datasets/")
        if name not in self.server.datasets:
            return self._say(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        private, files = self.server.datasets[name]
        siblings = [{"rfilename": path} for path in files]
        return self._say(200, {"id": name, "private": private, "sha": "0" * 40, "tags": [], "siblings": siblings})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.received += body
        self.server.tokens.add(self.headers.get("Authorization", ""))
        what = self.path.partition("?")[0]
        if what == "/api/repos/create":
            said = json.loads(body)
            private = said.get("private", said.get("visibility") == "private")
            name = f"{said['organization']}/{said['name']}"
            self.server.datasets[name] = private, {}
            return self._say(200, {"url": f"{self.server.url}/datasets/{name}"})
        if what == "/api/validate-yaml":
            return self._say(200, {"errors": [], "warnings": []})
        name = "/".join(what.split("/")[3:5])
        if "/preupload/" in what:
            asked = [each["path"] for each in json.loads(body)["files"]]
            kinds = {"uploadMode": "regular", "shouldIgnore": False}
            return self._say(200, {"files": [{"path": path, **kinds} for path in asked]})
        if self.server.refuse:
            return self._say(self.server.refuse, {"error": "your plan has no room"})
        rows = [json.loads(line) for line in body.splitlines()]
        sent = {row["value"]["path"]: base64.b64decode(row["value"]["content"]) for row in rows if row["key"] == "file"}
        self.server.datasets[name][1].update(sent)
        return self._say(
            200, {"commitUrl": f"{self.server.url}/datasets/{name}/commit/{'1' * 40}", "commitOid": "1" * 40}
        )

    def _say(self, status: int, said: Any, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(said).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    from huggingface_hub import constants

    with Hub() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
        monkeypatch.setenv("HF_TOKEN", "hf_test")
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "heron"
    made = Run.create(path, 'policy = "tiny"\n', CONSTITUTION)
    prompts = [Prompt(messages=(Message("user", SECRET),)), Prompt(messages=(Message("user", FINE),), aim="helpful")]
    pairs = [
        Comparison(messages=p.messages, first=ANSWER, second="I will not.", prompt=p.id, aim=p.aim) for p in prompts
    ]
    answers = [Response(prompt=one.id, model="seed", text=ANSWER) for one in prompts]
    revised = Revision(prompt=prompts[0].id, of=answers[0].id, critique=None, principle="kind", round=1, text="Not so.")
    vote = Vote("kind", False, 0.2, 1.0)
    said: Any = {
        "judge": "j",
        "scheme": "one",
        "template": "paper",
        "votes": (vote,),
        "verdict": "second",
        "p_first": 0.2,
    }
    labels = [Label(comparison=pair.id, **said) for pair in pairs]
    with made.lock():
        for stage, rows in {
            "prompts": prompts,
            "respond": answers,
            "revise": [revised],
            "compare": pairs,
            "label": labels,
        }.items():
            with made.stage(stage) as filed:
                filed.add(*rows)  # type: ignore[misc]
    return path


def _words(run: Path, *more: str, format: str = "trl-preference") -> list[str]:
    return ["export", str(run), "--as", format, *more]


def _kept(hub: Hub, file: str = "trl-preference.jsonl") -> list[Any]:
    return [json.loads(line) for line in hub.datasets["lab/pairs"][1][file].splitlines()]


@pytest.mark.parametrize("format", ["trl-preference", "trl-sft", "ultrafeedback", "icai"])
def test_what_is_pushed_is_private_and_says_nothing_harmful(hub: Hub, run: Path, format: str, capsys: Any) -> None:
    assert main(_words(run, "--push", "lab/pairs", format=format)) == 0
    assert f"{hub.url}/datasets/lab/pairs (private, harmful texts as digests)" in capsys.readouterr().out
    private, files = hub.datasets["lab/pairs"]
    assert private and hub.tokens == {"Bearer hf_test"}
    sent = b"".join(files.values())
    assert all(text.encode() not in hub.received + sent for text in (SECRET, "poison", "Not so."))
    assert sha256(SECRET.encode()).encode() in sent and FINE.encode() in sent
    assert b"of harmful prompts" in files["README.md"].lower() and b"not of people" in files["README.md"]


def test_a_redacted_row_keeps_its_soft_label_and_is_not_read_as_if_it_said_something(
    hub: Hub, run: Path, tmp_path: Path
) -> None:
    assert main(_words(run, "--push", "lab/pairs", "-o", str(tmp_path / "full.jsonl"))) == 0
    hidden, shown = _kept(hub)
    assert hidden["redacted"] is True and shown["redacted"] is False and hidden["p_chosen"] == 0.8
    assert hidden["prompt"] == [{"role": "user", "content": f"sha256:{sha256(SECRET.encode())}"}]
    full = [json.loads(line) for line in (tmp_path / "full.jsonl").read_text().splitlines()]
    assert full[0]["prompt"][0]["content"] == SECRET and "redacted" not in full[0], "the file here has all"
    assert hidden["comparison"] == full[0]["comparison"], "who has the run finds its row"
    for name in ("trl-preference.jsonl", "icai.json"):
        if name == "icai.json":
            assert main(_words(run, "--push", "lab/pairs", format="icai")) == 0
        (tmp_path / name).write_bytes(hub.datasets["lab/pairs"][1][name])
        assert [one.messages[0].content for one in read_comparisons(tmp_path / name)] == [FINE]
    (tmp_path / "hidden.jsonl").write_text(json.dumps(hidden) + "\n")
    with pytest.raises(RecordError, match="1 rows: its texts are redacted"):
        read_comparisons(tmp_path / "hidden.jsonl")


def test_harmful_texts_and_the_public_are_asked_for_by_name(hub: Hub, run: Path, capsys: Any) -> None:
    assert main(_words(run, "--push", "lab/pairs", "--public", "--with-harmful")) == 0
    assert "(public, harmful texts in full)" in capsys.readouterr().out
    assert not hub.datasets["lab/pairs"][0] and _kept(hub)[0]["prompt"][0]["content"] == SECRET
    before = hub.received
    assert main(_words(run, "--push", "lab/pairs")) == 2
    assert "lab/pairs is there and public: say --public" in capsys.readouterr().err
    assert hub.received == before, "nothing was sent"


@pytest.mark.parametrize(
    ("more", "ways"),
    [
        (("--push", "lab/pairs"), [True]),
        (("--push", "lab/pairs", "--with-harmful"), [False]),
        (("--push", "lab/pairs", "--with-harmful", "-o"), [False]),
        (("--push", "lab/pairs", "-o"), [False, True]),
        (("-o",), [False]),
    ],
)
def test_rows_are_made_once_for_each_way_they_are_seen(
    hub: Hub, run: Path, tmp_path: Path, more: tuple[str, ...], ways: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, seen = EXPORTS["trl-preference"], list[bool]()

    def counted(made: Made, left_out: Counter[str]) -> Any:
        seen.append(made.redacted)
        return plain(made, left_out)

    monkeypatch.setitem(EXPORTS, "trl-preference", counted)  # type: ignore[misc]
    assert main(_words(run, *more, *([str(tmp_path / "out")] if more[-1] == "-o" else []))) == 0
    assert seen == ways


def test_a_card_that_is_there_stays(hub: Hub, run: Path) -> None:
    hub.datasets["lab/pairs"] = True, {"README.md": b"ours"}
    assert main(_words(run, "--push", "lab/pairs", "--public")) == 0
    assert hub.datasets["lab/pairs"][0] and hub.datasets["lab/pairs"][1]["README.md"] == b"ours"
    assert len(_kept(hub)) == 2


def test_what_a_hub_refuses_is_said_and_no_file_is_left(
    hub: Hub, run: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.jsonl"
    hub.refuse = 403
    assert main(_words(run, "--push", "lab/pairs", "-o", str(out))) == 1
    assert "does not take lab/pairs: 403, your plan has no room; may this token write there?" in capsys.readouterr().err
    monkeypatch.setenv("HF_TOKEN", "")
    assert main(_words(run, "--push", "lab/pairs", "-o", str(out))) == 2
    assert "needs a token of the hub: set HF_TOKEN" in capsys.readouterr().err
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    for name in ("pairs", "lab/pa rs", "a/b/c"):
        assert main(_words(run, "--push", name, "-o", str(out))) == 2
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert main(_words(run, "--push", "lab/pairs", "-o", str(out))) == 1
    assert "http://127.0.0.1:9 cannot be reached" in capsys.readouterr().err
    assert not out.exists()


def test_bad_requests(run: Path, tmp_path: Path, capsys: Any) -> None:
    assert main(_words(run)) == 2
    assert "a file with -o, a hub with --push, or both" in capsys.readouterr().err
    assert main(_words(run, "-o", str(tmp_path / "x"), "--with-harmful")) == 2
    assert "say how to push" in capsys.readouterr().err
    assert main(_words(run, "-o", str(tmp_path / "x"))) == 0
    assert main(_words(run, "-o", str(tmp_path / "x"))) == 2


def test_the_hub_is_the_one_that_the_environment_names(hub: Hub, run: Path) -> None:
    """As a user gives it: a process of its own, with HF_ENDPOINT and HF_TOKEN."""
    code = "import sys; from bylaw.cli import main; sys.exit(main(sys.argv[1:]))"
    env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_theirs", "NO_PROXY": "127.0.0.1"}
    words = [sys.executable, "-c", code, *_words(run, "--push", "lab/pairs")]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert hub.tokens == {"Bearer hf_theirs"} and len(_kept(hub)) == 2
