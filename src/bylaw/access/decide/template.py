"""A ruling written down for one subject: whose facts they are, with their evidence, and until when it holds."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time

import msgspec

from bylaw.access.decide.logic import Missing, Slot
from bylaw.access.decide.rulings import Reason, Ruling
from bylaw.access.decision import Decision, Finding, Request, Used
from bylaw.access.rules.bring import bring
from bylaw.access.subjects import Fact, FactName, Subject


class Frame(msgspec.Struct, frozen=True):
    """What is the same in all decisions of a policy: its id, its day, and the next instant at which it changes."""

    policy: str
    on: date
    until: datetime | None


class Template:
    """A ruling, ready to be written for anybody of its profile. What is the same for all of them is made once."""

    def __init__(self, ruling: Ruling, frame: Frame) -> None:
        self.ruling, self.frame = ruling, frame
        self._slots = tuple(dict.fromkeys(slot for reason in ruling.reasons for slot in reason.used))
        places = {slot: place for place, slot in enumerate(self._slots)}
        self._parts = [
            (reason, tuple(places[slot] for slot in reason.used)) for reason in map(_settled, ruling.reasons)
        ]

    def decision(self, subject: str, request: Request, register: Mapping[str, Subject]) -> Decision:
        """The decision about one subject, on its own facts."""
        known = register[subject].known
        used = [
            _used(slot, subject, request, register)
            if slot.through or slot.steps
            else Used(subject, slot.name, known.get(slot.name))
            for slot in self._slots
        ]
        return Decision(
            subject=subject,
            request=request,
            outcome=self.ruling.outcome,
            findings=tuple(
                [_finding(reason, places, used, subject, request, register) for reason, places in self._parts]
            ),
            policy=self.frame.policy,
            duties=self.ruling.duties,
            until=_horizon(self.frame, used),
        )


def _settled(reason: Reason) -> Reason:
    """The reason with how to settle it, if all that is missing is the subject's own: then its id is in no text."""
    if not reason.missing or any(each.slot.through or each.slot.steps for each in reason.missing):
        return reason
    settles = tuple((each.slot.name, bring(each.why, each.detail)) for each in reason.missing)
    return Reason(msgspec.structs.replace(reason.finding, settles=settles), reason.used)


def _finding(
    reason: Reason,
    places: Sequence[int],
    used: Sequence[Used],
    subject: str,
    request: Request,
    register: Mapping[str, Subject],
) -> Finding:
    """The finding about one subject; the same for all of the profile where it rests on no fact."""
    if not places and not reason.missing:
        return reason.finding
    looked_at = tuple([used[place] for place in places])
    if not reason.missing:
        return msgspec.structs.replace(reason.finding, used=looked_at)
    settles = tuple([_settles(each, subject, request, register) for each in reason.missing])
    return msgspec.structs.replace(reason.finding, used=looked_at, settles=settles)


def _owner(slot: Slot, subject: str, request: Request, register: Mapping[str, Subject]) -> str:
    """The id of whom a slot is about: from link to link."""
    id = request.channel if slot.through else subject
    for name, place in slot.steps:
        id = (register[id].values(name) or ())[place].text
    return id


def _used(slot: Slot, subject: str, request: Request, register: Mapping[str, Subject]) -> Used:
    id = _owner(slot, subject, request, register)
    found = register.get(id)
    return Used(id, slot.name, found.known.get(slot.name) if found is not None else None)


def _settles(missing: Missing, subject: str, request: Request, register: Mapping[str, Subject]) -> tuple[FactName, str]:
    """The fact, and how to bring it; of another subject than the one decided about, with its id."""
    id = _owner(missing.slot, subject, request, register)
    text = bring(missing.why, missing.detail)
    return missing.slot.name, text if id == subject else f"of {id or 'the channel'}: {text}"


def _horizon(frame: Frame, used: Sequence[Used]) -> datetime | None:
    """The first instant at which a rule, a list or a fact that was looked at begins or ends."""
    first = date.max
    for each in used:
        if each.said is not None:
            first = min(first, _change(each.said.fact, frame.on))
            for fact in each.said.against:
                first = min(first, _change(fact, frame.on))
    if first == date.max:
        return frame.until
    instant = datetime.combine(first, time(), UTC)
    return instant if frame.until is None or instant < frame.until else frame.until


def _change(fact: Fact, on: date) -> date:
    """The first day after ``on`` on which a fact no longer says the same."""
    days = [fact.expires] if fact.expires is not None and fact.expires > on else []
    for value in fact.values or ():
        since, until = value.since, value.until
        if since is not None and since > on:
            days.append(since)
        if until is not None and until > on:
            days.append(until)
    return min(days) if days else date.max
