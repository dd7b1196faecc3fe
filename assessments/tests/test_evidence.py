"""Evidence: adding, describing, using again, removing; and the one door to files."""

import hashlib
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from assessments import workflow
from assessments.errors import Invalid, TooLate, WrongState
from assessments.models import Assessment, Contributor, Document, DocumentVersion, Evidence, PagePreview
from assessments.services import evidence as services
from assessments.tests.files import archive, broken_listing, pdf, picture
from audit.models import Event
from conftest import accept_all

SCRIPT = {"X-Requested-With": "fetch", "Accept": "application/json"}


def file_of(content: bytes, name: str = "Laporan.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def add(assessment, user, content=None, name="Laporan.pdf", code="1", **details) -> services.Added:
    content = pdf() if content is None else content
    return services.add_file(
        assessment_id=assessment.pk, code=code, user=user, file=file_of(content, name), name=name, details=details
    )


def url(name, assessment, *rest, code="1"):
    return reverse(name, args=[assessment.pk, code, *rest])


def stored_files(agency) -> list[str]:
    try:
        return default_storage.listdir(f"evidence/{agency.pk}")[1]
    except FileNotFoundError:
        return []


class TestAdding:
    def test_a_file_becomes_a_document_of_the_agency_and_evidence_of_the_answer(self, assessment, city):
        content = pdf(2)
        evidence = add(assessment, city.operator, content, "SK_Tim SPBE.pdf", pages="1-2", level="3").evidence
        version, document = evidence.version, evidence.version.document
        assert (document.agency, document.title, document.kind) == (city.dinkes, "SK Tim SPBE", "keputusan")
        assert (version.original_name, version.size, version.page_count) == ("SK_Tim SPBE.pdf", len(content), 2)
        assert version.sha256 == hashlib.sha256(content).hexdigest()
        assert (version.preview, version.content_type) == ("pending", "application/pdf")
        assert (evidence.pages, evidence.level) == ("1-2", 3)
        assert version.file.name.startswith(f"evidence/{city.dinkes.pk}/")
        assert "SK" not in version.file.name
        assert version.file.open().read() == content

    def test_it_is_recorded_and_makes_the_person_a_contributor(self, assessment, city):
        add(assessment, city.operator)
        event = Event.objects.get(action="evidence.add")
        assert (event.actor, event.stream) == (city.operator, f"assessment:{assessment.pk}")
        assert event.after["file"] == "Laporan.pdf"
        assert Contributor.objects.filter(assessment=assessment, user=city.operator).exists()

    def test_its_pictures_are_asked_for_once_it_is_stored(
        self, assessment, city, monkeypatch, django_capture_on_commit_callbacks
    ):
        asked = []
        monkeypatch.setattr(services.make_previews, "delay", asked.append)
        with django_capture_on_commit_callbacks(execute=True):
            evidence = add(assessment, city.operator).evidence
            add(assessment, city.operator, archive({"a.pdf": b""}), "a.zip")
        assert asked == [evidence.version_id]

    def test_a_broker_that_is_down_does_not_undo_the_upload(
        self, assessment, city, monkeypatch, django_capture_on_commit_callbacks
    ):
        def down(pk):
            raise ConnectionError

        monkeypatch.setattr(services.make_previews, "delay", down)
        with django_capture_on_commit_callbacks(execute=True):
            add(assessment, city.operator)
        assert Evidence.objects.filter(answer__assessment=assessment).count() == 1

    def test_the_same_content_is_stored_once_for_one_agency(self, assessment, city):
        content = pdf()
        first = add(assessment, city.operator, content, code="1")
        second = add(assessment, city.operator, content, "Nama lain.pdf", code="2")
        assert (first.was_known, second.was_known) == (False, True)
        assert second.evidence.version == first.evidence.version
        assert len(stored_files(city.dinkes)) == 1

    @pytest.mark.parametrize("code", ["1", "2"])
    def test_a_known_file_that_was_lost_is_brought_back(
        self, assessment, city, code, monkeypatch, django_capture_on_commit_callbacks
    ):
        asked = []
        monkeypatch.setattr(services.make_previews, "delay", asked.append)
        content = pdf()
        version = add(assessment, city.operator, content).evidence.version
        default_storage.delete(version.file.name)
        DocumentVersion.objects.filter(pk=version.pk).update(preview="failed")
        with django_capture_on_commit_callbacks(execute=True):
            again = add(assessment, city.operator, content, code=code)
        version.refresh_from_db()
        assert (again.was_known, again.evidence.version, again.evidence.answer.indicator.code) == (True, version, code)
        assert (version.preview, asked) == ("pending", [version.pk])
        assert version.file.open().read() == content
        assert len(stored_files(city.dinkes)) == 1
        assert Document.objects.count() == 1

    def test_another_agencys_document_is_never_pointed_to(self, assessment, period, city):
        content = pdf()
        add(assessment, city.operator, content)
        other = Assessment.objects.get(period=period, agency=city.dinsos)
        assert add(other, city.other_operator, content).was_known is False

    def test_the_same_content_twice_on_one_answer_is_refused(self, assessment, city):
        content = pdf()
        add(assessment, city.operator, content)
        with pytest.raises(Invalid, match="sudah dilampirkan"):
            add(assessment, city.operator, content)
        assert Evidence.objects.count() == 1

    def test_a_refused_file_leaves_nothing_behind(self, assessment, city):
        with pytest.raises(Invalid):
            add(assessment, city.operator, b"MZ" * 40)
        assert (Document.objects.count(), stored_files(city.dinkes)) == (0, [])

    def test_a_hand_in_while_the_file_is_written_wins_and_the_file_goes(self, assessment, city, monkeypatch):
        original = services.uploads.inspect

        def meanwhile(*args):
            Assessment.objects.filter(pk=assessment.pk).update(status="submitted", submitted_at=timezone.now())
            return original(*args)

        monkeypatch.setattr(services.uploads, "inspect", meanwhile)
        with pytest.raises(WrongState):
            add(assessment, city.operator)
        assert (Evidence.objects.count(), stored_files(city.dinkes)) == (0, [])

    def test_there_is_a_limit_to_one_answer(self, assessment, city, monkeypatch):
        monkeypatch.setattr(services, "MAX_PER_ANSWER", 1)
        add(assessment, city.operator)
        with pytest.raises(Invalid, match="itu batasnya"):
            add(assessment, city.operator, pdf(2))

    def test_after_the_deadline_nothing_is_added(self, assessment, city):
        Assessment.objects.filter(pk=assessment.pk).update(extended_until=timezone.now() - timedelta(minutes=1))
        with pytest.raises(TooLate):
            add(assessment, city.operator)

    def test_a_link_becomes_evidence_without_a_file(self, assessment, city):
        evidence = services.add_link(
            assessment_id=assessment.pk, code="1", user=city.operator, url=" https://jdih.example/perwal/1 "
        )
        assert (evidence.version.url, evidence.version.preview) == ("https://jdih.example/perwal/1", "none")
        assert evidence.version.document.title == "jdih.example: 1"

    def test_a_link_with_a_space_is_mended_and_named_after_its_last_part(self, assessment, city):
        evidence = services.add_link(
            assessment_id=assessment.pk, code="1", user=city.operator, url="https://a.go.id/doc/SK Tim 2026.pdf?x=1"
        )
        assert evidence.version.url == "https://a.go.id/doc/SK%20Tim%202026.pdf?x=1"
        assert evidence.version.document.title == "a.go.id: SK Tim 2026.pdf"

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "jdih.example",
            "javascript:alert(1)",
            "ftp://a.example/b",
            "https://a b.example",
            "https://" + "a" * 1000,
            "https://a.go.id/\x00",
            "https://a.go.id/a\x1bb",
            "https://a.go.id/\u202efdp",
            "https://a.go.id/\ud800",
        ],
    )
    def test_only_web_addresses_are_links(self, assessment, city, address):
        with pytest.raises(Invalid) as refusal:
            services.add_link(assessment_id=assessment.pk, code="1", user=city.operator, url=address)
        assert list(refusal.value.errors) == ["url"]


class TestDescribing:
    def test_document_and_use_are_changed_and_recorded(self, assessment, city):
        evidence = add(assessment, city.operator).evidence
        services.edit(
            assessment_id=assessment.pk,
            code="1",
            user=city.operator,
            evidence_id=evidence.pk,
            details={
                "title": "Laporan 2026",
                "number": "1/2026",
                "date": "2026-03-01",
                "kind": "laporan",
                "level": "4",
            },
        )
        evidence = Evidence.objects.select_related("version__document").get()
        document = evidence.version.document
        assert (document.title, document.number, str(document.date)) == ("Laporan 2026", "1/2026", "2026-03-01")
        assert evidence.level == 4
        event = Event.objects.get(action="evidence.edit")
        assert (event.before["title"], event.after["title"]) == ("Laporan", "Laporan 2026")

    @pytest.mark.parametrize(
        "details, field",
        [
            ({"title": "  "}, "title"),
            ({"title": "a" * 201}, "title"),
            ({"date": "31-31-2026"}, "date"),
            ({"date": "0001-01-01"}, "date"),
            ({"kind": "rahasia"}, "kind"),
            ({"level": "9"}, "level"),
            ({"pages": "1" * 61}, "pages"),
            ({"sha256": "x"}, "sha256"),
        ],
    )
    def test_what_cannot_be_stored_is_refused_by_field(self, assessment, city, details, field):
        evidence = add(assessment, city.operator).evidence
        with pytest.raises(Invalid) as refusal:
            services.edit(
                assessment_id=assessment.pk, code="1", user=city.operator, evidence_id=evidence.pk, details=details
            )
        assert list(refusal.value.errors) == [field]

    def test_a_document_that_was_handed_in_elsewhere_keeps_its_title(self, returned, city):
        shared = Evidence.objects.get(answer__assessment=returned, answer__indicator__code="1")
        assert Evidence.objects.filter(version=shared.version).count() == 47
        with pytest.raises(Invalid, match="juga menjadi bukti"):
            services.edit(
                assessment_id=returned.pk,
                code="1",
                user=city.operator,
                evidence_id=shared.pk,
                details={"title": "Baru"},
            )
        services.edit(
            assessment_id=returned.pk, code="1", user=city.operator, evidence_id=shared.pk, details={"pages": "2"}
        )
        shared.refresh_from_db()
        assert shared.pages == "2"

    def test_a_document_used_only_where_it_may_change_can_change(self, returned, city):
        own = add(returned, city.operator, code="1").evidence
        services.edit(
            assessment_id=returned.pk, code="1", user=city.operator, evidence_id=own.pk, details={"title": "Baru"}
        )
        own.version.document.refresh_from_db()
        assert own.version.document.title == "Baru"


class TestRemovingAndUsingAgain:
    def test_only_the_pointer_goes(self, assessment, city):
        evidence = add(assessment, city.operator).evidence
        services.remove(assessment_id=assessment.pk, code="1", user=city.operator, evidence_id=evidence.pk)
        assert (Evidence.objects.count(), Document.objects.count(), len(stored_files(city.dinkes))) == (0, 1, 1)
        assert Event.objects.get(action="evidence.remove").before["title"] == "Laporan"

    def test_a_document_of_the_library_is_pointed_to_again(self, assessment, city):
        evidence = add(assessment, city.operator).evidence
        again = services.reuse(
            assessment_id=assessment.pk,
            code="2",
            user=city.operator,
            version_id=evidence.version_id,
            details={"level": 2},
        )
        assert (again.version, again.level) == (evidence.version, 2)

    def test_another_agencys_document_is_not(self, assessment, period, city):
        other = Assessment.objects.get(period=period, agency=city.dinsos)
        theirs = add(other, city.other_operator).evidence
        with pytest.raises(DocumentVersion.DoesNotExist):
            services.reuse(assessment_id=assessment.pk, code="1", user=city.operator, version_id=theirs.version_id)

    def test_nothing_changes_once_it_is_handed_in(self, submitted, city):
        evidence = Evidence.objects.filter(answer__assessment=submitted).first()
        where = {"assessment_id": submitted.pk, "code": "1", "user": city.operator}
        for act in (
            lambda: add(submitted, city.operator),
            lambda: services.add_link(**where, url="https://a.example"),
            lambda: services.edit(**where, evidence_id=evidence.pk, details={"pages": "1"}),
            lambda: services.remove(**where, evidence_id=evidence.pk),
            lambda: services.reuse(**where, version_id=evidence.version_id),
        ):
            with pytest.raises(WrongState):
                act()


class TestPages:
    def test_several_files_come_in_one_form_without_script(self, login, assessment, city):
        client = login(city.operator)
        answer = client.post(
            url("evidence_add", assessment),
            {"file": [file_of(pdf(1), "a.pdf"), file_of(picture(), "b.jpg")], "baru-title": ""},
            follow=True,
        )
        assert answer.redirect_chain[0][0].endswith("/indikator/1/#bukti")
        assert sorted(Document.objects.values_list("title", flat=True)) == ["a", "b"]
        assert "“a” dilampirkan." in answer.content.decode()

    def test_a_refused_file_is_explained_and_the_good_one_kept(self, login, assessment, city):
        answer = login(city.operator).post(
            url("evidence_add", assessment), {"file": [file_of(b"MZMZ", "a.pdf"), file_of(pdf(), "b.pdf")]}
        )
        assert answer.status_code == 400
        assert "isinya bukan PDF walau namanya berakhiran .pdf" in answer.content.decode()
        assert list(Document.objects.values_list("title", flat=True)) == ["b"]

    def test_a_file_that_breaks_its_decoder_stops_no_other(self, login, assessment, city):
        files = [file_of(broken_listing(), "a.docx"), file_of(pdf(), "b.pdf")]
        answer = login(city.operator).post(url("evidence_add", assessment), {"file": files})
        assert answer.status_code == 400
        assert "“a.docx” rusak atau terpotong" in answer.content.decode()
        assert list(Document.objects.values_list("title", flat=True)) == ["b"]

    def test_a_script_gets_the_list_and_what_is_still_missing(self, login, assessment, city):
        answer = login(city.operator).post(url("evidence_add", assessment), {"file": file_of(pdf())}, headers=SCRIPT)
        body = answer.json()
        assert (answer.status_code, body["count"], body["pending"], body["added"]) == (
            201,
            1,
            True,
            ["“Laporan” dilampirkan."],
        )
        assert "Laporan" in body["html"]
        assert body["gaps"] == ["unanswered"]

    def test_a_file_over_the_limit_is_not_read_to_its_end(self, login, assessment, city, settings):
        settings.EVIDENCE_MAX_BYTES = 200_000
        big = file_of(b"%PDF-1.4" + b"0" * 400_000, "besar.pdf")
        answer = login(city.operator).post(url("evidence_add", assessment), {"file": big}, headers=SCRIPT)
        assert answer.status_code == 413
        assert answer.json()["detail"] == (
            "Berkas “besar.pdf” terlalu besar: paling besar 195 KB. Perkecil berkasnya (misalnya pindai ulang dengan "
            "resolusi lebih rendah), atau lampirkan tautan."
        )

    def test_a_form_far_over_the_limit_is_refused_unread(self, login, assessment, city, settings):
        settings.EVIDENCE_MAX_BYTES = 1_000
        big = file_of(b"%PDF-1.4" + b"0" * 2_000_000, "besar.pdf")
        answer = login(city.operator).post(url("evidence_add", assessment), {"file": big}, headers=SCRIPT)
        assert answer.status_code == 413
        assert "terlalu besar" in answer.json()["detail"]

    def test_an_empty_form_says_so(self, login, assessment, city):
        answer = login(city.operator).post(url("evidence_add", assessment), {}, headers=SCRIPT)
        assert (answer.status_code, answer.json()["detail"]) == (
            400,
            "Belum ada berkas yang dipilih. Pilih berkas, atau isi tautannya.",
        )

    def test_a_wrong_link_comes_back_with_what_was_typed(self, login, assessment, city):
        answer = login(city.operator).post(url("evidence_add", assessment), {"url": "javascript:alert(1)"})
        assert answer.status_code == 400
        assert 'value="javascript:alert(1)"' in answer.content.decode()

    def test_a_wrong_description_comes_back_with_what_was_typed(self, login, assessment, city):
        evidence = add(assessment, city.operator).evidence
        answer = login(city.operator).post(
            url("evidence_edit", assessment, evidence.pk),
            {f"b{evidence.pk}-title": "", f"b{evidence.pk}-number": "Nomor yang diketik"},
        )
        assert answer.status_code == 400
        assert 'value="Nomor yang diketik"' in answer.content.decode()

    def test_removing_twice_is_no_error(self, login, assessment, city):
        evidence = add(assessment, city.operator).evidence
        client = login(city.operator)
        where = url("evidence_remove", assessment, evidence.pk)
        assert client.post(where, headers=SCRIPT).json()["count"] == 0
        assert client.post(where, headers=SCRIPT).json()["detail"] == "Bukti itu sudah tidak ada pada indikator ini."

    def test_an_unknown_indicator_is_404(self, login, assessment, city):
        answer = login(city.operator).post(url("evidence_add", assessment, code="99"), {"file": file_of(pdf())})
        assert answer.status_code == 404

    def test_using_again_takes_only_the_agencys_own(self, login, assessment, period, city):
        other = Assessment.objects.get(period=period, agency=city.dinsos)
        theirs = add(other, city.other_operator).evidence
        client = login(city.operator)
        assert client.post(url("evidence_reuse", assessment), {"evidence": theirs.pk}).status_code == 404
        assert client.post(url("evidence_reuse", assessment), {"evidence": "x"}).status_code == 404
        own = add(assessment, city.operator, code="2").evidence
        assert client.post(url("evidence_reuse", assessment), {"evidence": own.pk}).status_code == 302
        assert Evidence.objects.filter(answer__indicator__code="1", version=own.version).exists()

    def test_a_late_upload_says_why(self, login, assessment, city):
        Assessment.objects.filter(pk=assessment.pk).update(extended_until=timezone.now() - timedelta(minutes=1))
        answer = login(city.operator).post(url("evidence_add", assessment), {"file": file_of(pdf())}, headers=SCRIPT)
        assert answer.status_code == 409
        assert "sudah lewat" in answer.json()["detail"]

    def test_a_page_opened_by_somebody_else_is_not_written_by_me(self, login, assessment, city):
        answer = login(city.operator).post(
            url("evidence_add", assessment),
            {"file": file_of(pdf())},
            headers={**SCRIPT, "X-Portal-User": str(city.operator2.pk)},
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "other_user")
        assert Evidence.objects.count() == 0


class TestFiles:
    @pytest.fixture
    def evidence(self, assessment, city):
        return add(assessment, city.operator, name='Lapor"an É.pdf').evidence

    def test_a_file_is_an_attachment_under_its_own_name_that_nothing_runs(self, login, evidence, city):
        answer = login(city.operator).get(reverse("evidence_download", args=[evidence.pk]))
        assert answer["Content-Disposition"] == "attachment; filename*=utf-8''Lapor%22an%20%C3%89.pdf"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert b"".join(answer.streaming_content).startswith(b"%PDF-")

    def test_downloads_by_others_are_recorded_and_the_agencys_own_are_not(self, login, evidence, assessment, city):
        where = reverse("evidence_download", args=[evidence.pk])
        login(city.operator).get(where)
        assert not Event.objects.filter(action="evidence.download").exists()
        login(city.coordinator).get(where)
        assert Event.objects.get(action="evidence.download").actor == city.coordinator

    def test_who_may_have_the_file_of_a_draft(self, login, evidence, city):
        expected = {
            city.operator: 200,
            city.operator2: 200,
            city.coordinator: 200,
            city.other_operator: 404,
            city.verifier: 404,
            city.verifier2: 404,
            city.leader: 404,
            city.admin: 404,
            city.outsider: 404,
        }
        for name, rest in (("evidence_download", []), ("evidence_page", [1])):
            PagePreview.objects.all().delete()
            page = PagePreview(version=evidence.version, page=1, width=1, height=1)
            page.file.save("previews/1.png", file_of(picture("PNG")), save=True)
            found = {who: login(who).get(reverse(name, args=[evidence.pk, *rest])).status_code for who in expected}
            assert found == expected

    def test_a_leader_gets_evidence_only_from_approval_on(self, login, submitted, city):
        evidence = Evidence.objects.filter(answer__assessment=submitted).first()
        where = reverse("evidence_download", args=[evidence.pk])
        assert login(city.leader).get(where).status_code == 403
        assert login(city.verifier).get(where).status_code == 200
        accept_all(submitted, city.verifier)
        workflow.approve(assessment_id=submitted.pk, user=city.verifier)
        assert login(city.leader).get(where).status_code == 200

    def test_a_link_has_no_file_and_a_lost_file_is_404(self, login, evidence, assessment, city):
        link = services.add_link(assessment_id=assessment.pk, code="1", user=city.operator, url="https://a.example")
        client = login(city.operator)
        assert client.get(reverse("evidence_download", args=[link.pk])).status_code == 404
        default_storage.delete(evidence.version.file.name)
        assert client.get(reverse("evidence_download", args=[evidence.pk])).status_code == 404

    def test_a_page_is_shown_in_place_and_a_missing_one_is_404(self, login, evidence, city):
        page = PagePreview(version=evidence.version, page=1, width=60, height=40)
        page.file.save("previews/1.png", file_of(picture("PNG")), save=True)
        client = login(city.operator)
        answer = client.get(reverse("evidence_page", args=[evidence.pk, 1]))
        assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/png", "private, max-age=600")
        assert "attachment" not in answer.get("Content-Disposition", "")
        assert client.get(reverse("evidence_page", args=[evidence.pk, 2])).status_code == 404
