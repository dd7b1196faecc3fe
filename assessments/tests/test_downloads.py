"""Files on their way out: headers, parts, nginx, and the events of reading."""

import hashlib
import logging

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from accounts.models import Role
from assessments import workflow
from assessments.models import Document, DocumentVersion, Evidence, PagePreview
from audit.models import Event
from conftest import accept_all, hand_in, make_person

CONTENT = bytes(range(256)) * 40  # 10,240 bytes
SHA = hashlib.sha256(CONTENT).hexdigest()
PEOPLE = (
    "anonymous",
    "operator",
    "operator2",
    "other_operator",
    "verifier",
    "member_verifier",
    "coordinator",
    "member_coordinator",
    "leader",
    "admin",
    "outsider",
)
MEMBERS = {"operator", "operator2", "member_verifier", "member_coordinator"}


@pytest.fixture
def evidence(assessment, city) -> Evidence:
    """Of indicator 1, with a stored file and one picture."""
    document = Document.objects.create(agency=city.dinkes, title="Laporan", created_by=city.operator)
    version = DocumentVersion(
        document=document,
        original_name="Laporan.pdf",
        content_type="application/pdf",
        size=len(CONTENT),
        sha256=SHA,
        uploaded_by=city.operator,
    )
    version.file.save("evidence/uji.pdf", ContentFile(CONTENT), save=True)
    name = default_storage.save("previews/uji.png", ContentFile(b"gambar"))
    PagePreview.objects.create(version=version, page=1, file=name, width=1, height=1)
    PagePreview.objects.create(version=version, page=2, file=name, width=1, height=1)
    answer = assessment.answers.get(indicator__code="1")
    return Evidence.objects.create(answer=answer, version=version, added_by=city.operator)


@pytest.fixture
def get(login, evidence, city):
    """`get("operator", Range="bytes=0-9")` downloads it."""

    def _get(who: str, method: str = "get", **headers: str):
        client = login(getattr(city, who))
        wanted = {name.replace("_", "-"): value for name, value in headers.items()}
        return getattr(client, method)(reverse("evidence_download", args=[evidence.pk]), headers=wanted)

    return _get


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


class TestParts:
    def test_the_whole_file_with_all_its_headers(self, get):
        response = get("operator")
        assert (response.status_code, body(response)) == (200, CONTENT)
        expected = {
            "Content-Type": "application/pdf",
            "Content-Length": "10240",
            "Content-Disposition": 'attachment; filename="Laporan.pdf"',
            "Accept-Ranges": "bytes",
            "ETag": f'"{SHA}"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        assert {name: response[name] for name in expected} == expected

    @pytest.mark.parametrize(
        "wanted, status, first, last",
        [
            ("bytes=0-99", 206, 0, 99),
            ("bytes=100-199", 206, 100, 199),
            ("bytes=10000-", 206, 10_000, 10_239),
            ("bytes=10239-", 206, 10_239, 10_239),
            ("bytes=5-99999", 206, 5, 10_239),
            ("bytes=-100", 206, 10_140, 10_239),
            ("bytes=-99999", 206, 0, 10_239),
            ("Bytes = 7-8", 206, 7, 8),
            ("bytes=0-0", 206, 0, 0),
            # Not understood, or more than one: the whole is always right.
            ("bytes=9-5", 200, 0, 10_239),
            ("bytes=-", 200, 0, 10_239),
            ("bytes=a-b", 200, 0, 10_239),
            ("bytes=0-1,5-6", 200, 0, 10_239),
            ("items=0-1", 200, 0, 10_239),
            ("bytes=" + "9" * 40 + "-", 200, 0, 10_239),
        ],
    )
    def test_one_range(self, get, wanted, status, first, last):
        response = get("operator", Range=wanted)
        assert (response.status_code, body(response)) == (status, CONTENT[first : last + 1])
        assert response["Content-Length"] == str(last - first + 1)
        assert response.get("Content-Range") == (f"bytes {first}-{last}/10240" if status == 206 else None)

    @pytest.mark.parametrize("wanted", ["bytes=10240-", "bytes=99999-100000", "bytes=-0"])
    def test_a_range_beyond_the_end(self, get, wanted):
        response = get("operator", Range=wanted)
        assert (response.status_code, response["Content-Range"], body(response)) == (416, "bytes */10240", b"")

    @pytest.mark.parametrize(
        "condition, status",
        [(f'"{SHA}"', 206), ('"lain"', 200), (f'W/"{SHA}"', 200), ("Sat, 21 Nov 2026 10:00:00 GMT", 200)],
    )
    def test_a_range_of_something_else_is_the_whole(self, get, condition, status):
        assert get("operator", Range="bytes=0-9", If_Range=condition).status_code == status

    def test_what_is_known_is_not_sent_again(self, get):
        response = get("operator", If_None_Match=f'W/"{SHA}"')
        assert (response.status_code, response["ETag"], body(response)) == (304, f'"{SHA}"', b"")

    def test_asking_for_the_head_sends_nothing_and_says_the_length(self, get):
        response = get("operator", "head", Range="bytes=0-9")
        assert (response.status_code, response["Content-Length"], response["Accept-Ranges"]) == (200, "10240", "bytes")


@pytest.mark.parametrize(
    "stored, sent",
    [
        ("Laporan.pdf", 'attachment; filename="Laporan.pdf"'),
        ('a".pdf', 'attachment; filename="a\\".pdf"'),
        ("a\r\nSet-Cookie: x=1.pdf", 'attachment; filename="a Set-Cookie: x=1.pdf"'),
        ("a\x01b\x7f.pdf", 'attachment; filename="ab.pdf"'),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
        ("C:\\Users\\x\\sk.pdf", 'attachment; filename="sk.pdf"'),
        ("laporan \u202efdp.exe", 'attachment; filename="laporan fdp.exe"'),
        ("Évaluasi “SPBE”.pdf", "attachment; filename*=utf-8''%C3%89valuasi%20%E2%80%9CSPBE%E2%80%9D.pdf"),
        ("a; filename=b.exe", 'attachment; filename="a; filename=b.exe"'),
        ("", 'attachment; filename="bukti"'),
        ("\r\n", 'attachment; filename="berkas"'),
        ("x" * 250 + ".pdf", f'attachment; filename="{"x" * 116}.pdf"'),
    ],
)
def test_no_name_breaks_out_of_its_header(get, evidence, stored, sent):
    DocumentVersion.objects.filter(pk=evidence.version_id).update(original_name=stored)
    response = get("operator")
    assert (response.status_code, response["Content-Disposition"]) == (200, sent)
    assert "Set-Cookie" not in response


def test_a_file_that_is_gone_is_said_to_be_and_logged(get, evidence, caplog):
    evidence.version.file.storage.delete(evidence.version.file.name)
    before = Event.objects.count()
    with caplog.at_level(logging.ERROR, "assessments.downloads"):
        response = get("coordinator")
    assert response.status_code == 404
    assert "Berkas tidak ditemukan di penyimpanan" in response.content.decode()
    assert [f"version {evidence.version_id} is not" in record.getMessage() for record in caplog.records] == [True]
    assert Event.objects.count() == before


class TestNginx:
    @pytest.fixture(autouse=True)
    def behind_nginx(self, settings):
        settings.DOWNLOADS_BY_NGINX = True

    def test_nginx_is_told_where_the_file_lies(self, get, evidence):
        response = get("operator", Range="bytes=5-9")
        assert (response.status_code, response.content) == (200, b"")
        assert response["X-Accel-Redirect"] == f"/internal-files/{evidence.version.file.name}"
        assert response["Content-Disposition"] == 'attachment; filename="Laporan.pdf"'
        assert "ETag" not in response

    def test_its_path_is_encoded(self, get, evidence):
        name = default_storage.save("evidence/a b%41?é.pdf", ContentFile(b"x"))
        DocumentVersion.objects.filter(pk=evidence.version_id).update(file=name)
        where = get("operator")["X-Accel-Redirect"]
        assert where.startswith("/internal-files/evidence/a")
        assert where.isascii()
        assert not set(where) & set(" ?")

    def test_a_file_that_is_gone_is_not_left_to_nginx(self, get, evidence):
        evidence.version.file.storage.delete(evidence.version.file.name)
        response = get("operator")
        assert (response.status_code, "X-Accel-Redirect" in response) == (404, False)

    def test_a_visitor_cannot_say_where(self, get):
        assert get("other_operator", X_Accel_Redirect="/internal-files/secret.key").status_code == 404


class TestWhoReads:
    def person(self, city, who):
        if who == "member_verifier":
            return make_person("verifikator-dinkes", (Role.VERIFIER, city.dinkes))
        if who == "member_coordinator":
            return make_person("koordinator-dinkes", (Role.COORDINATOR, city.dinkes))
        return getattr(city, who)

    @pytest.mark.parametrize(
        "state, readers",
        [
            ("draft", {"operator", "operator2", "member_verifier", "coordinator", "member_coordinator"}),
            (
                "submitted",
                {"operator", "operator2", "member_verifier", "coordinator", "member_coordinator", "verifier"},
            ),
            (
                "approved",
                {
                    "operator",
                    "operator2",
                    "member_verifier",
                    "coordinator",
                    "member_coordinator",
                    "verifier",
                    "leader",
                },
            ),
        ],
    )
    def test_every_reading_from_outside_is_an_event(self, client, login, evidence, assessment, city, state, readers):
        if state != "draft":
            hand_in(assessment, city.operator)
        if state == "approved":
            accept_all(assessment, city.verifier)
            workflow.approve(assessment_id=assessment.pk, user=city.verifier)
        outcome: dict[str, tuple[int, int]] = {}
        urls = [
            reverse("evidence_download", args=[evidence.pk]),
            reverse("evidence_page", args=[evidence.pk, 1]),
            reverse("evidence_page", args=[evidence.pk, 2]),
        ]
        for who in PEOPLE:
            browser = client if who == "anonymous" else login(self.person(city, who))
            statuses = {browser.get(url).status_code for url in urls}
            assert len(statuses) == 1
            outcome[who] = statuses.pop()
        refused = {"anonymous": 302, "leader": 403 if state == "submitted" else 404}
        assert outcome == {who: 200 if who in readers else refused.get(who, 404) for who in PEOPLE}
        outside = sorted(self_name(city, who) for who in readers - MEMBERS)
        for action in ("evidence.download", "evidence.view"):
            events = Event.objects.filter(action=action)
            assert sorted(event.actor.username for event in events) == outside
            assert {event.stream for event in events} == {f"assessment:{assessment.pk}"}
            assert {event.after["sha256"] for event in events} == {SHA}

    def test_the_library_from_outside_is_an_event_too(self, login, evidence, city):
        url = reverse("document_download", args=[evidence.version_id])
        assert login(city.operator).get(url).status_code == 200
        assert not Event.objects.filter(action="document.download").exists()
        assert login(city.coordinator).get(url).status_code == 200
        event = Event.objects.get(action="document.download")
        assert (event.actor, event.stream) == (city.coordinator, f"library:{city.dinkes.pk}")

    def test_the_rest_of_a_download_is_no_second_one_but_a_download_where_none_began(self, get):
        def events() -> int:
            return Event.objects.filter(action="evidence.download").count()

        assert get("coordinator", Range="bytes=1-").status_code == 206
        assert events() == 1  # all but the first byte is a download like any other
        get("coordinator", Range="bytes=5000-")
        get("coordinator", Range="bytes=-10")
        assert events() == 1
        get("coordinator", Range="bytes=0-99")
        get("coordinator")
        assert events() == 3

    def test_what_sends_nothing_is_no_event(self, get):
        get("coordinator", "head")
        get("coordinator", Range="bytes=99999-")
        get("coordinator", If_None_Match=f'"{SHA}"')
        assert not Event.objects.filter(action="evidence.download").exists()

    def test_looking_is_one_event_a_version_and_day(self, login, evidence, city, monkeypatch):
        client = login(city.coordinator)
        for page in (1, 2, 1):
            assert client.get(reverse("evidence_page", args=[evidence.pk, page])).status_code == 200
        assert Event.objects.filter(action="evidence.view").count() == 1
        DocumentVersion.objects.filter(pk=evidence.version_id).update(sha256="1" * 64)  # points to another content
        client.get(reverse("evidence_page", args=[evidence.pk, 1]))
        assert Event.objects.filter(action="evidence.view").count() == 2


def self_name(city, who: str) -> str:
    return getattr(city, who).username
