"""A predicate about a profile: one short function a predicate, all in ``EVALUATE``."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bylaw.access.decide.logic import NO, YES, Missing, Verdict, agreed, all_of, any_of, negated
from bylaw.access.decide.needs import NAMES, Mark
from bylaw.access.decide.profile import request_country, same_country
from bylaw.access.decide.scene import Scene, Source
from bylaw.access.decision import Answer
from bylaw.access.rules import predicates as p
from bylaw.access.subjects import GRADES, FactName, SubjectKind


def evaluate(predicate: p.Predicate, scene: Scene) -> Verdict:
    """The answer, with everything it rests on."""
    return EVALUATE[type(predicate)](predicate, scene)


Evaluator = Callable[[Any, Scene], Verdict]
LINKS: Mapping[SubjectKind, FactName] = {"service": "responsible", "channel": "operator"}
"""The fact that leads to who stands behind a subject."""


def _behind(evaluator: Evaluator) -> Evaluator:
    """Of a service account, ask about its responsible person; of a channel, about its operator."""

    def asked(predicate: Any, scene: Scene) -> Verdict:
        link = LINKS.get(scene.view.kind)
        return _linked(link, scene, lambda behind: asked(predicate, behind)) if link else evaluator(predicate, scene)

    return asked


def _linked(link: FactName, scene: Scene, ask: Callable[[Scene], Verdict]) -> Verdict:
    if not scene.hops:
        return scene.unknown(link, "circle")
    behind = _leads(link, scene)
    if not behind:
        return scene.unknown(link)
    return _by(link, scene, any_of([ask(each) for each in behind]))


def _by(name: FactName, scene: Scene, found: Verdict) -> Verdict:
    """An answer that rests on the fact that led to it, too."""
    return msgspec.structs.replace(found, used=(scene.slot(name), *found.used))


def _leads(link: FactName, scene: Scene) -> list[Scene]:
    """Whom a fact surely leads to; nobody where that is not known."""
    places = [place for place, seen in enumerate(scene.values(link) or ()) if seen.tense == "now"]
    return [at for place in places if scene.hops and (at := scene.step(link, place, scene.hops - 1))]


def _countries(scene: Scene, name: FactName, countries: tuple[str, ...], past: bool = False) -> Verdict:
    """Whether a value in force (with ``past``: or before) is one of these countries."""
    values = scene.values(name)
    if values is None:
        return scene.unknown(name)
    counted = [seen for seen in values if seen.tense == "now" or (past and seen.tense == "past")]
    answers = {same_country(seen.text, countries) for seen in counted}
    if "yes" in answers:
        return scene.said(name, "yes")
    return scene.unknown(name) if "unknown" in answers else scene.said(name, "no")


def _foreign_person(predicate: p.ForeignPerson, scene: Scene) -> Verdict:
    country = (predicate.country,)
    if scene.view.kind == "organization":
        return negated(_countries(scene, "incorporation", country))
    names: tuple[FactName, ...] = ("citizenship", "permanent_residency", "protected")
    return negated(any_of([_countries(scene, name, country) for name in names]))


def _citizenship(predicate: p.Citizenship, scene: Scene) -> Verdict:
    if scene.view.kind != "person":
        return NO
    if predicate.which == "current":
        return _countries(scene, "citizenship", predicate.countries)
    if predicate.which == "ever":
        held = _countries(scene, "citizenship", predicate.countries, past=True)
        return any_of([held, _countries(scene, "permanent_residency", predicate.countries)])
    return _latest(predicate, scene)


def _latest(predicate: p.Citizenship, scene: Scene) -> Verdict:
    """One of several possible countries: unknown unless all of them, or none, are in question."""
    used = (scene.slot("citizenship"), scene.slot("permanent_residency"))
    latest = scene.view.latest
    if latest is None or latest.grade < scene.grade:
        names: tuple[FactName, ...] = ("citizenship", "permanent_residency")
        missing = tuple(Missing(scene.slot(name), name) for name in names if scene.values(name) is None)
        return Verdict(answer="unknown", used=used, missing=missing)
    answers = {same_country(seen.text, predicate.countries) for seen in latest.values} or {"no"}
    if len(answers) > 1 or "unknown" in answers:
        return Verdict(answer="unknown", used=used, missing=tuple(Missing(slot, "since") for slot in used))
    return Verdict(answer="yes" if "yes" in answers else "no", used=used)


def _of(kind: str) -> Evaluator:
    """A predicate about one fact whose values are countries, said of subjects of one kind."""

    def asked(predicate: Any, scene: Scene) -> Verdict:
        if scene.view.kind != kind:
            return NO
        return _countries(scene, NAMES[type(predicate)], predicate.countries)

    return asked


def _location(predicate: p.Location, scene: Scene) -> Verdict:
    """By the request, if it is the subject's own, and by the fact."""
    values = scene.values("location")
    fact = NO if values is None else _countries(scene, "location", predicate.countries)
    own = scene.request.location if not scene.steps and not scene.through else ""
    if not own:
        return scene.unknown("location") if values is None else fact
    request = Verdict(answer=same_country(request_country(own), predicate.countries))
    if values is None:
        return scene.unknown("location") if request.answer == "unknown" else request
    return agreed([request, fact])


def _parent_headquarters(predicate: p.ParentHeadquarters, scene: Scene) -> Verdict:
    if scene.view.kind != "organization":
        return NO
    values = scene.values("ultimate_parent")
    if values is None:
        return scene.unknown("ultimate_parent")
    places = [place for place, seen in enumerate(values) if seen.tense == "now"]
    if not places:
        return _by("ultimate_parent", scene, _countries(scene, "headquarters", predicate.countries))
    parents = [scene.step("ultimate_parent", place) for place in places]
    asked = [_countries(each, "headquarters", predicate.countries) for each in parents if each is not None]
    return _by("ultimate_parent", scene, any_of(asked))


def _employer(predicate: p.Employer, scene: Scene) -> Verdict:
    if scene.view.kind != "person":
        return NO
    values = scene.values("employer")
    if values is None:
        return scene.unknown("employer")
    asked = [_employed(predicate, scene, place) for place, seen in enumerate(values) if seen.tense == "now"]
    return _by("employer", scene, any_of(asked))


def _employed(predicate: p.Employer, scene: Scene, place: int) -> Verdict:
    seen, at = (scene.values("employer") or ())[place], scene.step("employer", place)
    who = scene.unknown("employer") if at is None else evaluate(predicate.who, at)
    if predicate.role == "any" or seen.detail == predicate.role:
        return who
    return all_of([who, scene.said("employer", "no") if seen.detail else scene.unknown("employer", "role")])


def _owned(predicate: p.Owned, scene: Scene) -> Verdict:
    if scene.view.kind != "organization":
        return NO
    mark: Mark = ("owned", predicate.rule)
    answers: dict[str, Answer] = {"blocked": "yes", "clear": "no"}
    answer = answers.get(scene.view.marks.get(mark, ""), "unknown")
    return _sourced(scene, mark, answer, "owner", "owner")


def _listed(predicate: p.Listed, scene: Scene) -> Verdict:
    answers: dict[str, Answer] = {"confirmed": "yes", "open": "unknown", "unscreened": "unknown"}
    found = []
    for name in predicate.lists:
        mark: Mark = ("list", name)
        hit = scene.view.marks.get(mark, "")
        found.append(_sourced(scene, mark, answers.get(hit, "no"), "name", hit))
    return any_of(found)


def _sourced(scene: Scene, mark: Mark, answer: Answer, name: FactName, why: str) -> Verdict:
    """An answer from outside. A source that is missing or stale proves nothing, but for ``stale_hits``."""
    source = scene.sources.get(mark) or Source(f"{mark[1]}@none", f"{mark[1]} was not given")
    if source.fault and not (answer == "yes" and scene.stale_hits):
        return Verdict(answer="unknown", lists=(source.label,), faults=(source.fault,))
    missing = (Missing(scene.slot(name), why, str(mark[1])),) if answer == "unknown" else ()
    return Verdict(answer=answer, lists=(source.label,), missing=missing)


def _or_behind(evaluator: Evaluator) -> Evaluator:
    """A service account or channel is meant if itself is, or who stands behind it."""

    def asked(predicate: Any, scene: Scene) -> Verdict:
        own, link = evaluator(predicate, scene), LINKS.get(scene.view.kind)
        if link is None or own.answer == "yes":
            return own
        return any_of([own, _linked(link, scene, lambda behind: asked(predicate, behind))])

    return asked


def _subjects(predicate: p.Subjects, scene: Scene) -> Verdict:
    return YES if ("ids", predicate.ids) in scene.view.marks else NO


def _channel(predicate: p.Channel, scene: Scene) -> Verdict:
    at = scene if scene.view.kind == "channel" else scene.by_channel()
    values = at.values("channel") if at else None
    if at is None or values is None:
        return (at or scene.at_channel).unknown("channel")
    now = {seen.text for seen in values if seen.tense == "now"}
    return at.said("channel", "yes" if now & set(predicate.channels) else "no")


def _through(predicate: p.Through, scene: Scene) -> Verdict:
    at = scene.by_channel()
    if at is None:
        return scene.at_channel.unknown("channel")
    return evaluate(predicate.who, at)


def _eligible(predicate: p.Eligible, scene: Scene) -> Verdict:
    """By the subject's own assertion; of a service account or channel, also by that of who stands behind it."""
    values, link = scene.values("eligible"), LINKS.get(scene.view.kind)
    said = {seen.detail for seen in values or () if seen.text == predicate.directive and seen.tense == "now"}
    own = scene.unknown("eligible", "", predicate.directive)
    if said in ({"yes"}, {"no"}):
        own = scene.said("eligible", "yes" if said == {"yes"} else "no")
    return agreed([own, _linked(link, scene, lambda behind: _eligible(predicate, behind))]) if link else own


def _limb(predicate: p.Limb, scene: Scene) -> Verdict:
    found = evaluate(predicate.of, scene)
    clause = predicate.citation or predicate.name
    return msgspec.structs.replace(found, clauses=(clause, *found.clauses))


def _evidence(predicate: p.Evidence, scene: Scene) -> Verdict:
    grade = max(scene.grade, GRADES[predicate.at_least])
    return evaluate(predicate.of, msgspec.structs.replace(scene, grade=grade))


def _many(together: Callable[[list[Verdict]], Verdict]) -> Evaluator:
    return lambda predicate, scene: together([evaluate(each, scene) for each in predicate.of])


EVALUATE: Mapping[type, Evaluator] = {
    p.AllOf: _many(all_of),
    p.AnyOf: _many(any_of),
    p.Agree: _many(agreed),
    p.Not: lambda predicate, scene: negated(evaluate(predicate.of, scene)),
    p.Limb: _limb,
    p.Evidence: _evidence,
    p.Anyone: lambda predicate, scene: YES,
    p.ForeignPerson: _behind(_foreign_person),
    p.Citizenship: _behind(_citizenship),
    p.PermanentResidency: _behind(_of("person")),
    p.Protected: _behind(_of("person")),
    p.Residence: _behind(_of("person")),
    p.Location: _location,
    p.Incorporation: _behind(_of("organization")),
    p.Headquarters: _behind(_of("organization")),
    p.ParentHeadquarters: _behind(_parent_headquarters),
    p.Employer: _behind(_employer),
    p.Owned: _behind(_owned),
    p.Listed: _or_behind(_listed),
    p.Subjects: _or_behind(_subjects),
    p.Annex: _or_behind(_subjects),  # an annex is replaced by its subjects when rules are compiled
    p.Kind: lambda predicate, scene: YES if scene.view.kind in predicate.kinds else NO,
    p.Channel: _channel,
    p.Through: _through,
    p.Eligible: _eligible,
}
