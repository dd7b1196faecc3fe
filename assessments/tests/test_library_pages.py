"""The pages of the library: list, upload, document, new version, and the picker on the indicator page."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.models import Document, DocumentVersion, Evidence
from assessments.services import documents as services
from assessments.services import evidence as evidence_services
from assessments.services import uploads
from assessments.tests.files import pdf
from assessments.tests.test_library import file_of, keep, predecessor_of, renew, use
from audit.models import Event
from conftest import make_person

SCRIPT = {"X-Requested-With": "fetch", "Accept": "application/json"}
PART = {"HX-Request": "true"}


def rows_of(client, **query) -> list[str]:
    return [row.document.title for row in client.get(reverse("document_list"), query).context["shown"].rows]


def many(agency, user, count: int, **fields) -> list[DocumentVersion]:
    """Documents with two versions each, the newest returned."""
    documents = Document.objects.bulk_create(
        Document(agency=agency, title=f"Dokumen {number:04d}", created_by=user, **fields) for number in range(count)
    )
    made = DocumentVersion.objects.bulk_create(
        DocumentVersion(
            document=document,
            number=number,
            file=f"evidence/{document.pk}-{number}.pdf",
            original_name=f"berkas-{document.pk}.pdf",
            content_type="application/pdf",
            sha256="0" * 64,
            uploaded_by=user,
        )
        for document in documents
        for number in (1, 2)
    )
    return made[1::2]


def queries_of(client, url: str, **headers) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url, headers=headers).status_code == 200
    return len(seen)


class TestList:
    @pytest.fixture
    def kept(self, city):
        today = timezone.localdate()
        made = [
            keep(city.dinkes, city.operator, pdf(1), "Perwal SPBE.pdf", number="12/2026"),
            keep(city.dinkes, city.operator, pdf(2), "b.pdf", title="SOP", kind="sop", valid_until=f"{today}"),
            keep(
                city.dinkes,
                city.operator,
                pdf(3),
                "c.pdf",
                title="Perjanjian",
                kind="perjanjian",
                valid_until=today - timedelta(days=1),
            ),
            services.add_link(agency_id=city.dinkes.pk, user=city.operator, url="https://jdih.example/UU"),
        ]
        keep(city.dinsos, city.other_operator, pdf(4), "Rahasia Dinsos.pdf")
        return [each.version.document.title for each in made]

    def test_only_the_own_agencys_newest_first(self, kept, city, login):
        assert rows_of(login(city.operator)) == kept[::-1]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"q": "PERWAL"}, [0]),
            ({"q": "12/20"}, [0]),
            ({"q": "B.PDF"}, [1]),
            ({"q": "jdih"}, [3]),
            ({"q": "tidak ada"}, []),
            ({"jenis": "sop"}, [1]),
            ({"status": "habis"}, [2]),
            ({"status": "segera"}, [1]),
            ({"status": "berlaku"}, [0, 1, 3]),
            ({"status": "tautan"}, [3]),
            ({"status": "berkas"}, [0, 1, 2]),
            ({"status": "belum-dipakai", "jenis": "sop"}, [1]),
            ({"status": "zzz", "jenis": "zzz", "urut": "zzz", "halaman": "zzz"}, [0, 1, 2, 3]),
        ],
    )
    def test_search_and_filters(self, kept, city, login, query, found):
        assert sorted(rows_of(login(city.operator), **query)) == sorted(kept[at] for at in found)

    def test_chips_count_what_they_would_show(self, kept, city, login):
        client = login(city.operator)
        shown = client.get(reverse("document_list")).context["shown"]
        for state, _, count in shown.states:
            assert len(rows_of(client, status=state)) == count
        for kind, _, count in shown.kinds:
            assert len(rows_of(client, jenis=kind)) == count

    @pytest.mark.parametrize("order", ["judul", "tanggal", "dipakai"])
    def test_orders(self, kept, city, login, order):
        titles = rows_of(login(city.operator), urut=order)
        assert sorted(titles) == sorted(kept)
        if order == "judul":
            assert titles == sorted(kept, key=str.lower)

    def test_use_is_counted(self, assessment, city, login):
        version = keep(city.dinkes, city.operator).version
        for code in ("1", "2"):
            use(assessment, city.operator, version, code)
        rows = login(city.operator).get(reverse("document_list")).context["shown"].rows
        assert [(row.answers, row.periods, row.follow_ups) for row in rows] == [(2, 1, 0)]

    @pytest.mark.parametrize("order", ["", "dipakai"])
    def test_queries_do_not_grow(self, assessment, city, login, order):
        client = login(city.operator)
        versions = many(city.dinkes, city.operator, 2)
        use(assessment, city.operator, versions[0])
        few = queries_of(client, f"{reverse('document_list')}?urut={order}")
        versions = many(city.dinkes, city.operator, 60)
        answer = assessment.answers.last()
        Evidence.objects.bulk_create(
            Evidence(answer=answer, version=version, added_by=city.operator) for version in versions
        )
        assert queries_of(client, f"{reverse('document_list')}?urut={order}") == few

    def test_a_coordinator_chooses_and_is_told_for_whom_they_act(self, kept, city, login):
        client = login(city.coordinator)
        assert client.get(reverse("document_list")).context["agency"] is None
        page = client.get(reverse("document_list"), {"opd": city.dinkes.pk})
        assert "bertindak atas nama Dinas Kesehatan" in page.content.decode()
        assert len(page.context["shown"].rows) == 4

    @pytest.mark.parametrize("wanted", ["dinsos", "x", "0", "9" * 30])
    def test_another_library_is_not_found(self, kept, city, login, wanted):
        opd = city.dinsos.pk if wanted == "dinsos" else wanted
        client = login(city.operator)
        for name in ("document_list", "document_add"):
            assert client.get(reverse(name), {"opd": opd}).status_code == 404
        assert client.post(f"{reverse('document_add')}?opd={opd}", {"url": "https://a.example/b"}).status_code == 404


class TestUploading:
    def test_without_script_several_files_and_a_link(self, city, login):
        client = login(city.operator)
        response = client.post(
            reverse("document_add"),
            {"file": [file_of(pdf(1), "A.pdf"), file_of(pdf(2), "B.pdf")], "url": "https://a.example/c"},
            follow=True,
        )
        assert [str(message) for message in response.context["messages"]] == [
            "“A” tersimpan di pustaka.",
            "“B” tersimpan di pustaka.",
            "“a.example: c” tersimpan di pustaka.",
        ]
        assert len(response.context["recent"]) == 3

    def test_a_script_gets_the_list_and_recognised_content_is_offered(self, city, login):
        client = login(city.operator)
        known = keep(city.dinkes, city.operator, pdf(1), "Lama.pdf").version
        Document.objects.update(created_at=timezone.now() - timedelta(days=9))
        DocumentVersion.objects.update(uploaded_at=timezone.now() - timedelta(days=9))
        response = client.post(reverse("document_add"), {"file": file_of(pdf(1), "Baru.pdf")}, headers=SCRIPT)
        data = response.json()
        assert (response.status_code, data["count"]) == (201, 0)
        assert data["added"] == [
            "Isi yang sama sudah ada di pustaka sebagai “Lama”, versi 1, jadi tidak disimpan lagi."
        ]
        assert reverse("document", args=[known.document_id]) in data["html"]
        assert set(data) >= {"html", "count", "pending", "added", "problems"}

    def test_a_refusal_keeps_what_was_typed(self, city, login):
        response = login(city.operator).post(
            reverse("document_add"), {"file": file_of(b"MZ" * 40, "a.pdf"), "baru-number": "77/2026"}
        )
        assert response.status_code == 400
        assert "77/2026" in response.content.decode()
        assert Document.objects.count() == 0

    def test_a_bad_link_stays_in_its_field(self, city, login):
        response = login(city.operator).post(reverse("document_add"), {"url": "javascript:alert(1)"})
        assert (response.status_code, response.context["url"]) == (400, "javascript:alert(1)")

    def test_nothing_chosen_is_said(self, city, login):
        response = login(city.operator).post(reverse("document_add"), {})
        assert "Belum ada berkas yang dipilih" in response.content.decode()


class TestDocument:
    def test_versions_and_where_it_is_used(self, assessment, city, login):
        kept = keep(city.dinkes, city.operator)
        evidence = use(assessment, city.operator, kept.version, "7")
        renew(kept.version.document, city.operator, pdf(2), change="Sudah ditandatangani")
        page = login(city.operator).get(reverse("document", args=[kept.version.document_id])).context["page"]
        assert [version.number for version in page.versions] == [2, 1]
        assert [(each.evidence, each.is_open, each.is_behind) for each in page.uses] == [(evidence, True, True)]

    def test_who_did_what_is_told_to_who_keeps_it(self, city, login):
        document = keep(city.dinkes, city.operator).version.document
        services.edit_document(document_id=document.pk, user=city.coordinator, details={"title": "Dua"}, version=1)
        keep(city.dinkes, city.operator, pdf(2), "Lain.pdf")
        url = reverse("document", args=[document.pk])
        acts = login(city.operator).get(url).context["acts"]
        assert [(entry.line.who, entry.line.on_behalf_of, entry.line.text) for entry in acts] == [
            (str(city.coordinator), city.dinkes.name, "mengubah keterangan dokumen pustaka “Dua”"),
            (str(city.operator), "", "menambahkan dokumen ke pustaka: “SK Tim SPBE”"),
        ]

    def test_what_is_not_visible_is_only_counted(self, assessment, city, login):
        old = predecessor_of(city.dinkes)
        kept = keep(old, city.coordinator)
        use(assessment, city.operator, kept.version)
        other = make_person("operator-lama", ("operator", old))
        page = login(other).get(reverse("document", args=[kept.version.document_id])).context["page"]
        assert (page.uses, page.hidden_uses) == ([], 1)

    def test_queries_do_not_grow(self, assessment, city, login):
        kept = keep(city.dinkes, city.operator)
        url = reverse("document", args=[kept.version.document_id])
        use(assessment, city.operator, kept.version)
        client = login(city.operator)
        few = queries_of(client, url)
        for number in (2, 3, 4):
            renew(kept.version.document, city.operator, pdf(number))
        Evidence.objects.bulk_create(
            Evidence(answer=answer, version=kept.version, added_by=city.operator)
            for answer in assessment.answers.exclude(indicator__code="1")
        )
        assert queries_of(client, url) == few

    def test_editing_shows_theirs_beside_yours(self, city, login):
        document = keep(city.dinkes, city.operator).version.document
        services.edit_document(document_id=document.pk, user=city.operator2, details={"title": "Dua"}, version=1)
        client = login(city.operator)
        form = {"title": "Satu", "kind": "sop", "version": "1"}
        response = client.post(reverse("document_edit", args=[document.pk]), form)
        assert response.status_code == 409
        assert ("Judul", "Dua", "Satu") in [
            (each.label, each.stored, each.typed) for each in response.context["differences"]
        ]
        form["version"] = str(response.context["form"]["version"].value())
        assert client.post(reverse("document_edit", args=[document.pk]), form).status_code == 302
        document.refresh_from_db()
        assert document.title == "Satu"

    def test_a_new_version_moves_what_is_ticked(self, assessment, city, login):
        kept = keep(city.dinkes, city.operator)
        evidence = use(assessment, city.operator, kept.version)
        url = reverse("document_version", args=[kept.version.document_id])
        client = login(city.operator)
        assert client.get(url).context["form"].chosen == {evidence.pk}
        response = client.post(url, {"file": file_of(pdf(2)), "change": "Baru", "pakai": [evidence.pk]}, follow=True)
        evidence.refresh_from_db()
        assert evidence.version.number == 2
        assert [str(message) for message in response.context["messages"]] == [
            "Versi 2 tersimpan. Versi sebelumnya tetap dapat dibuka.",
            "Indikator 1 sekarang memakai versi 2.",
        ]

    def test_a_refused_version_keeps_words_and_ticks(self, assessment, city, login):
        kept = keep(city.dinkes, city.operator)
        first, second = (use(assessment, city.operator, kept.version, code) for code in ("1", "2"))
        url = reverse("document_version", args=[kept.version.document_id])
        response = login(city.operator).post(
            url, {"file": file_of(pdf()), "change": "Ditandatangani", "pakai": [second.pk]}
        )
        assert (response.status_code, response.context["known"]) == (422, kept.version)
        assert (response.context["form"].chosen, response.context["form"]["change"].value()) == (
            {second.pk},
            "Ditandatangani",
        )
        assert first.pk not in response.context["form"].chosen

    def test_a_version_that_came_in_parts(self, city, login):
        kept = keep(city.dinkes, city.operator)
        url, content = reverse("document_version", args=[kept.version.document_id]), pdf(2)
        upload = uploads.begin(user=city.operator, agency_id=city.dinkes.pk, name="Baru.pdf", size=len(content))
        client = login(city.operator)
        response = client.post(url, {"upload": upload.key, "change": "Baru"})
        assert (response.status_code, response.context["waiting"]) == (422, None)  # half of it is none

        uploads.add_part(key=upload.key, user=city.operator, offset=0, part=content)
        response = client.post(url, {"upload": upload.key, "url": "https://a.example/b"})  # one of both
        assert (response.status_code, response.context["waiting"]) == (422, upload)

        assert client.post(url, {"upload": upload.key, "change": "Baru"}).status_code == 302
        newest = kept.version.document.versions.last()
        assert (newest.number, newest.original_name, newest.change) == (2, "Baru.pdf", "Baru")
        assert newest.file.read() == content
        response = client.post(url, {"upload": upload.key})
        assert response.context["form"].errors["file"] == [uploads.GONE]

    @pytest.mark.parametrize("key", ["x", "", "8c1f1c9e-3a52-4a0b-9a36-0f5d7f6f4a10"])
    def test_a_key_of_nothing_or_of_another_person_is_refused(self, city, login, key):
        kept, content = keep(city.dinkes, city.operator), pdf(2)
        upload = uploads.begin(user=city.coordinator, agency_id=city.dinkes.pk, name="B.pdf", size=len(content))
        uploads.add_part(key=upload.key, user=city.coordinator, offset=0, part=content)
        url = reverse("document_version", args=[kept.version.document_id])
        for sent in (key, upload.key):
            response = login(city.operator).post(url, {"upload": sent})
            assert (response.status_code, response.context["waiting"]) == (422, None)
        assert kept.version.document.versions.count() == 1

    def test_forged_evidence_is_not_found_and_nothing_is_stored(self, assessment, city, login):
        kept = keep(city.dinkes, city.operator)
        other = use(assessment, city.operator, keep(city.dinkes, city.operator, pdf(5), "x.pdf").version)
        client = login(city.operator)
        for name, body in (
            ("document_version", {"file": file_of(pdf(2)), "pakai": [other.pk]}),
            ("document_use", {"pakai": [other.pk]}),
        ):
            assert client.post(reverse(name, args=[kept.version.document_id]), body).status_code == 404
        assert kept.version.document.versions.count() == 1

    def test_other_agencies_posts_find_nothing(self, city, login):
        kept = keep(city.dinkes, city.operator)
        before = Event.objects.count()
        for person in (city.other_operator, city.verifier, city.leader):
            client = login(person)
            for name in ("document_edit", "document_version", "document_use", "document_remove"):
                body = {"title": "x", "version": "1", "url": "https://a.example", "pakai": "1"}
                assert client.post(reverse(name, args=[kept.version.document_id]), body).status_code == 404
            for name in ("document_download",):
                assert client.get(reverse(name, args=[kept.version.pk])).status_code == 404
        assert Event.objects.count() == before

    def test_removing_asks_and_leads_back(self, city, login):
        kept = keep(city.dinkes, city.operator)
        client = login(city.operator)
        url = reverse("document", args=[kept.version.document_id])
        assert client.get(url).context["can_remove"] is True
        response = client.post(reverse("document_remove", args=[kept.version.document_id]))
        assert response.url == f"{reverse('document_list')}?opd={city.dinkes.pk}"
        assert client.get(url).status_code == 404


class TestPicker:
    def url(self, assessment, code="1"):
        return reverse("evidence_pick", args=[assessment.pk, code])

    def test_without_script_several_are_attached(self, assessment, city, login):
        first = keep(city.dinkes, city.operator, pdf(1), "A.pdf").version
        second = keep(city.dinkes, city.operator, pdf(2), "B.pdf").version
        client = login(city.operator)
        assert [row.document.title for row in client.get(self.url(assessment)).context["picker"].rows] == ["A", "B"]
        response = client.post(
            self.url(assessment),
            {f"pilih-{first.pk}": "on", f"hal-{first.pk}": "1", f"pilih-{second.pk}": "on", f"level-{second.pk}": "3"},
        )
        assert response.url == f"{reverse('answer', args=[assessment.pk, '1'])}#bukti"
        assert list(Evidence.objects.order_by("version").values_list("version", "pages", "level")) == [
            (first.pk, "1", None),
            (second.pk, "", 3),
        ]

    def test_a_script_gets_the_list_of_evidence(self, assessment, city, login):
        version = keep(city.dinkes, city.operator).version
        response = login(city.operator).post(self.url(assessment), {f"pilih-{version.pk}": "on"}, headers=SCRIPT)
        assert (response.status_code, response.json()["count"]) == (200, 1)
        assert response.json()["detail"] == "“SK Tim SPBE” dilampirkan."

    def test_what_is_attached_or_older_is_said(self, assessment, city, login):
        version = keep(city.dinkes, city.operator).version
        use(assessment, city.operator, version)
        client = login(city.operator)
        assert "Sudah dilampirkan" in client.get(self.url(assessment)).content.decode()
        renew(version.document, city.operator, pdf(2))
        assert "Yang terlampir versi 1" in client.get(self.url(assessment)).content.decode()
        page = client.get(reverse("answer", args=[assessment.pk, "1"])).content.decode()
        assert "Terlampir versi 1, sudah ada versi 2." in page

    def test_nothing_ticked_is_said_and_pages_stay(self, assessment, city, login):
        version = keep(city.dinkes, city.operator).version
        response = login(city.operator).post(self.url(assessment), {f"hal-{version.pk}": "3-5"})
        assert response.status_code == 400
        assert "3-5" in response.content.decode()

    def test_ids_of_other_agencies_and_nonsense(self, assessment, city, login):
        theirs = keep(city.dinsos, city.other_operator).version
        client = login(city.operator)
        assert client.post(self.url(assessment), {f"pilih-{theirs.pk}": "on"}).status_code == 404
        assert client.post(self.url(assessment), {"pilih-x": "on", "pilih-": "on"}).status_code == 400
        assert client.post(self.url(assessment, "999"), {f"pilih-{theirs.pk}": "on"}).status_code == 404
        assert Evidence.objects.count() == 0

    def test_after_handing_in_it_says_that_it_is_locked(self, submitted, city, login):
        version = keep(city.dinkes, city.operator).version
        client = login(city.operator)
        assert "terkunci" in client.get(self.url(submitted)).content.decode()
        assert client.post(self.url(submitted), {f"pilih-{version.pk}": "on"}).status_code == 409

    def test_the_part_is_the_list_alone(self, assessment, city, login):
        keep(city.dinkes, city.operator)
        page = login(city.operator).get(self.url(assessment), headers=PART).content.decode()
        assert page.lstrip().startswith('<div class="pick"')
        assert "<html" not in page

    def test_queries_do_not_grow(self, assessment, city, login):
        client = login(city.operator)
        many(city.dinkes, city.operator, 2)
        few = queries_of(client, self.url(assessment))
        many(city.dinkes, city.operator, 60)
        assert queries_of(client, self.url(assessment)) == few


class TestRecognising:
    def test_the_answer_page_names_the_document_and_where_else_it_is_used(self, assessment, city, login):
        version = keep(city.dinkes, city.operator, pdf(1)).version
        use(assessment, city.operator, version, "3")
        response = login(city.operator).post(
            reverse("evidence_add", args=[assessment.pk, "1"]), {"file": file_of(pdf(1), "Lain.pdf")}, headers=SCRIPT
        )
        (text,) = response.json()["added"]
        assert "“SK Tim SPBE”, versi 1" in text
        assert "indikator 3 (Penilaian 2026)" in text
        assert evidence_services.Evidence.objects.filter(version=version).count() == 2
