from decimal import Decimal
from fractions import Fraction

import pytest
from django.template import Context, Template
from lucide import IconDoesNotExist

from assessments.models import DecisionKind, Period, Status
from spbe_portal.templatetags import portal as tags


def rendered(source: str, **values) -> str:
    return Template(source).render(Context(values))


def test_filters_write_values_as_the_functions_do():
    assert rendered("{{ a|decimal_id }} {{ b|weight_id }} {{ c|size_id }}", a=Fraction(361, 100), b=3, c=None) == (
        "3,61 3 % –"
    )


def test_a_level_is_read_out_with_its_digit_and_name():
    assert rendered("{% level_badge 3 'Terdefinisi' %}") == (
        '<span class="lvl"><span class="lvl-digit lvl-3"><span class="visually-hidden">Level </span>3</span>'
        '<span class="lvl-name">Terdefinisi</span></span>'
    )


@pytest.mark.parametrize(
    "arguments, word",
    [
        ("None", "Belum diisi"),
        ("None empty='Belum dinilai'", "Belum dinilai"),
        ("3 not_relevant=True", "Tidak relevan"),
    ],
)
def test_a_missing_level_is_a_word_and_not_a_digit(arguments, word):
    assert rendered(f"{{% level_badge {arguments} %}}") == (
        f'<span class="lvl lvl-out"><span class="lvl-name">{word}</span></span>'
    )


@pytest.mark.parametrize(
    "level, name",
    [(None, "lvl-none"), (0, "lvl-0"), (Decimal("1.26"), "lvl-1"), (5, "lvl-5"), (9, "lvl-5"), (-1, "lvl-0")],
)
def test_a_level_takes_the_colour_of_the_step_it_reached(level, name):
    assert tags.level_class(level) == name


def test_names_in_badges_are_escaped():
    assert "<b>" not in rendered("{% level_badge 3 name %}{% state name %}", name="<b>")


def test_every_status_has_a_badge_that_says_what_the_model_says():
    assert {code: tags.ASSESSMENT_STATUS[code][0] for code in Status.values} == dict(Status.choices)
    assert {code: tags.PERIOD_STATUS[code][0] for code in Period.Status.values} == dict(Period.Status.choices)
    assert {code: tags.DECISION[code][0] for code in DecisionKind.values} == dict(DecisionKind.choices)


@pytest.mark.parametrize("table", [tags.ASSESSMENT_STATUS, tags.PERIOD_STATUS, tags.DECISION, tags.JOB_STATUS])
def test_every_badge_draws_its_icon_and_word(table):
    for code, (text, _, kind) in table.items():
        badge = tags._of(table, code)
        assert badge.startswith(f'<span class="state state-{kind}"><svg')
        assert badge.endswith(f"</svg>{text}</span>")


def test_an_unknown_status_is_an_error():
    with pytest.raises(KeyError):
        tags.status_badge("done")


def test_no_decision_yet_is_said_so():
    assert tags.decision_badge(None).endswith("Belum diverifikasi</span>")


def test_icons_are_hidden_from_screen_readers():
    drawn = tags.icon("upload", 24)
    assert 'aria-hidden="true"' in drawn
    assert 'width="24"' in drawn


def test_an_unknown_icon_is_an_error():
    with pytest.raises(IconDoesNotExist):
        tags.icon("no-such-icon")
