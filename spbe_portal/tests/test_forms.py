"""How Django's forms are drawn."""

import re
from datetime import date, datetime

import pytest
from django import forms
from django.core.exceptions import ValidationError

from spbe_portal.widgets import DayInput, MomentInput

pytestmark = pytest.mark.urls("spbe_portal.tests.pages")


@pytest.fixture
def drawn(client, city):
    """The sample form as text, for what was sent."""
    client.force_login(city.operator)
    return lambda **sent: client.get("/form/", sent).content.decode()


def tag_of(text: str, name: str) -> str:
    return re.search(rf'<(?:input|textarea|select)[^>]*name="{name}"[^>]*>', text).group()


@pytest.mark.parametrize(
    "name, css",
    [
        ("name", "form-control"),
        ("note", "form-control"),
        ("day", "form-control input-day"),
        ("kind", "form-select"),
        ("reason", "form-check-input"),
        ("agree", "form-check-input"),
    ],
)
def test_each_widget_has_its_class(drawn, name, css):
    assert f' class="{css}"' in tag_of(drawn(), name)


def test_hidden_fields_and_options_have_no_class(drawn):
    text = drawn()
    assert "class" not in tag_of(text, "token")
    assert re.findall(r"<option[^>]*>", text) == ['<option value="a">', '<option value="b">']


def test_labels_and_help_belong_to_their_field(drawn):
    text = drawn()
    assert '<label class="form-label" for="id_name">Nama</label>' in text
    assert 'aria-describedby="id_name_helptext"' in tag_of(text, "name")
    assert '<div class="form-text" id="id_name_helptext">Seperti yang tercetak.</div>' in text


def test_optional_fields_say_so(drawn):
    assert re.findall(r">(\w+) <span class=\"optional\">\(tidak wajib\)", drawn()) == ["Catatan"]


@pytest.mark.parametrize("typed", ["21/11/2026", "21-11-2026", "21.11.2026", "21112026", "2026-11-21", " 21/11/2026 "])
def test_a_day_is_read_as_offices_write_it_and_shown_in_one_way(drawn, typed):
    assert DayInput().value_from_datadict({"day": typed}, {}, "day") == "2026-11-21"
    tag = tag_of(drawn(day=typed), "day")
    assert 'type="text"' in tag
    assert 'value="21/11/2026"' in tag


@pytest.mark.parametrize(
    "typed",
    ["30/11/2026 16.00", "30-11-2026 16:00", "2026-11-30T16:00", "2026-11-30 16:00", "30/11/2026, pukul 16.00"],
)
def test_a_moment_is_read_as_offices_write_it_and_shown_in_one_way(drawn, typed):
    assert MomentInput().value_from_datadict({"moment": typed}, {}, "moment") == "2026-11-30T16:00"
    assert 'value="30/11/2026 16.00"' in tag_of(drawn(moment=typed), "moment")


@pytest.mark.parametrize("typed", ["31/02/2026", "besok", "\u0663\u0661/12/2026", "99999999"])
def test_what_is_no_day_is_refused(typed):
    field = forms.DateField(widget=DayInput)
    with pytest.raises(ValidationError):
        field.clean(DayInput().value_from_datadict({"day": typed}, {}, "day"))


def test_stored_days_and_moments_are_shown_as_offices_write_them():
    assert DayInput().format_value(date(2026, 1, 5)) == "05/01/2026"
    assert MomentInput().format_value(datetime(2026, 1, 5, 9, 30)) == "05/01/2026 09.30"
    assert (DayInput().format_value(None), MomentInput().format_value("")) == (None, None)


def test_errors_are_listed_with_links_and_tied_to_their_fields(drawn):
    text = drawn(name="", kind="a", day="2026-11-21", moment="2026-11-30T16:00", token="x")
    links = re.findall(r'<li><a href="(#\w+)">([^:]+): ', text)
    assert links == [("#id_name", "Nama"), ("#id_reason_0", "Alasan"), ("#id_agree", "Sudah diperiksa")]
    assert 'aria-invalid="true"' in tag_of(text, "name")
    assert 'aria-describedby="id_name_helptext id_name_error"' in tag_of(text, "name")
    assert 'id="id_name_error"' in text
    assert 'role="alert"' in text


def test_a_form_without_errors_has_no_summary(drawn):
    assert "error-summary" not in drawn()


def test_what_was_typed_comes_back_escaped(drawn):
    assert 'value="&lt;b&gt;"' in tag_of(drawn(name="<b>"), "name")
