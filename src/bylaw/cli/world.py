"""What ``bylaw serve`` has behind it where nothing is configured: the wind tunnel's model, and an office to try."""

import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bylaw import storage
from bylaw.cli.office import now
from bylaw.errors import MissingExtra

if TYPE_CHECKING:
    from bylaw.access.office.place import Office
    from bylaw.access.subjects import Value
    from bylaw.gateway.settings import Place
    from bylaw.gateway.state import State

NAME = "windtunnel"
SORTS = ("citizen of the United States", "foreign", "unknown")
ASK = "What should I know before I start keeping bees?"


def before_the_world(place: "Place") -> "tuple[Place, Mapping[str, Sequence[str]]]":
    """The settings with a model behind every name that the office decides about, in a file; and the model's command.

    Raises ``MissingExtra``.
    """
    from bylaw.access.office.place import Office
    from bylaw.cli.answer import newest
    from bylaw.gateway.settings import ModelSettings, Place, UpstreamSettings
    from bylaw.settings import dumps

    _check_speaks()
    office, socket = Office.open(place.office), place.state / "model.sock"
    place.state.mkdir(parents=True, exist_ok=True)
    settings = msgspec.structs.replace(
        place.absolute(),
        upstream={NAME: UpstreamSettings(url=f"unix:{socket}")},
        model={name: ModelSettings(upstream=NAME) for name in office.settings.models},
    )
    path = place.state / "served.toml"
    storage.write_text(path, dumps(settings))
    socket.unlink(missing_ok=True)
    model = newest()
    named = ", ".join(office.settings.models)
    print(f"No upstream is configured: {model} is loaded, and answers as {named}", file=sys.stderr)
    return Place.read(path), {"model": [sys.executable, "-m", "bylaw.cli.answer", str(model), str(socket)]}


def demo(path: Path) -> "Place":
    """An office to practise in beside the settings at ``path``, made once, with a key for somebody of each sort.

    Raises ``MissingExtra``.
    """
    from bylaw.access.office.place import Office
    from bylaw.cli.practice import APPROVERS, make
    from bylaw.gateway.admin.settings import ConsoleSettings, SignsSettings
    from bylaw.gateway.settings import GatewaySettings, Place
    from bylaw.gateway.state import State
    from bylaw.lineage.lab import Lab
    from bylaw.settings import dumps

    if not path.exists():
        _check_speaks()
        make(path.parent / "access", Lab.open(path.parent / "home"), 1000, 1, now())
        signs = {name: SignsSettings(approver=name, key=f"access/practice-keys/{name}.pem") for name in APPROVERS}
        settings = GatewaySettings(office="access", home="home", console=ConsoleSettings(signs=signs))
        storage.write_text(path, dumps(settings))
        print("# Two people for the console on the admin port:")
        for name in APPROVERS:
            print(f"bylaw console account add {name} --role operator --gateway {path}")
    place = Place.read(path)
    state = State(place)
    if not state.keys.valid():
        _issue(Office.open(place.office), state, place)
    return place


def _check_speaks() -> None:
    """The model is a process of its own: that it cannot be loaded is told here, before anything is made for it."""
    if find_spec("torch") is None:
        raise MissingExtra("torch", "train")


def _issue(office: "Office", state: "State", place: "Place") -> None:
    """Keys of a citizen, a foreigner and somebody of whom too little is known, each with a command to try."""
    from bylaw.gateway.caller.keys import Key

    at, listen = now(), place.settings.listen
    model = office.settings.models[0]
    for sort, subject in sorts(office).items():
        key = state.keys.issue(Key(subject=subject), at)
        body = f'{{"model": "{model}", "messages": [{{"role": "user", "content": "{ASK}"}}]}}'
        print(f"# {sort}: {subject}")
        print(f"curl -s http://{listen.host}:{listen.port}/v1/chat/completions -H 'content-type: application/json' \\")
        print(f"  -H 'authorization: Bearer {key}' -d '{body}'")


def sorts(office: "Office") -> dict[str, str]:
    """One subject of each sort, as the register knows them."""
    found: dict[str, str] = {}
    for id, subject in office.register(now()).items():
        if subject.kind == "person":
            said = [subject.values(name) for name in ("citizenship", "permanent_residency", "protected")]
            found.setdefault(_sort(said), id)
    return {sort: found[sort] for sort in SORTS if sort in found}


def _sort(said: "list[tuple[Value, ...] | None]") -> str:
    """Of a person, by what is known of citizenship, residence for good and protection: whoever has one of these of the
    United States is no foreigner to an order, and nobody is one while something is not known.
    """
    own = [values is not None and any(each.text == "us" for each in values) for values in said]
    if any(own):
        return SORTS[0] if own[0] else ""
    return SORTS[1] if None not in said else SORTS[2]
