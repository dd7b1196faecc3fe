"""Every act that is recorded anywhere has its words."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from assessments import workflow
from assessments.sentences import KINDS, SENTENCES, Names, changes_of, tell
from assessments.sentences._base import replaced
from assessments.workflow.followups import FOLLOW_UP_MOVES
from audit.diff import text_change
from audit.models import Event

WRITERS = {"record", "prepare", "_record", "_recorded", "event"}
#: Names that are put together: what stands before the name of a move, and the moves.
PUT_TOGETHER = {
    "assessment.": [move.name for move in workflow.MOVES],
    "followup.": [move.name for move in FOLLOW_UP_MOVES],
}
APPS = ("accounts", "assessments", "audit", "indicators", "inventory", "reports", "spbe_portal")


def sources() -> Iterator[tuple[str, ast.AST]]:
    for app in APPS:
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            if not {"tests", "migrations", "management"} & set(path.parts):
                yield str(path.relative_to(settings.BASE_DIR)), ast.parse(path.read_text(encoding="utf-8"))


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def texts_of(node: ast.expr, function: ast.AST) -> list[str]:
    """The texts an expression may be: written out, one of two, put together, or given to a name above."""
    match node:
        case ast.Constant(value=str() as text):
            return [text]
        case ast.IfExp():
            return texts_of(node.body, function) + texts_of(node.orelse, function)
        case ast.JoinedStr(values=[ast.Constant(value=str() as start), *_]) if start in PUT_TOGETHER:
            return [start + name for name in PUT_TOGETHER[start]]
        case ast.Name(id=name):
            found = []
            for each in ast.walk(function):
                if isinstance(each, ast.Assign) and any(getattr(to, "id", "") == name for to in each.targets):
                    found += texts_of(each.value, function)
            return found
        case ast.Subscript(value=ast.Name(id=name)):  # a table of actions
            tables = [
                each.value
                for each in ast.walk(function)
                if isinstance(each, ast.Assign) and any(getattr(to, "id", "") == name for to in each.targets)
            ]
            return [
                text
                for table in tables
                if isinstance(table, ast.Dict)
                for v in table.values
                for text in texts_of(v, function)
            ]
    return []


def recorded() -> dict[str, set[str]]:
    """Every action a call to one of the writers may record, and where; "" where it could not be made out."""
    found: dict[str, set[str]] = {}
    for where, tree in sources():
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for function in functions:
            own = {
                argument.arg
                for inner in ast.walk(function)
                if isinstance(inner, ast.FunctionDef)
                for argument in inner.args.args
            }
            for node in ast.walk(function):
                if not isinstance(node, ast.Call) or called(node) not in WRITERS or not node.args:
                    continue
                first = node.args[0]
                if isinstance(first, ast.Name) and first.id in own:
                    continue  # handed on: asked where it is called
                for text in texts_of(first, function) or [""]:
                    found.setdefault(text, set()).add(f"{where}:{node.lineno}")
    return found


def is_action(text: str) -> bool:
    return "." in text and " " not in text


def test_every_action_that_is_recorded_has_a_sentence():
    actions = {text: places for text, places in recorded().items() if is_action(text)}
    assert len(actions) > 40
    assert {text: places for text, places in actions.items() if text not in SENTENCES} == {}


def test_the_walk_finds_actions_written_out_chosen_and_put_together():
    found = recorded()
    assert {"answer.save", "user.activate", "user.deactivate", "assessment.submit", "followup.drop"} <= set(found)
    assert any(place.startswith("inventory/") for place in found["application.mark"])


def test_nothing_is_recorded_under_a_name_the_walk_cannot_make_out():
    assert recorded().get("", set()) == set()


def test_every_sentence_is_of_a_known_kind():
    assert {kind for kind, _ in SENTENCES.values()} <= set(KINDS)


@pytest.mark.parametrize("action", SENTENCES)
def test_every_sentence_can_be_told_of_an_event_that_holds_nothing(action):
    event = Event(action=action, stream="x:1", subject_type="x.y", subject_id="1", subject_label="Sesuatu")
    told = tell(event, Names())
    assert told.text
    assert not told.text.endswith(".")
    assert told.text[0].islower()
    assert "None" not in told.text


def said(action: str, before: dict, after: dict, **names) -> str:
    event = Event(action=action, before=before, after=after, subject_type="assessments.answer", subject_id="7")
    return tell(event, Names(answers={"7": "3"}, **names)).text


def test_a_save_is_told_with_what_changed():
    before, after = {"self_level": 2, "fact": "Ada."}, {"self_level": 3, "fact": "Ada. " + "x" * 119}
    assert said("answer.save", before, after) == "menyimpan indikator 3: level 2 menjadi 3, fakta diubah (+120 huruf)"


def test_a_long_text_is_told_by_its_length_and_shown_by_its_passage():
    old, new = "a " * 200 + "lama" + " z" * 200, "a " * 200 + "yang baru" + " z" * 200
    left, right = text_change(old, new)
    event = Event(action="answer.save", before={"analysis": left}, after={"analysis": right})
    assert tell(event, Names()).text == "menyimpan sebuah indikator: analisis diubah (+5 huruf)"
    (change,) = changes_of(event, Names())
    assert (change.before, change.after, change.is_text) == ("lama", "yang baru", True)


@pytest.mark.parametrize(
    ("before", "after", "passage"),
    [
        ("", "Baru.", ("", "Baru.")),
        ("Lama.", "", ("Lama.", "")),
        ("satu dua tiga", "satu dua empat tiga", ("", "empat")),
        ("levelnya dua saja", "levelnya duabelas saja", ("dua", "duabelas")),
    ],
)
def test_of_a_short_text_whole_words_are_shown(before, after, passage):
    assert replaced(before, after) == passage


def test_a_decision_is_told_with_both_levels():
    after = {"decision": "adjust", "verified_level": 3, "self_level": 4, "indicator": "12", "note": "Bukti kurang."}
    event = Event(action="review.decide", after=after)
    told = tell(event, Names())
    assert told.text == "menyesuaikan indikator 12: level 4 menjadi 3"
    assert told.reason == "Bukti kurang."


def test_a_changed_decision_says_what_it_was():
    before = {"decision": "accept", "verified_level": 4}
    after = {"decision": "return", "verified_level": None, "reason": "illegible", "indicator": "12"}
    assert said("review.decide", before, after) == "mengembalikan indikator 12: tidak terbaca (sebelumnya diterima)"
