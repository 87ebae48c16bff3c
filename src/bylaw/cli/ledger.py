"""``bylaw ledger``: init, append, checkpoint, prove, witness, monitor."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bylaw import storage
from bylaw.errors import MalformedError, UsageError, VerificationError

if TYPE_CHECKING:
    from bylaw.ledger.policy import Policy
    from bylaw.signing import Signer

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_BATCH = 1000
_STORE = "the log: its directory, or the http(s) or fsspec URL where it is served"


def register(subparsers: "Subparsers") -> None:
    """Add the verb and its six subcommands."""
    about = "an append-only log that others can check: write it, witness it, follow it"
    verbs = subparsers.add_parser("ledger", help=about, description=about).add_subparsers(
        required=True, metavar="COMMAND"
    )
    for add in (_add_init, _add_append, _add_checkpoint, _add_prove, _add_witness, _add_monitor):
        add(verbs)


def _add_init(verbs: "Subparsers") -> None:
    about = "make an empty log and sign its first checkpoint; prints the key that readers check it with"
    parser = verbs.add_parser("init", help=about, description=about)
    parser.add_argument("log", metavar="LOG", type=Path, help="a new directory")
    parser.add_argument(
        "--origin", metavar="NAME", required=True, help="the log's name: where it will be served, without https://"
    )
    _add_key(parser)
    parser.set_defaults(run=run_init)


def _add_append(verbs: "Subparsers") -> None:
    about = "enter entries; prints the index and the leaf hash of each"
    parser = verbs.add_parser("append", help=about, description=about)
    parser.add_argument("log", metavar="LOG", type=Path, help="the log's directory")
    parser.add_argument("files", metavar="FILE", nargs="+", help="entries in JSON, one a line; - is stdin")
    parser.add_argument("--raw", action="store_true", help="the bytes of each FILE are one entry, whatever they are")
    parser.add_argument("--no-sync", action="store_true", help="return before the disk has it; see docs/ledger.md")
    parser.set_defaults(run=run_append)


def _add_checkpoint(verbs: "Subparsers") -> None:
    about = "sign the log as it is now, or add cosignatures; prints the checkpoint"
    parser = verbs.add_parser("checkpoint", help=about, description=about)
    parser.add_argument("log", metavar="LOG", type=Path, help="the log's directory")
    _add_key(parser)
    parser.add_argument(
        "--cosignature",
        metavar="FILE",
        nargs="+",
        default=[],
        help="add what a witness gave (- is stdin); signs nothing new",
    )
    parser.add_argument("--publish", metavar="URL", help="then copy what is new to this fsspec URL")
    parser.set_defaults(run=run_checkpoint)


def _add_prove(verbs: "Subparsers") -> None:
    about = "write the proof (.tlog-proof) that an entry is in the log, to be checked offline"
    parser = verbs.add_parser("prove", help=about, description=about)
    parser.add_argument("log", metavar="LOG", help=_STORE)
    parser.add_argument("index", metavar="INDEX", type=int, help="the entry's number, from 0")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write here (default: print)")
    parser.add_argument("--entry", metavar="FILE", type=Path, help="write the entry's bytes here")
    parser.set_defaults(run=run_prove)


def _add_witness(verbs: "Subparsers") -> None:
    about = "cosign a log's checkpoint if the log only grew since the last time; prints the cosignature"
    parser = verbs.add_parser("witness", help=about, description=about)
    parser.add_argument("log", metavar="LOG", help=_STORE)
    parser.add_argument("--name", required=True, help="the witness's name")
    parser.add_argument("--log-key", metavar="VKEY", required=True, help="the log's key, from a source of your own")
    parser.add_argument("--state", metavar="DIR", type=Path, required=True, help="what the witness remembers")
    parser.add_argument("--show-key", action="store_true", help="print the witness's own key for policies, and end")
    _add_key(parser)
    parser.set_defaults(run=run_witness)


def _add_monitor(verbs: "Subparsers") -> None:
    about = "check a log's new checkpoint and hash all entries that are new; exit code 4 if anything does not fit"
    parser = verbs.add_parser("monitor", help=about, description=about)
    parser.add_argument("log", metavar="LOG", help=_STORE)
    parser.add_argument("--state", metavar="DIR", type=Path, required=True, help="what the monitor remembers")
    trust = parser.add_mutually_exclusive_group(required=True)
    trust.add_argument("--log-key", metavar="VKEY", help="the log's key, from a source of your own")
    trust.add_argument("--policy", metavar="FILE", type=Path, help="a tlog-policy file: logs, witnesses, quorum")
    parser.add_argument("--follow", metavar="SECONDS", type=float, help="look again and again, this far apart")
    parser.add_argument("--entries", action="store_true", help="print every new entry: index, kind, bytes")
    parser.set_defaults(run=run_monitor)


def _add_key(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the key that signs (Ed25519)")
    group.add_argument("--key", metavar="FILE", type=Path, help="a private key in PEM, kept outside the log")
    group.add_argument("--new-key", action="store_true", help="make the key FILE first, and FILE.pub")
    group.add_argument("--key-command", metavar="COMMAND", help="signs instead: message on stdin, signature on stdout")
    group.add_argument("--public-key", metavar="FILE", type=Path, help="the public key (PEM) of COMMAND")


def run_init(args: argparse.Namespace) -> int:
    """Make the log."""
    from bylaw.ledger.log import Log

    signer = _signer(args)
    vkey = Log.create(args.log, args.origin, signer.public)
    with Log.open(args.log) as log:
        log.checkpoint(signer)
    print(vkey)
    return 0


def run_append(args: argparse.Namespace) -> int:
    """Enter what the files hold, in batches."""
    from bylaw.ledger.log import Log
    from bylaw.ledger.merkle import leaf_hash

    with Log.open(args.log, sync=not args.no_sync) as log:
        _say_repaired(log.repaired)
        for batch in _batches(_raw(args.files) if args.raw else _typed(args.files)):
            for index, entry in zip(log.append(batch), batch, strict=True):
                print(index, leaf_hash(entry).hex(), sep="\t")
    return 0


def run_checkpoint(args: argparse.Namespace) -> int:
    """Sign, or add cosignatures, and publish."""
    from bylaw.ledger.log import Log
    from bylaw.ledger.publish import publish

    with Log.open(args.log) as log:
        _say_repaired(log.repaired)
        if args.cosignature:
            note = log.cosign("".join(_text(file) for file in args.cosignature))
        else:
            note = log.checkpoint(_signer(args))
        if args.publish:
            count = publish(args.log, log.vkey, args.publish)
            print(f"{count} files copied to {args.publish}", file=sys.stderr)
    print(note.decode(), end="")
    return 0


def run_prove(args: argparse.Namespace) -> int:
    """Write one proof."""
    from bylaw.ledger.proof import prove
    from bylaw.ledger.stores import open_store

    proof, entry = prove(open_store(args.log), args.index)
    if args.entry:
        storage.write_bytes(args.entry, entry)
    if args.output:
        storage.write_bytes(args.output, bytes(proof))
    else:
        print(bytes(proof).decode(), end="")
    return 0


def run_witness(args: argparse.Namespace) -> int:
    """Cosign once."""
    from bylaw.ledger.note import Vkey
    from bylaw.ledger.stores import open_store
    from bylaw.ledger.witness import Witness

    witness = Witness(args.name, _signer(args), (Vkey.parse(args.log_key),), args.state)
    print(witness.vkey if args.show_key else witness.look(open_store(args.log), int(time.time())).rstrip("\n"))
    return 0


def run_monitor(args: argparse.Namespace) -> int:
    """Look once, or until stopped."""
    from bylaw.ledger.entries import kind_of
    from bylaw.ledger.monitor import Monitor
    from bylaw.ledger.stores import open_store

    monitor = Monitor(open_store(args.log), _policy(args), args.state)
    while True:
        kinds: Counter[str] = Counter()

        def note(index: int, entry: bytes, kinds: Counter[str] = kinds) -> None:
            kinds[kind_of(entry)] += 1
            if args.entries:
                print(index, kind_of(entry), ascii(entry.decode(errors="replace")), sep="\t")

        sight = monitor.look(note)
        new, witnesses = sight.verdict.checkpoint, sight.verdict.witnesses
        what = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "nothing new"
        print(f"{new}: grew from {sight.old.size}; {what}; {len(witnesses)} witnesses", flush=True)
        if args.follow is None:
            return 0
        time.sleep(args.follow)


def _signer(args: argparse.Namespace) -> "Signer":
    from bylaw import signing

    outside = [Path(args.log)] if "://" not in str(args.log) else []
    if args.new_key:
        if args.key is None:
            raise UsageError("--new-key needs --key FILE, the place of the new key")
        signing.refuse_inside(args.key, outside)
        signing.LocalSigner.generate().save(args.key)
    return signing.open_signer(args.key, command=args.key_command, public=args.public_key, outside=outside)


def _policy(args: argparse.Namespace) -> "Policy":
    from bylaw.ledger.note import Vkey
    from bylaw.ledger.policy import Policy

    return Policy.load(args.policy) if args.policy else Policy.unwitnessed(Vkey.parse(args.log_key))


def _typed(files: list[str]) -> Iterator[bytes]:
    """The entries in the files' lines, each in its one form."""
    import msgspec

    from bylaw.ledger.entries import AnyEntry, encode

    decoder = msgspec.json.Decoder(AnyEntry)
    for file in files:
        for number, line in enumerate(_text(file).splitlines(), 1):
            try:
                if line.strip():
                    yield encode(decoder.decode(line))
            except (msgspec.DecodeError, VerificationError) as error:
                raise UsageError(f"{file}:{number}: this is no entry: {error}") from error


def _raw(files: list[str]) -> Iterator[bytes]:
    for file in files:
        yield _bytes(file)


def _batches(entries: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _text(file: str) -> str:
    try:
        return _bytes(file).decode()
    except UnicodeDecodeError as error:
        raise MalformedError("text", f"{file} is not UTF-8: {error}") from error


def _bytes(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error


def _say_repaired(dropped: int) -> None:
    if dropped:
        print(f"cut off {dropped} bytes of an append that never returned", file=sys.stderr)
