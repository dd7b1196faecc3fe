"""The editor of instruments: drafts in everything, what is published in its wording only."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command

from accounts.errors import Invalid, Refused, Stale
from audit.models import Event
from indicators.checks import problems
from indicators.editor import changes, comparison, drafts, exchange
from indicators.editor import values as values_of
from indicators.mapping_data import links_between
from indicators.models import Indicator, Instrument, LevelCriterion
from indicators.parts import flat, stored_parts
from indicators.services import mark_in_use


@pytest.fixture
def copied(city, instrument) -> Instrument:
    return drafts.copy(actor=city.coordinator, source=instrument, code="spbe-47-2027", name="SPBE 47 tahun 2027")


def row(instrument: Instrument, kind: str, code: str):
    return changes.part_of(instrument, kind, code)


def values(instrument: Instrument, kind: str, code: str) -> dict[str, str]:
    return changes.READ[kind](row(instrument, kind, code))


def save(city, instrument, kind, code, /, version=None, reason="", **typed):
    return changes.save_part(
        actor=city.coordinator,
        instrument_id=instrument.pk,
        kind=kind,
        code=code,
        typed=typed,
        version=version,
        reason=reason,
    )


def test_a_copy_is_a_whole_draft_and_the_original_stays(copied, instrument):
    before, after = flat(stored_parts(instrument)), flat(stored_parts(copied))
    assert len(after) == len(before)
    assert len(after) > 500
    assert (copied.is_draft, copied.copied_from, copied.is_default, copied.in_use_since) == (
        True,
        instrument,
        False,
        None,
    )
    assert problems(stored_parts(copied)) == []
    assert [each.what for each in comparison.compare(instrument, copied)] == ["Rangka"]


@pytest.mark.parametrize("code", ["spbe-47-7aspek", "impor", "Huruf-Besar", "dua kata", ""])
def test_a_code_that_is_taken_or_unfit_is_refused(code, city, instrument):
    with pytest.raises(Invalid) as refused:
        drafts.copy(actor=city.coordinator, source=instrument, code=code, name="Salinan")
    assert list(refused.value.errors) == ["code"]
    assert Instrument.objects.filter(is_draft=True).count() == 0


def test_a_weight_is_kept_exactly_and_what_no_longer_adds_up_is_said(copied, city):
    save(city, copied, "indikator", "1", weight="10/3")
    stored = row(copied, "indikator", "1")
    assert (stored.weight_numerator, stored.weight_denominator) == (10, 3)
    found = problems(stored_parts(copied))
    assert [(each.kind, each.code) for each in found if hasattr(each, "kind")] == [("domain", "1"), ("aspek", "1")]
    save(city, copied, "indikator", "1", weight="1,3")
    assert problems(stored_parts(copied)) == []


@pytest.mark.parametrize("typed", ["", "a", "-1", "1/0", "1,2,3", "200", "1e3", "١", "1.3.4", "0x1"])
def test_what_is_no_weight_is_refused(typed, copied, city):
    with pytest.raises(Invalid) as refused:
        save(city, copied, "indikator", "1", weight=typed)
    assert list(refused.value.errors) == ["weight"]


def test_every_text_of_an_indicator_can_be_changed_and_what_was_not_typed_stays(copied, city):
    before = values(copied, "indikator", "12")
    typed = {
        "name": "Nama baru",
        "criterion_3": "Kriteria tiga.",
        "agency_3": "Artinya bagi OPD.",
        "evidence_hints": "2, 3 | Notula rapat\n5 | Laporan",
        "not_relevant_hints": "Kelurahan | Tidak punya sistem | sendiri",
        "common_mistakes": "Satu\r\n\r\nDua",
    }
    save(city, copied, "indikator", "12", **typed)
    after = values(copied, "indikator", "12")
    assert after == {**before, **typed, "common_mistakes": "Satu\nDua"}
    stored = row(copied, "indikator", "12")
    assert stored.not_relevant_hints == [{"kind": "Kelurahan", "reason": "Tidak punya sistem | sendiri"}]
    assert [(hint.levels, hint.text) for hint in stored.evidence_hints.all()] == [
        ([2, 3], "Notula rapat"),
        ([5], "Laporan"),
    ]


def test_an_empty_criterion_is_none(copied, city):
    assert LevelCriterion.objects.filter(indicator__instrument=copied, indicator__code="3").count() == 5
    save(city, copied, "indikator", "3", criterion_5="", agency_5="")
    assert LevelCriterion.objects.filter(indicator__instrument=copied, indicator__code="3").count() == 4
    save(city, copied, "indikator", "3", criterion_5="Lagi.")
    assert row(copied, "indikator", "3").criteria.get(level=5).text == "Lagi."


def test_an_indicator_goes_to_another_place_and_another_aspect(copied, city):
    save(city, copied, "indikator", "47", order="1", aspect="1")
    codes = list(copied.indicators.order_by("order").values_list("code", flat=True))
    assert codes[:3] == ["47", "1", "2"]
    assert sorted(copied.indicators.values_list("order", flat=True)) == list(range(1, 48))
    assert row(copied, "indikator", "47").aspect.code == "1"


def test_parts_are_added_and_taken_away_when_nothing_hangs_on_them(copied, city):
    add = {"actor": city.coordinator, "instrument_id": copied.pk}
    changes.add_part(**add, kind="aspek", typed={"code": "8", "name": "Aspek baru", "weight": "0", "domain": "4"})
    new = {"code": "48", "name": "Indikator baru", "short_name": "Baru", "weight": "2", "aspect": "8"}
    changes.add_part(**add, kind="indikator", typed={**new, "capability": "process"})
    assert problems(stored_parts(copied))[0] == "Jumlah bobot indikator 102, seharusnya 100."
    with pytest.raises(Refused, match="masih berisi indikator"):
        changes.remove_part(**add, kind="aspek", code="8")
    with pytest.raises(Refused, match="masih berisi aspek"):
        changes.remove_part(**add, kind="domain", code="4")
    changes.remove_part(**add, kind="indikator", code="48")
    changes.remove_part(**add, kind="aspek", code="8")
    assert problems(stored_parts(copied)) == []


def test_a_code_that_another_has_is_refused(copied, city):
    with pytest.raises(Invalid) as refused:
        save(city, copied, "indikator", "1", code="2")
    assert refused.value.errors == {"code": "Kode ini sudah dipakai dalam instrumen ini."}


def test_the_frame_holds_scale_predikat_and_level_names(copied, city):
    held = values_of.frame_values(copied)
    bands = held["bands"].replace("4,2 | Memuaskan", "4,5 | Memuaskan")
    changes.save_frame(
        actor=city.coordinator,
        instrument_id=copied.pk,
        typed={"bands": bands, "target_index": "3,75", "missing_level": "1", "caution": "Percobaan."},
    )
    copied.refresh_from_db()
    after = values_of.frame_values(copied)
    assert after == {**held, "bands": bands, "target_index": "3,75", "missing_level": "1", "caution": "Percobaan."}
    assert copied.bands.get(code="memuaskan").minimum == values_of.Decimal("4.5")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"bands": "4,2 Memuaskan"}, "bands"),
        ({"bands": "4,2 | A\n4,2 | B"}, "bands"),
        ({"level_names": "process | x | Rintisan"}, "level_names"),
        ({"scale_max": "1"}, "scale_max"),
        ({"scale_min": ""}, "scale_min"),
        ({"target_index": "3,75x"}, "target_index"),
        ({"name": ""}, "name"),
        ({"name": "a" * 201}, "name"),
    ],
)
def test_a_frame_that_cannot_be_is_refused_by_its_field(typed, field, copied, city):
    with pytest.raises(Invalid) as refused:
        changes.save_frame(actor=city.coordinator, instrument_id=copied.pk, typed=typed)
    assert list(refused.value.errors) == [field]


def test_two_editors_of_one_indicator_see_each_other_those_of_two_do_not(copied, city):
    seen = {code: values_of.version_of(values(copied, "indikator", code)) for code in ("1", "2")}
    save(city, copied, "indikator", "1", version=seen["1"], name="Yang pertama")
    save(city, copied, "indikator", "2", version=seen["2"], name="Yang lain", order="1")
    with pytest.raises(Stale) as stale:
        save(city, copied, "indikator", "1", version=seen["1"], name="Yang kedua")
    assert (stale.value.current.name, stale.value.current.version != seen["1"]) == ("Yang pertama", True)
    # Sent twice, the second changes nothing and is no conflict.
    save(city, copied, "indikator", "1", version=seen["1"], name="Yang pertama")


def test_every_change_is_an_event_long_texts_by_what_is_replaced(copied, city):
    long = values(copied, "indikator", "1")["explanation"]
    assert len(long) > 200
    save(city, copied, "indikator", "1", explanation=f"{long} Tambahan.", weight="2")
    event = Event.objects.latest("pk")
    assert (event.action, event.stream, event.actor) == (
        "instrument.edit",
        f"instrument:{copied.pk}",
        city.coordinator,
    )
    assert (event.before["weight"], event.after["weight"], event.after["indicator"]) == ("1,3", "2", "1")
    assert event.after["explanation"]["added"] == " Tambahan."
    copied.refresh_from_db()
    assert copied.edits == 1


def test_it_is_published_when_nothing_is_wrong_and_then_only_its_wording_changes(copied, city):
    publish = {"actor": city.coordinator, "instrument_id": copied.pk}
    save(city, copied, "indikator", "1", weight="2")
    with pytest.raises(Refused, match="3 hal"):
        drafts.publish(**publish, edits=1)
    save(city, copied, "indikator", "1", weight="1,3")
    with pytest.raises(Stale):
        drafts.publish(**publish, edits=1)
    drafts.publish(**publish, edits=2)
    for typed in ({"weight": "2"}, {"code": "99"}, {"aspect": "2"}, {"order": "3"}, {"capability": "service"}):
        with pytest.raises(Refused, match="sudah diterbitkan"):
            save(city, copied, "indikator", "1", reason="Keliru.", **typed)
    with pytest.raises(Invalid) as refused:
        save(city, copied, "indikator", "1", question="Bagaimana?")
    assert list(refused.value.errors) == ["reason"]
    with pytest.raises(Invalid, match="tidak dapat dikosongkan"):
        save(city, copied, "indikator", "1", criterion_1="", reason="Keliru.")
    save(city, copied, "indikator", "1", question="Bagaimana?", reason="Salah ketik.")
    event = Event.objects.latest("pk")
    assert (event.action, event.reason, event.after["question"]) == (
        "instrument.correct",
        "Salah ketik.",
        "Bagaimana?",
    )
    for refused_act in (
        lambda: drafts.discard(actor=city.coordinator, instrument_id=copied.pk),
        lambda: changes.remove_part(actor=city.coordinator, instrument_id=copied.pk, kind="indikator", code="1"),
        lambda: changes.add_part(actor=city.coordinator, instrument_id=copied.pk, kind="indikator", typed={}),
    ):
        with pytest.raises(Refused):
            refused_act()


def test_what_a_period_uses_keeps_its_structure_however_it_is_marked(copied, city):
    drafts.publish(actor=city.coordinator, instrument_id=copied.pk, edits=None)
    mark_in_use(copied)
    with pytest.raises(Refused):
        save(city, copied, "indikator", "1", weight="2", reason="Keliru.")
    save(city, copied, "indikator", "1", fact_hint="Sebutkan nomor peraturan.", reason="Lebih jelas.")


def test_a_draft_that_is_discarded_is_gone_and_the_trail_is_not(copied, city, instrument):
    drafts.discard(actor=city.coordinator, instrument_id=copied.pk)
    assert Instrument.objects.filter(code="spbe-47-2027").count() == 0
    assert Indicator.objects.filter(instrument=instrument).count() == 47
    assert [event.action for event in Event.objects.filter(stream=f"instrument:{copied.pk}")] == [
        "instrument.copy",
        "instrument.discard",
    ]


@pytest.mark.parametrize("who", ["operator", "verifier", "leader", "outsider"])
def test_others_edit_nothing(who, copied, city, instrument):
    actor = getattr(city, who)
    for act in (
        lambda: drafts.copy(actor=actor, source=instrument, code="lain", name="Lain"),
        lambda: drafts.publish(actor=actor, instrument_id=copied.pk, edits=None),
        lambda: drafts.discard(actor=actor, instrument_id=copied.pk),
        lambda: changes.save_frame(actor=actor, instrument_id=copied.pk, typed={"name": "X"}),
        lambda: changes.save_part(
            actor=actor, instrument_id=copied.pk, kind="indikator", code="1", typed={"name": "X"}
        ),
        lambda: changes.add_part(actor=actor, instrument_id=copied.pk, kind="domain", typed={}),
        lambda: changes.remove_part(actor=actor, instrument_id=copied.pk, kind="indikator", code="1"),
        lambda: exchange.from_file(actor=actor, content=exchange.to_file(instrument), file_name="a.json", code="b"),
    ):
        with pytest.raises(PermissionDenied):
            act()


# --- Compared --------------------------------------------------------------------------------------


def test_the_difference_names_the_row_the_field_and_the_words(copied, city, instrument):
    before = values(copied, "indikator", "1")["explanation"]
    save(city, copied, "indikator", "1", weight="10/3", explanation=before.replace("kerangka dasar", "pondasi"))
    changes.remove_part(actor=city.coordinator, instrument_id=copied.pk, kind="indikator", code="2")
    copied.refresh_from_db()
    found = {each.what: each for each in comparison.compare(instrument, copied)}
    changed = found["Indikator 1"]
    weight = next(each for each in changed.changes if each.label == "Bobot")
    assert (weight.before, weight.after) == ("1,3", "10/3")
    text = next(each for each in changed.changes if each.label == "Penjelasan")
    assert [(p.kind, p.text) for p in text.passages if p.kind in ("out", "in")] == [
        ("out", "kerangka dasar "),
        ("in", "pondasi "),
    ]
    assert (found["Indikator 2"].kind, found["Kriteria indikator 2, level 1"].kind) == ("gone", "gone")


# --- As a file -------------------------------------------------------------------------------------


def test_a_file_brought_in_and_taken_out_again_is_the_same_to_the_byte(city, instrument):
    content = exchange.to_file(instrument)
    moved = exchange.from_file(actor=city.coordinator, content=content, file_name="spbe.json", code="dari-kota-lain")
    assert (moved.is_draft, moved.is_default, moved.code) == (True, False, "dari-kota-lain")
    assert exchange.to_file(moved) == content.replace(b'"spbe-47-7aspek"', b'"dari-kota-lain"')


def test_a_file_is_loaded_elsewhere_by_loaddata(instrument, tmp_path):
    path = tmp_path / "instrumen.json"
    path.write_bytes(exchange.to_file(instrument).replace(b'"spbe-47-7aspek"', b'"di-tempat-lain"'))
    call_command("loaddata", str(path), verbosity=0)
    there = Instrument.objects.get(code="di-tempat-lain")
    assert exchange.to_file(there) == path.read_bytes()
    assert problems(stored_parts(there)) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "bukan json",
        lambda text: "[]",
        lambda text: "{}",
        lambda text: "[1]",
        lambda text: "[" * 100_000,
        lambda text: text.replace('"indicators.domain"', '"accounts.user"'),
        lambda text: text.replace('"weight_denominator": 10,', '"weight_denominator": 0,', 1),
        lambda text: text.replace('"weight_numerator": 13,', '"weight_numerator": -1,', 1),
        lambda text: text.replace('"weight_numerator": 13,', '"weight_numerator": 99999999999,', 1),
        lambda text: text.replace('"scale_max": 5', '"scale_max": "banyak"', 1),
        lambda text: text.replace('"scale_max": 5', '"scale_max": 0', 1),
        lambda text: text.replace('"code": "2"', '"code": "1"'),
        lambda text: text.replace('"name": "Memuaskan"', f'"name": "{"a" * 61}"', 1),
        lambda text: text.replace('"common_mistakes": [', '"common_mistakes": [{}, ', 1),
        lambda text: text.replace('"levels": [', '"levels": ["satu", ', 1),
    ],
)
def test_a_file_that_is_no_whole_instrument_is_refused_with_a_sentence(change, city, instrument):
    content = change(exchange.to_file(instrument).decode().replace("[\n        1\n      ]", "[1]"))
    with pytest.raises(Invalid):
        exchange.from_file(actor=city.coordinator, content=content.encode(), file_name="a.json", code="lain")
    assert Instrument.objects.filter(code="lain").count() == 0


def test_what_a_file_says_of_its_own_use_is_not_believed(city, instrument):
    content = exchange.to_file(instrument).replace(
        b'"short_name":',
        b'"is_default": true, "is_draft": false, "in_use_since": "2026-01-01", "short_name":',
        1,
    )
    made = exchange.from_file(actor=city.coordinator, content=content, file_name="a.json", code="lain")
    assert (made.is_default, made.is_draft, made.in_use_since) == (False, True, None)


def test_what_kept_its_name_is_the_same_indicator_as_in_what_it_was_copied_from(copied, city):
    save(city, copied, "indikator", "2", name="Tingkat Kematangan Hal Lain")
    drafts.publish(actor=city.coordinator, instrument_id=copied.pk, edits=1)
    found = links_between(copied.copied_from, copied)
    assert len(found) == 46
    assert all(link.source == link.target and link.share == 1 for link in found)
    assert "2" not in {link.source for link in found}
