"""What the walk over all addresses does not send: files with hostile names, bodies too large, guesses of names."""

import re
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import tasks
from accounts.models import User
from assessments.models import DocumentVersion, Evidence
from assessments.tests.files import pdf
from spbe_portal.tests.attacks.bodies import MARKUP, PROBE

pytestmark = pytest.mark.django_db

NAMES = [
    "../../../../etc/passwd.pdf",
    "..\\..\\windows\\win.ini.pdf",
    f"a\r\nX-{PROBE}: 1\r\n.pdf",
    f"<script>{PROBE}(1)</script>.pdf",
    'a"; filename="b.html.pdf',
    "a\x00.html.pdf",
    "\u202efdp.exe.pdf",
    "A" * 500 + ".pdf",
    "=cmd|'/c calc'!A1.pdf",
    ".pdf",
]


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_name_stays_in_its_folder_and_is_only_ever_a_text(login, city, assessment, settings, name):
    """Either it is refused, or it is stored under a name of ours and given back under a harmless one."""
    client = login(city.operator)
    where = [assessment.pk, "1"]
    response = client.post(reverse("evidence_add", args=where), {"file": SimpleUploadedFile(name, pdf())})
    assert response.status_code < 500
    root = Path(settings.MEDIA_ROOT).resolve()
    stored = [Path(version.file.path).resolve() for version in DocumentVersion.objects.all()]
    assert all(root in path.parents and PROBE not in path.name and len(path.name) < 100 for path in stored)
    page = client.get(reverse("answer", args=where))
    assert (page.status_code, MARKUP in page.content.decode()) == (200, False)
    evidence = Evidence.objects.filter(answer__assessment=assessment).first()
    if evidence is None:
        return
    answer = client.get(reverse("evidence_download", args=[evidence.pk]))
    said = answer.headers["Content-Disposition"]
    assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (200, "nosniff")
    assert said.startswith("attachment")
    assert not re.search(r'[\r\n\x00/\\]|filename="[^"]*"[^;]*"', said), said
    assert not any(PROBE in header for header in answer.headers if header != "Content-Disposition")


@pytest.mark.parametrize("name", ["agency_import", "person_import"])
@pytest.mark.parametrize("file_name", NAMES)
def test_a_list_of_any_name_is_refused_or_shown_as_text(login, city, name, file_name):
    file = SimpleUploadedFile(file_name.replace(".pdf", ".csv"), b"Nama;Nama pengguna;Singkatan\nA;a;A\n")
    page = login(city.coordinator).post(reverse(name), {"file": file}, follow=True)
    assert (page.status_code, MARKUP in page.content.decode()) == (200, False)


@pytest.mark.parametrize("address", ["account_login", "password_forgotten", "person_create"])
def test_a_body_of_more_than_the_limit_is_no_error(login, client, city, settings, address):
    body = {"name": "A" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1), "login": "a"}
    if address == "person_create":
        client = login(city.coordinator)
    response = client.post(reverse(address), body, content_type="application/x-www-form-urlencoded")
    assert response.status_code in (200, 400, 413)
    many = "&".join(f"f{number}=1" for number in range(5000))
    response = client.post(reverse(address), many, content_type="application/x-www-form-urlencoded")
    assert response.status_code in (400, 413)


class TestGuessingNames:
    def shape(self, response, name: str) -> tuple:
        text = response.content.decode().replace(name, "NAMA")
        return response.status_code, re.sub(r'value="\w{64}"', "", text)

    @pytest.mark.parametrize("path, field", [("account_login", "login"), ("password_forgotten", "login")])
    def test_a_name_that_is_and_one_that_is_not_get_the_same_answer(self, city, monkeypatch, path, field):
        monkeypatch.setattr(tasks.answer_forgotten, "delay", lambda typed: None)
        User.objects.filter(pk=city.operator.pk).update(email="ada@contoh.go.id")
        User.objects.filter(pk=city.operator2.pk).update(is_active=False)
        names = ["operator-dinkes", "operator2-dinkes", "admin", "tidak-ada", "ada@contoh.go.id"]
        shapes = set()
        for number, name in enumerate(names):
            answer = Client(REMOTE_ADDR=f"10.1.0.{number}").post(
                reverse(path), {field: name, "password": "salah-sekali-2026"}, follow=True
            )
            shapes.add(self.shape(answer, name))
        assert len(shapes) == 1

    def test_a_page_of_somebody_who_is_and_of_nobody_look_alike_to_who_may_not_see(self, client, city):
        for who in (None, city.operator, city.leader):
            if who:
                client.force_login(who)
            answers = [client.get(reverse("person", args=[pk])) for pk in (city.operator2.pk, 10**9)]
            assert len({answer.status_code for answer in answers}) == 1
