"""The chain against somebody who has the database and not the key: every attack is found and named."""

import json
import logging
from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit import triggers
from audit.anchors import make_anchor
from audit.models import Anchor, Chain, Event
from audit.queries import heads_of, latest_anchor, latest_verification
from audit.services import prepare, record, record_all
from audit.verification import keep, verify, verify_stream

# Events know nothing of the apps above them; only this test needs something to happen to.
Agency = apps.get_model("accounts", "Agency")
User = get_user_model()
STREAM = "assessment:1"


@pytest.fixture
def actor(db):
    return User.objects.create_user("pelaku", name="Pelaku")


@pytest.fixture
def agency(db):
    return Agency.objects.create(slug="dinkes", name="Dinas Kesehatan", short_name="Dinkes", kind="dinas")


@pytest.fixture
def trail(actor, agency):
    """Eight events on one stream, three on another, and yesterday's anchor over the first five of them."""
    for number in range(1, 6):
        written(agency, actor, number)
    anchor_of(days_ago=1)
    for number in range(6, 9):
        written(agency, actor, number)
    for _ in range(3):
        record("agency.edit", agency, actor=actor, reason="Perda.")
    assert verify().problems == ()
    return Event.objects.filter(stream=STREAM).order_by("position")


def written(agency, actor, number, stream=STREAM):
    return record(
        "answer.save",
        agency,
        actor=actor,
        on_behalf_of=agency,
        stream=stream,
        before={"fact": f"Fakta {number - 1}", "zeta": 1, "alfa": None},
        after={"fact": f"Fakta {number} – é 💡", "zeta": 2, "alfa": ["b", "a", True]},
        reason="Karena.",
    )


def anchor_of(days_ago):
    """An anchor made some days ago."""
    with pytest.MonkeyPatch.context() as patch:
        then = timezone.now() - timedelta(days=days_ago)
        patch.setattr(timezone, "now", lambda: then)
        return make_anchor()


def tamper(*statements):
    """As the hostile administrator does: past the triggers, with plain SQL."""
    with triggers.lifted(connection), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE audit_event DROP CONSTRAINT IF EXISTS event_once_in_its_place")
        for statement, *values in statements:
            cursor.execute(statement, values)


def found():
    """What a reading of everything finds: (kind, stream, position)."""
    return [(problem.kind, problem.stream, problem.position) for problem in verify().problems]


def in_place(position):
    return Event.objects.get(stream=STREAM, position=position)


# --- Writing --------------------------------------------------------------------------------------------------------


def test_events_are_numbered_and_each_holds_the_one_before(trail):
    assert list(trail.values_list("position", flat=True)) == list(range(1, 9))
    assert len(set(trail.values_list("digest", flat=True))) == 8
    chain = Chain.objects.get(stream=STREAM)
    assert (chain.count, chain.head) == (8, in_place(8).digest)


def test_many_events_cost_as_many_queries_as_few(actor, agency):
    def cost(many):
        events = [prepare("x.y", agency, actor=actor, stream=f"s:{number % 3}") for number in range(many)]
        with CaptureQueriesContext(connection) as captured:
            record_all(events)
        return len(captured)

    assert (cost(3), cost(3), cost(60)) == (5, 4, 4)  # new streams are begun first
    with CaptureQueriesContext(connection) as captured:
        record("x.y", agency, actor=actor, stream="s:1")
    assert len(captured) == 3
    assert verify().problems == ()


def test_what_has_no_exact_plain_form_is_refused(actor, agency):
    for value in (0.5, b"x", {"deep": [0.5]}):
        with pytest.raises(TypeError):
            prepare("x.y", agency, actor=actor, after={"value": value})


def test_what_a_database_would_change_or_refuse_is_settled_before_it_is_sealed(actor, agency):
    event = record(
        "x.y",
        agency,
        actor=actor,
        after={"b": "nol\x00", "a": {2: "dua", "10": ["\ud800"]}, "big": 10**17},
        reason="a\x00b",
    )
    stored = Event.objects.get(pk=event.pk)
    assert stored.after == {"b": "nol\ufffd", "a": {"2": "dua", "10": ["?"]}, "big": 10**17}
    assert stored.reason == "a\ufffdb"
    assert verify().problems == ()


def test_the_seal_is_the_same_on_every_database(settings, actor, agency):
    """The form is for ever: this digest was computed once."""
    from audit.chain import event_digest

    settings.AUDIT_KEY = "kunci-uji-yang-tidak-pernah-berubah"
    at = timezone.datetime(2026, 11, 22, 7, 30, 15, 1, tzinfo=timezone.get_fixed_timezone(420))
    values = ["assessment:1", 2, at, 7, None, "answer.save", "a.b", "9", "Dinas é", {"b": 1, "a": [True]}, {}, ""]
    assert event_digest(values, "ab") == "ea82c5055473e38cffc4349d7d8092646e3a9cd597a91ba62de33a76c5df50d8"


# --- The database refuses -------------------------------------------------------------------------------------------


REFUSED = [
    "UPDATE audit_event SET reason = 'lain'",
    "UPDATE audit_event SET id = id + 1000",
    "DELETE FROM audit_event",
    "UPDATE audit_anchor SET events = 0",
    "DELETE FROM audit_anchor",
    "DELETE FROM audit_chain",
    "UPDATE audit_chain SET count = count - 1",
    "UPDATE audit_chain SET head = 'x'",
    "UPDATE audit_chain SET stream = 'lain', count = count + 1 WHERE stream = 'assessment:1'",
]
ON_SQLITE = [
    "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event LIMIT 1",
    "INSERT OR REPLACE INTO audit_anchor SELECT * FROM audit_anchor",
    "INSERT OR REPLACE INTO audit_chain SELECT stream, 0, '' FROM audit_chain",
]
ON_POSTGRESQL = [
    "TRUNCATE audit_event",
    "TRUNCATE audit_anchor",
    "TRUNCATE audit_chain",
    "TRUNCATE audit_event CASCADE",
]


@pytest.mark.parametrize("statement", REFUSED + (ON_POSTGRESQL if connection.vendor == "postgresql" else ON_SQLITE))
def test_the_database_refuses_what_changes_the_trail(trail, statement):
    connection.check_constraints()  # else PostgreSQL refuses to truncate for another reason
    with pytest.raises(DatabaseError, match=r"append-only|only grows"), transaction.atomic():
        connection.cursor().execute(statement)
    assert verify().problems == ()


def test_through_the_models_it_is_refused_too(trail):
    for act in (
        lambda: trail.update(reason="lain"),
        lambda: trail.delete(),
        lambda: Chain.objects.filter(stream=STREAM).update(count=2),
        lambda: Anchor.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert verify().problems == ()


@pytest.mark.parametrize("name", ["audit_event_no_update", "audit_chain_no_update", "audit_anchor_no_delete"])
def test_a_trigger_that_is_gone_or_altered_is_named(trail, name):
    table = name.rsplit("_no_")[0]
    on = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{on}")
    assert [problem.text for problem in verify().problems] == [
        f"Pemicu basis data {name} tidak terpasang atau berubah."
    ]
    with connection.cursor() as cursor:
        if on:
            cursor.execute(f"CREATE TRIGGER {name} BEFORE INSERT{on} FOR EACH ROW EXECUTE FUNCTION audit_refuse()")
        else:
            cursor.execute(f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} BEGIN SELECT 1; END")
    assert triggers.missing(connection) == [name]
    triggers.install(connection)
    assert triggers.missing(connection) == []


# --- The attacks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2020-01-01 00:00:00+00:00"),
        ("actor_id", None),
        ("on_behalf_of_id", None),
        ("action", "answer.lain"),
        ("subject_type", "lain"),
        ("subject_id", "99"),
        ("subject_label", "lain"),
        ("before", '{"fact": "lain"}'),
        ("after", '{"fact": "lain"}'),
        ("reason", "lain"),
        ("digest", "0" * 64),
    ],
)
@pytest.mark.parametrize("position", [1, 4, 8])
def test_an_altered_field_is_found(trail, column, value, position):
    event = in_place(position)
    if connection.vendor == "sqlite" and column == "at":
        value = value.removesuffix("+00:00")
    tamper((f'UPDATE audit_event SET "{column}" = %s WHERE id = %s', value, event.pk))
    problems = verify().problems
    altered = [problem for problem in problems if problem.event == event.pk]
    assert [(problem.kind, problem.position) for problem in altered] == [("altered", position)]
    assert altered[0].text == f"kejadian nomor {position} (id {event.pk}) diubah atau dipalsukan."
    assert {problem.stream for problem in problems} == {STREAM}
    if column != "digest":
        assert problems == tuple(altered)


def test_an_event_moved_to_another_stream_is_found_in_both(trail, agency):
    event = in_place(8)
    tamper(("UPDATE audit_event SET stream = %s, position = 4 WHERE id = %s", f"agency:{agency.pk}", event.pk))
    assert ("cut", STREAM, 8) in found()
    assert ("altered", f"agency:{agency.pk}", 4) in found()


@pytest.mark.parametrize(("position", "kind"), [(1, "missing"), (4, "missing"), (8, "cut")])
def test_a_removed_event_is_found(trail, position, kind):
    tamper(("DELETE FROM audit_event WHERE id = %s", in_place(position).pk))
    assert found() == [(kind, STREAM, position)]


def test_a_cut_tail_is_found_and_named(trail):
    tamper(("DELETE FROM audit_event WHERE stream = %s AND position > 6", STREAM))
    assert found() == [("cut", STREAM, 7)]
    assert str(verify().problems[0]) == "assessment:1: kejadian nomor 7 sampai 8 di ujung rantai dihapus."


def test_a_cut_tail_with_the_head_wound_back_is_found_by_the_anchor(trail):
    third = in_place(3)
    tamper(
        ("DELETE FROM audit_event WHERE stream = %s AND position > 3", STREAM),
        ("UPDATE audit_chain SET count = 3, head = %s WHERE stream = %s", third.digest, STREAM),
    )
    problem = verify().problems[0]
    assert (problem.kind, problem.position) == ("cut", 4)
    assert "memuat 5 kejadian, sekarang hanya sampai nomor 3" in problem.text


def test_a_stream_removed_whole_is_found_by_the_anchor(trail):
    tamper(
        ("DELETE FROM audit_event WHERE stream = %s", STREAM), ("DELETE FROM audit_chain WHERE stream = %s", STREAM)
    )
    assert found() == [("cut", STREAM, 1)]


def test_an_old_backup_of_one_stream_is_found_by_the_anchor(trail, agency, actor):
    tamper(
        ("DELETE FROM audit_event WHERE stream = %s AND position > 4", STREAM),
        ("UPDATE audit_chain SET count = 4, head = %s WHERE stream = %s", in_place(4).digest, STREAM),
    )
    for number in (5, 6, 7, 8):  # work goes on upon the old rows
        written(agency, actor, number)
    assert found() == [("anchor", STREAM, 5)]


def test_two_swapped_events_are_found(trail):
    third, fourth = in_place(3), in_place(4)
    tamper(
        ("UPDATE audit_event SET position = 100 WHERE id = %s", third.pk),
        ("UPDATE audit_event SET position = 3 WHERE id = %s", fourth.pk),
        ("UPDATE audit_event SET position = 4 WHERE id = %s", third.pk),
    )
    assert {problem.event for problem in verify().problems} == {third.pk, fourth.pk}
    assert ("moved", STREAM, 4) in found()


def test_swapped_ids_are_found(trail):
    third, fourth = in_place(3), in_place(4)
    tamper(
        ("UPDATE audit_event SET id = -1 WHERE id = %s", third.pk),
        ("UPDATE audit_event SET id = %s WHERE id = %s", third.pk, fourth.pk),
        ("UPDATE audit_event SET id = %s WHERE id = -1", fourth.pk),
    )
    assert found() == [("moved", STREAM, 4)]


COPY = """INSERT INTO audit_event (at, actor_id, on_behalf_of_id, action, stream, position, subject_type, subject_id,
 subject_label, "before", "after", reason, digest) SELECT at, actor_id, on_behalf_of_id, action, stream, %s,
 subject_type, subject_id, subject_label, "before", "after", %s, %s FROM audit_event WHERE id = %s"""


def test_a_forged_event_at_the_end_is_found(trail):
    tamper(
        (COPY, 9, "Palsu.", "f" * 64, in_place(8).pk),
        ("UPDATE audit_chain SET count = 9, head = %s WHERE stream = %s", "f" * 64, STREAM),
    )
    assert found() == [("altered", STREAM, 9)]


def test_a_forged_event_in_the_middle_is_found(trail):
    last = in_place(8)
    statements = [
        ("UPDATE audit_event SET position = %s WHERE id = %s", event.position + 1, event.pk)
        for event in trail.filter(position__gte=4).reverse()
    ]
    tamper(
        *statements,
        (COPY, 4, "Palsu.", "f" * 64, last.pk),
        ("UPDATE audit_chain SET count = 9 WHERE stream = %s", STREAM),
    )
    assert found()[0] == ("moved", STREAM, 4) or found()[0] == ("altered", STREAM, 4)
    forged = Event.objects.get(reason="Palsu.")
    assert forged.pk in {problem.event for problem in verify().problems}
    assert f"nomor 5 (id {in_place(5).pk}) dipindahkan; aslinya nomor 4" in "".join(map(str, verify().problems))


def test_a_removed_event_whose_followers_are_renumbered_is_found(trail):
    statements = [
        ("UPDATE audit_event SET position = %s WHERE id = %s", event.position - 1, event.pk)
        for event in trail.filter(position__gt=4)
    ]
    tamper(("DELETE FROM audit_event WHERE id = %s", in_place(4).pk), *statements)
    assert ("altered", STREAM, 4) in found()
    assert ("moved", STREAM, 5) in found()


def test_a_head_that_is_wound_back_alone_is_found(trail):
    tamper(("UPDATE audit_chain SET count = 6, head = %s WHERE stream = %s", in_place(6).digest, STREAM))
    assert found() == [("head", STREAM, 6)]


def test_a_head_that_is_removed_or_names_another_is_found(trail, agency):
    tamper(
        ("DELETE FROM audit_chain WHERE stream = %s", STREAM),
        ("UPDATE audit_chain SET head = 'x' WHERE stream = %s", f"agency:{agency.pk}"),
    )
    assert found() == [("head", f"agency:{agency.pk}", 3), ("head", STREAM, None)]


def test_another_key_fits_nothing(trail, settings):
    settings.AUDIT_KEY = "k" * 40
    assert ("altered", STREAM, 1) in found()


# --- Anchors --------------------------------------------------------------------------------------------------------


def test_an_anchor_is_made_once_a_day_and_holds_what_grew(trail, agency, actor, caplog):
    with caplog.at_level(logging.INFO):
        anchor = make_anchor()
    assert make_anchor() == anchor == latest_anchor()
    assert anchor.digest in caplog.text
    assert anchor.previous == Anchor.objects.order_by("day").first().digest
    assert anchor.heads == {
        STREAM: [8, in_place(8).digest],
        f"agency:{agency.pk}": [3, Chain.objects.get(stream=f"agency:{agency.pk}").head],
    }
    assert (anchor.streams, anchor.events) == (2, 11)
    assert verify().problems == ()


@pytest.mark.parametrize(
    "change",
    [
        ("UPDATE audit_anchor SET events = 4 WHERE id = %s",),
        ("UPDATE audit_anchor SET streams = 4 WHERE id = %s",),
        ("UPDATE audit_anchor SET day = '2020-01-01' WHERE id = %s",),
        ("UPDATE audit_anchor SET heads = '{}' WHERE id = %s",),
        ("UPDATE audit_anchor SET digest = 'x' WHERE id = %s",),
        ("DELETE FROM audit_anchor WHERE id = %s",),
    ],
)
def test_an_altered_or_removed_anchor_is_found(trail, change):
    first = Anchor.objects.get()
    make_anchor()
    tamper((*change, first.pk))
    assert "anchor" in {kind for kind, _, _ in found()}


def test_the_last_anchor_removed_is_found_by_its_digest_on_paper(trail):
    digest = make_anchor().digest
    call_command("verify_chain", anchor=digest[:12], stdout=StringIO())
    tamper(("DELETE FROM audit_anchor WHERE digest = %s", digest))
    assert found() == []
    with pytest.raises(SystemExit) as ended:
        call_command("verify_chain", anchor=digest[:12], stdout=StringIO())
    assert ended.value.code == 1


def test_a_head_on_paper_is_looked_for(trail):
    head = in_place(6).digest
    call_command("verify_chain", head=f"{STREAM}:6:{head[:16]}", stdout=StringIO())
    for wrong in (f"{STREAM}:6:{'0' * 16}", f"{STREAM}:5:{head[:16]}", f"lain:6:{head}"):
        with pytest.raises(SystemExit) as ended:
            call_command("verify_chain", head=wrong, stdout=StringIO())
        assert ended.value.code == 1
    for unreadable in ("6", f"{STREAM}:x:{head}", f"{STREAM}:6:{head[:5]}"):
        with pytest.raises(CommandError, match="--head"):
            call_command("verify_chain", head=unreadable, stdout=StringIO())


# --- Telling --------------------------------------------------------------------------------------------------------


def told(*words, **options):
    out = StringIO()
    try:
        call_command("verify_chain", *words, stdout=out, no_color=True, **options)
    except SystemExit as ended:
        return ended.code, out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_what_is_wrong_and_ends_accordingly(trail):
    assert told()[0] == 0
    assert "Jejak audit utuh." in told()[1]
    assert "11 kejadian, 2 rantai, 1 jangkar" in told()[1]
    assert latest_verification().problem_count == 0
    event = in_place(4)
    tamper(("UPDATE audit_event SET reason = 'lain' WHERE id = %s", event.pk))
    status, text = told()
    assert status == 1
    assert f"assessment:1: kejadian nomor 4 (id {event.pk}) diubah atau dipalsukan." in text
    assert latest_verification().problems == [str(problem) for problem in verify().problems]
    status, text = told("--json")
    problem = {"kind": "altered", "stream": STREAM, "position": 4, "event": event.pk}
    assert status == 1
    assert {name: json.loads(text)["problems"][0][name] for name in problem} == problem
    assert told(stream=STREAM)[0] == 1
    with pytest.raises(CommandError, match="tidak ada"):
        told(stream="lain")


def test_one_stream_is_read_with_a_fixed_number_of_queries(trail, agency, actor, django_assert_num_queries):
    with django_assert_num_queries(3):
        state = verify_stream(STREAM)
    assert (state.is_whole, state.count, state.anchor_count) == (True, 8, 5)
    assert state.anchor_day == timezone.localdate() - timedelta(days=1)
    for number in range(40):
        written(agency, actor, number)
    with django_assert_num_queries(3):
        assert verify_stream(STREAM).count == 48
    with django_assert_num_queries(3):
        state = verify_stream("tidak-ada")
    assert (state.is_whole, state.count, state.anchor_day) == (True, 0, None)
    tamper(("DELETE FROM audit_event WHERE id = %s", in_place(2).pk))
    assert [problem.kind for problem in verify_stream(STREAM).problems] == ["missing"]


def test_an_event_written_while_the_trail_is_read_is_no_false_alarm(trail, agency, actor, monkeypatch):
    from audit import verification

    rows = verification._rows

    def slow(*args):
        monkeypatch.setattr(verification, "_rows", rows)
        written(agency, actor, 9)
        written(agency, actor, 1, stream="baru")
        return rows(*args)

    monkeypatch.setattr(verification, "_rows", slow)
    assert verify().problems == ()


def test_several_streams_have_one_digest(trail, agency, actor):
    streams = [STREAM, f"agency:{agency.pk}", "kosong"]
    before = heads_of(streams)
    assert (len(before.rows), before.events) == (2, 11)
    assert before.rows[1] == (STREAM, 8, in_place(8).digest)
    assert heads_of(reversed(streams)) == before
    written(agency, actor, 9)
    assert heads_of(streams).digest != before.digest


def test_a_reading_is_kept(trail):
    assert latest_verification() is None
    tamper(("DELETE FROM audit_event WHERE id = %s", in_place(8).pk))
    kept = keep(verify())
    assert latest_verification() == kept
    assert (kept.events, kept.problem_count) == (10, 1)
    assert kept.problems == ["assessment:1: kejadian nomor 8 di ujung rantai dihapus."]
