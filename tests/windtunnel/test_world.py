"""The world is large enough, and nothing held out ever reaches the seed model's corpus."""

import itertools
import re
from collections.abc import Iterator
from functools import cache
from random import Random

import pytest

from bylaw.windtunnel import grammar, wording
from bylaw.windtunnel.principles import LONGEST
from bylaw.windtunnel.schooling.corpus import TASKS, Corpus
from bylaw.windtunnel.schooling.samples import sample_texts
from bylaw.windtunnel.schooling.schedule import MIXTURE
from bylaw.windtunnel.topics import BENIGN, FIRST_NAMES, HARM, LAST_NAMES, LOOKALIKE_OF, PLAIN, TOPICS

MILLION = 10**6
FIRST, LAST = range(len(FIRST_NAMES)), range(len(LAST_NAMES))
TABLES = [value for value in vars(wording).values() if isinstance(value, wording.Wordings)]

EVERY_TASK = dict.fromkeys(TASKS, 0.02) | MIXTURE


class _Words:
    """A tokenizer that can be undone: one id for each word, space and mark."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self.pieces: list[str] = []

    def convert_tokens_to_ids(self, piece: str) -> int:
        if piece not in self._ids:
            self._ids[piece] = len(self.pieces)
            self.pieces.append(piece)
        return self._ids[piece]

    def encode(self, text: str, add_special_tokens: bool) -> list[int]:
        assert not add_special_tokens
        return [self.convert_tokens_to_ids(piece) for piece in re.findall(r"\w+|\W", text)]


def _lesson_texts(seed: int) -> Iterator[str]:
    words = _Words()
    corpus = Corpus(words)
    for number in itertools.count(seed):
        for lesson in corpus.draw(f"lessons {number}", 4000, EVERY_TASK, LONGEST):
            for tokens in (lesson.tree.stem, *lesson.tree.branches):
                yield "".join(words.pieces[token] for token in tokens)


@cache
def _corpus(count: int = 40_000) -> str:
    texts = _lesson_texts(seed=5)
    return "\n".join([*(next(texts) for _ in range(count)), *sample_texts(Random(5), 50)])


@cache
def _names(held_out: bool) -> set[str]:
    return {f"{FIRST_NAMES[i]} {LAST_NAMES[j]}" for i in FIRST for j in LAST if grammar.held_out_name(i, j) == held_out}


def _pairs(topic: str, held_out: bool) -> set[str]:
    subject = TOPICS[topic]
    return {
        f"{verb} {item} {subject.relation} "
        for i, verb in enumerate(subject.verbs)
        for j, item in enumerate(subject.objects)
        if grammar.held_out_pair(i, j) == held_out
    }


def _mentions(topic: str, held_out: bool) -> set[str]:
    subject = TOPICS[topic]
    return {
        f"{doing} {things}"
        for i, doing in enumerate(subject.doing)
        for j, things in enumerate(subject.things)
        if ((i + j) % 4 == 0) == held_out
    }


def _seen(phrases: set[str]) -> set[str]:
    return {phrase for phrase in phrases if f" {phrase}" in _corpus()}


def _single_turns(topics: tuple[str, ...], held_out: bool) -> int:
    ways = len(wording.REQUESTS.of(held_out)) * len(set(wording.GREETINGS.of(held_out)))
    return sum(len(_pairs(topic, held_out)) for topic in topics) * len(_names(held_out)) * ways


def test_families() -> None:
    assert len(HARM) == 8
    assert len(BENIGN) == 14
    assert set(HARM) | set(BENIGN) == set(TOPICS)
    assert set(LOOKALIKE_OF.values()) == set(HARM)
    assert not set(LOOKALIKE_OF) & set(PLAIN)


@pytest.mark.parametrize("topics", [HARM, BENIGN], ids=["harmful", "benign"])
def test_more_than_a_million_prompts(topics: tuple[str, ...]) -> None:
    assert _single_turns(topics, held_out=False) > MILLION
    # Held out: alone, after small talk, and after an answered request of another topic (whatever the answer).
    single = _single_turns(topics, held_out=True)
    others = min(_single_turns((topic,), held_out=True) for topic in TOPICS) * (len(TOPICS) - 1)
    assert single * (1 + len(wording.SMALL_TALK_HELD_OUT) + others) > MILLION


@pytest.mark.parametrize("topics", [HARM, BENIGN], ids=["harmful", "benign"])
def test_a_million_shows_in_samples(topics: tuple[str, ...]) -> None:
    """Of only 10⁶ equally likely prompts, n draws would repeat about n²/2·10⁶ times; these repeat less."""
    rng, count = Random(3), 10_000
    drawn = set()
    for _ in range(count):
        drawn.add(grammar.conversation(rng, grammar.draw_goal(rng, rng.choice(topics)), multi_turn=0))
    assert count - len(drawn) < count**2 / (2 * MILLION)


def test_held_out_names_never_occur() -> None:
    found = set(re.findall(r"\b[A-Z]\w+ [A-Z]\w+\b", _corpus()))
    assert found & _names(held_out=True) == set()
    assert len(found & _names(held_out=False)) > len(_names(held_out=False)) * 0.8


@pytest.mark.parametrize("topic", TOPICS)
def test_held_out_pairs_never_occur(topic: str) -> None:
    assert _seen(_pairs(topic, held_out=True)) == set()
    assert _seen(_pairs(topic, held_out=False)) == _pairs(topic, held_out=False)


@pytest.mark.parametrize("topic", TOPICS)
def test_held_out_mentions_never_occur(topic: str) -> None:
    assert _seen(_mentions(topic, held_out=True)) == set()
    assert _seen(_mentions(topic, held_out=False)) == _mentions(topic, held_out=False)


def _fixed_parts(template: str) -> re.Pattern[str]:
    """A template with any words in its slot."""
    return re.compile(r"[a-z][^.?!:|]*?".join(re.escape(piece) for piece in re.split(r"\{\w+\}", template)))


HELD_OUT = [part for table in TABLES for part in table.held_out if isinstance(part, str) and part]


@pytest.mark.parametrize("template", HELD_OUT)
def test_held_out_wordings_never_occur(template: str) -> None:
    assert _fixed_parts(template).search(_corpus()) is None


def test_training_wordings_all_occur() -> None:
    """The same search finds every wording that is not held out, so finding none means something."""
    parts = [part for table in TABLES for part in table.train if isinstance(part, str)]
    assert [part for part in parts if not _fixed_parts(part).search(_corpus())] == []


def test_held_out_small_talk_never_occurs() -> None:
    assert [said for said, _ in wording.SMALL_TALK_HELD_OUT if said in _corpus()] == []
    assert [said for said, _ in wording.SMALL_TALK if said not in _corpus()] == []


def test_every_training_word_is_seen() -> None:
    subject_words = " ".join(_strings([tuple(TOPICS.values()), FIRST_NAMES, LAST_NAMES]))
    fixed = [table.train for table in TABLES]
    held_out = wording.SMALL_TALK_HELD_OUT
    fixed += [value for value in vars(wording).values() if type(value) is tuple and value is not held_out]
    said = " ".join(re.sub(r"\{\w+\}", "", part) for part in _strings(fixed))
    wanted = set(re.findall(r"\w+", f"{subject_words} {said}".lower()))
    assert wanted - set(re.findall(r"\w+", _corpus().lower())) == set()


def test_held_out_wordings_use_words_that_training_says() -> None:
    """An untrained word vector would be noise: held out is how a thing is said, not the words it is said in."""
    held_out = " ".join(_strings([[table.held_out for table in TABLES], wording.SMALL_TALK_HELD_OUT]))
    words = set(re.findall(r"\w+", re.sub(r"\{\w+\}", "", held_out)))
    assert words - set(re.findall(r"\w+", _corpus())) == set()


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)


@pytest.mark.parametrize("topic", TOPICS)
def test_held_out_prompts_are_held_out(topic: str) -> None:
    """Name, verb-object pair, template and greeting of the request: all four from the held-out part."""
    rng = Random(9)
    for _ in range(50):
        asked = grammar.conversation(rng, grammar.draw_goal(rng, topic, True), True)[-1].content
        assert any(name in asked for name in _names(held_out=True))
        assert any(f" {pair}" in asked for pair in _pairs(topic, held_out=True))
        assert any(_fixed_parts(template).search(asked) for template in wording.REQUESTS.held_out)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_goal_among_another_topics_words_differs_in_those_alone(topic: str) -> None:
    rng = Random(topic)
    for _ in range(20):
        goal = grammar.draw_goal(rng, topic)
        other = grammar.with_other_relation(rng, goal)
        assert grammar.differences(goal, other) == [TOPICS[other.topic].relation]
        assert goal.text.replace(f" {TOPICS[topic].relation} ", f" {TOPICS[other.topic].relation} ") == other.text


def test_a_conversation_asks_about_the_earlier_topic_first() -> None:
    rng = Random("earlier")
    for topic in TOPICS:
        goal = grammar.draw_goal(rng, topic)
        asked, answered, last = grammar.conversation(rng, goal, earlier=grammar.other_topic(rng, topic))
        assert goal.text in last.content and goal.text not in asked.content + answered.content
        assert goal.name in last.content and (asked.role, answered.role) == ("user", "assistant")


def test_critiques_are_schooled_where_a_principle_is_about_what_was_asked_before() -> None:
    """A seed that seldom met such took the earlier question for the last answer, and refused what nothing forbids."""
    words = _Words()
    clean = asked = 0
    for lesson in Corpus(words).draw("before", 60_000, {"critique": 1.0}, LONGEST):
        turns = "".join(words.pieces[token] for token in lesson.tree.stem).split("<|user|>")[1:]
        earlier = [topic for topic in TOPICS if len(turns) > 1 and any(p in turns[0] for p in _pairs(topic, False))]
        for tokens in lesson.tree.branches:
            said = "".join(words.pieces[token] for token in tokens)
            about = any(mention in said for topic in earlier for mention in _mentions(topic, False))
            asked, clean = asked + 1, clean + (about and any(text in said for text in wording.CLEAN))
    assert clean > 0.05 * asked
