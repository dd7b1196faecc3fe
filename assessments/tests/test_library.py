"""The agency's library: keeping documents, their versions, attaching them; who may."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Agency, Role
from accounts.permissions import rights_of
from assessments import permissions
from assessments.errors import Invalid, Stale, WrongState
from assessments.models import Assessment, Document, DocumentVersion, Evidence, FollowUp, PagePreview
from assessments.queries import library as queries
from assessments.services import documents as services
from assessments.services import evidence as evidence_services
from assessments.services.library import AlreadyThere, Kept
from assessments.tests.files import pdf
from audit.models import Event
from conftest import attach, fill, hand_in, make_person

SCRIPT = {"X-Requested-With": "fetch", "Accept": "application/json"}


def file_of(content: bytes, name: str = "SK Tim SPBE.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def keep(agency: Agency, user, content: bytes | None = None, name: str = "SK Tim SPBE.pdf", **details) -> Kept:
    content = pdf() if content is None else content
    return services.add_file(agency_id=agency.pk, user=user, file=file_of(content, name), name=name, details=details)


def renew(document: Document, user, content: bytes, evidence=(), change: str = "") -> services.NewVersion:
    return services.add_file_version(
        document_id=document.pk,
        user=user,
        file=file_of(content, "Baru.pdf"),
        name="Baru.pdf",
        change=change,
        evidence_ids=[each.pk for each in evidence],
    )


def use(assessment: Assessment, user, version: DocumentVersion, code: str = "1") -> Evidence:
    return evidence_services.reuse(assessment_id=assessment.pk, code=code, user=user, version_id=version.pk)


def library_events(agency: Agency) -> list[str]:
    events = Event.objects.filter(stream=f"library:{agency.pk}").order_by("id")
    return list(events.values_list("action", flat=True))


def predecessor_of(agency: Agency) -> Agency:
    return Agency.objects.create(
        slug=f"dahulu-{agency.slug}", name=f"{agency.name} Lama", short_name="Lama", kind="dinas", successor=agency
    )


class TestKeeping:
    def test_a_file_is_kept_without_an_answer_and_recorded(self, city):
        kept = keep(city.dinkes, city.operator, number="800/1/2026", valid_until="2027-12-31")
        document = kept.version.document
        assert (document.agency, document.title, document.kind) == (city.dinkes, "SK Tim SPBE", "keputusan")
        assert (document.number, document.valid_until.isoformat()) == ("800/1/2026", "2027-12-31")
        assert (kept.version.number, kept.was_known) == (1, False)
        event = Event.objects.get(stream=f"library:{city.dinkes.pk}")
        assert (event.action, event.actor, event.on_behalf_of) == ("document.add", city.operator, None)
        assert event.after["sha256"] == kept.version.sha256

    def test_the_same_content_again_gives_what_is_there(self, city):
        content = pdf()
        first, again = keep(city.dinkes, city.operator, content), keep(city.dinkes, city.operator, content, "B.pdf")
        assert (again.version, again.was_known) == (first.version, True)
        assert (Document.objects.count(), library_events(city.dinkes)) == (1, ["document.add"])

    def test_what_comes_by_an_answer_is_recorded_in_the_library_too(self, assessment, city):
        add = {"assessment_id": assessment.pk, "code": "1", "user": city.operator}
        evidence_services.add_file(**add, file=file_of(pdf()), name="SK.pdf", details={"pages": "1"})
        link = evidence_services.add_link(**add, url="https://jdih.example/perwal/1")
        evidence_services.edit(**add, evidence_id=link.pk, details={"title": "Perwal 1", "pages": "2"})
        evidence_services.edit(**add, evidence_id=link.pk, details={"pages": "3"})  # its use here alone
        again = add | {"code": "2"}
        evidence_services.add_link(**again, url="https://jdih.example/perwal/1")
        evidence_services.add_file(**again, file=file_of(pdf()), name="Sama.pdf")
        assert library_events(city.dinkes) == ["document.add", "document.add", "document.edit"]
        edit = Event.objects.get(action="document.edit")
        assert (edit.before, edit.after) == ({"title": "jdih.example: 1"}, {"title": "Perwal 1"})

    def test_another_agencys_content_is_not_recognised(self, city):
        content = pdf()
        keep(city.dinkes, city.operator, content)
        assert keep(city.dinsos, city.other_operator, content).was_known is False

    def test_a_link_is_kept_once(self, city):
        add = {"agency_id": city.dinkes.pk, "user": city.operator, "url": "https://jdih.example/perwal/1"}
        first, again = services.add_link(**add), services.add_link(**add)
        assert (first.was_known, again.was_known, again.version) == (False, True, first.version)

    def test_a_coordinator_keeps_it_on_behalf(self, city):
        keep(city.dinkes, city.coordinator)
        assert Event.objects.get(action="document.add").on_behalf_of == city.dinkes

    @pytest.mark.parametrize("who", ["other_operator", "verifier", "leader", "admin", "outsider"])
    def test_nobody_else_keeps_anything(self, city, who):
        document = keep(city.dinkes, city.operator).version.document
        person = getattr(city, who)
        before = Event.objects.count()
        acts = [
            lambda: keep(city.dinkes, person, pdf(2)),
            lambda: services.add_link(agency_id=city.dinkes.pk, user=person, url="https://a.example/b"),
            lambda: services.edit_document(document_id=document.pk, user=person, details={"title": "X"}, version=1),
            lambda: renew(document, person, pdf(2)),
            lambda: services.remove_document(document_id=document.pk, user=person),
        ]
        for act in acts:
            with pytest.raises(PermissionDenied):
                act()
        assert (Event.objects.count(), Document.objects.count()) == (before, 1)

    def test_validity_ends_after_the_document_begins(self, city):
        with pytest.raises(Invalid, match="Masa berlaku"):
            keep(city.dinkes, city.operator, date="2026-05-01", valid_until="2026-04-30")
        assert Document.objects.count() == 0


class TestEditing:
    def edit(self, document, user, version=1, **details):
        return services.edit_document(document_id=document.pk, user=user, details=details, version=version)

    def test_what_changed_is_recorded(self, city):
        document = keep(city.dinkes, city.operator).version.document
        self.edit(document, city.operator, title="SK Tim Koordinasi", number="1/2026")
        document.refresh_from_db()
        assert (document.title, document.number, document.version) == ("SK Tim Koordinasi", "1/2026", 2)
        event = Event.objects.get(action="document.edit")
        assert set(event.after) == {"title", "number"}

    def test_saving_the_same_again_does_nothing(self, city):
        document = keep(city.dinkes, city.operator).version.document
        self.edit(document, city.operator, version=7, title=document.title)
        assert library_events(city.dinkes) == ["document.add"]

    def test_a_stale_save_is_refused(self, city):
        document = keep(city.dinkes, city.operator).version.document
        self.edit(document, city.operator, title="Satu")
        with pytest.raises(Stale) as refusal:
            self.edit(document, city.operator2, title="Dua")
        assert refusal.value.current.title == "Satu"

    def test_an_edit_on_the_answer_page_counts_too(self, assessment, city):
        kept = keep(city.dinkes, city.operator)
        evidence = use(assessment, city.operator, kept.version)
        evidence_services.edit(
            assessment_id=assessment.pk,
            code="1",
            user=city.operator,
            evidence_id=evidence.pk,
            details={"title": "Lain"},
        )
        with pytest.raises(Stale):
            self.edit(kept.version.document, city.operator, title="Dua")

    def test_evidence_that_is_handed_in_keeps_its_details(self, assessment, city):
        kept = keep(city.dinkes, city.operator)
        use(assessment, city.operator, kept.version, "2")
        hand_in(assessment, city.operator)
        with pytest.raises(WrongState, match="sudah diajukan"):
            self.edit(kept.version.document, city.operator, title="Lain")
        kept.version.document.refresh_from_db()
        assert kept.version.document.title == "SK Tim SPBE"


class TestVersions:
    def test_a_new_version_serves_the_answers_that_were_chosen(self, assessment, city):
        kept = keep(city.dinkes, city.operator)
        first, second = (use(assessment, city.operator, kept.version, code) for code in ("1", "2"))
        assessment.refresh_from_db()
        revision = assessment.revision
        done = renew(kept.version.document, city.operator, pdf(2), [first], change="Lampiran II ditambah")
        assert (done.version.number, done.version.change) == (2, "Lampiran II ditambah")
        assert ([each.pk for each in done.moved], done.kept) == ([first.pk], [])
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.version, second.version) == (done.version, kept.version)
        assert library_events(city.dinkes) == ["document.add", "document.version"]
        event = Event.objects.get(action="evidence.version")
        assert (event.stream, event.before["version"], event.after["version"]) == (
            f"assessment:{assessment.pk}",
            1,
            2,
        )
        assert event.after["indicator"] == "1"
        assessment.refresh_from_db()
        assert assessment.revision == revision + 1

    def test_what_was_handed_in_keeps_the_old_version(self, submitted, city):
        evidence = Evidence.objects.filter(answer__assessment=submitted).first()
        done = renew(evidence.version.document, city.operator, pdf(2), [evidence])
        evidence.refresh_from_db()
        assert (done.moved, evidence.version.number) == ([], 1)
        assert "Diajukan" in done.kept[0]

    def test_of_a_returned_assessment_only_what_came_back_moves(self, returned, city):
        document = Evidence.objects.filter(answer__assessment=returned).first().version.document
        pieces = Evidence.objects.filter(version__document=document, answer__indicator__code__in=["1", "3"])
        done = renew(document, city.operator, pdf(2), pieces)
        assert [each.answer.indicator.code for each in done.moved] == ["1"]
        assert [text.split(":")[0] for text in done.kept] == ["Indikator 3"]

    def test_old_versions_stay_reachable(self, city, login):
        kept = keep(city.dinkes, city.operator, pdf(1))
        renew(kept.version.document, city.operator, pdf(2))
        client = login(city.operator)
        sizes = [
            len(b"".join(client.get(reverse("document_download", args=[version.pk])).streaming_content))
            for version in kept.version.document.versions.order_by("number")
        ]
        assert sizes == [len(pdf(1)), len(pdf(2))]

    def test_the_same_content_is_no_new_version(self, city):
        content = pdf()
        kept = keep(city.dinkes, city.operator, content)
        with pytest.raises(AlreadyThere, match="sama persis dengan versi 1"):
            renew(kept.version.document, city.operator, content)
        assert kept.version.document.versions.count() == 1

    def test_the_content_of_another_document_is_said(self, city):
        keep(city.dinkes, city.operator, pdf(1))
        other = keep(city.dinkes, city.operator, pdf(2), "Laporan.pdf")
        with pytest.raises(AlreadyThere, match="“SK Tim SPBE”, versi 1"):
            renew(other.version.document, city.operator, pdf(1))

    def test_a_link_gets_a_new_version(self, city):
        kept = services.add_link(agency_id=city.dinkes.pk, user=city.operator, url="https://a.example/1")
        document = kept.version.document
        done = services.add_link_version(document_id=document.pk, user=city.operator, url="https://a.example/2")
        assert (done.version.number, done.version.url) == (2, "https://a.example/2")
        with pytest.raises(AlreadyThere):
            services.add_link_version(document_id=document.pk, user=city.operator, url="https://a.example/1")

    def test_evidence_of_another_document_is_not_found(self, assessment, city):
        kept = keep(city.dinkes, city.operator)
        other = attach(assessment.answers.first(), city.operator)
        with pytest.raises(Evidence.DoesNotExist):
            renew(kept.version.document, city.operator, pdf(2), [other])
        assert kept.version.document.versions.count() == 1
        assert default_storage.listdir(f"evidence/{city.dinkes.pk}")[1] == [kept.version.file.name.rpartition("/")[2]]

    def test_later_the_newest_can_be_taken(self, assessment, city):
        kept = keep(city.dinkes, city.operator)
        evidence = use(assessment, city.operator, kept.version)
        renew(kept.version.document, city.operator, pdf(2))
        done = services.use_newest(
            document_id=kept.version.document.pk, user=city.operator, evidence_ids=[evidence.pk]
        )
        evidence.refresh_from_db()
        assert (evidence.version.number, len(done.moved)) == (2, 1)
        again = services.use_newest(
            document_id=kept.version.document.pk, user=city.operator, evidence_ids=[evidence.pk]
        )
        assert (again.moved, again.kept) == ([], [])


class TestRemoving:
    def test_what_was_never_used_goes_with_its_files(self, city, django_capture_on_commit_callbacks):
        kept = keep(city.dinkes, city.operator)
        picture = PagePreview(version=kept.version, page=1, width=1, height=1)
        picture.file.save("previews/1.png", ContentFile(b"x"), save=True)
        names = [kept.version.file.name, picture.file.name]
        with django_capture_on_commit_callbacks(execute=True):
            services.remove_document(document_id=kept.version.document_id, user=city.operator)
        assert (Document.objects.count(), PagePreview.objects.count()) == (0, 0)
        assert [default_storage.exists(name) for name in names] == [False, False]
        event = Event.objects.get(action="document.remove")
        assert (event.before["title"], event.before["sha256"]) == ("SK Tim SPBE", [kept.version.sha256])

    def test_a_file_that_another_document_shares_stays(self, city, django_capture_on_commit_callbacks):
        kept = keep(city.dinkes, city.operator)
        other = keep(city.dinsos, city.other_operator, pdf(2)).version
        DocumentVersion.objects.filter(pk=other.pk).update(file=kept.version.file.name)
        with django_capture_on_commit_callbacks(execute=True):
            services.remove_document(document_id=kept.version.document_id, user=city.operator)
        assert default_storage.exists(kept.version.file.name)

    def test_evidence_is_never_removed_and_what_was_evidence_neither(self, assessment, city):
        kept = keep(city.dinkes, city.operator)
        evidence = use(assessment, city.operator, kept.version)
        with pytest.raises(WrongState):
            services.remove_document(document_id=kept.version.document_id, user=city.operator)
        evidence_services.remove(assessment_id=assessment.pk, code="1", user=city.operator, evidence_id=evidence.pk)
        with pytest.raises(WrongState, match="pernah dipakai"):
            services.remove_document(document_id=kept.version.document_id, user=city.operator)
        assert Document.objects.count() == 1

    def test_proof_of_a_follow_up_stays(self, period, city):
        kept = keep(city.dinkes, city.operator)
        FollowUp.objects.create(
            period=period,
            agency=city.dinkes,
            text="x",
            due_on="2027-01-01",
            source="typed",
            proof=kept.version,
            created_by=city.coordinator,
            created_at=kept.version.uploaded_at,
        )
        with pytest.raises(WrongState):
            services.remove_document(document_id=kept.version.document_id, user=city.operator)


class TestInheriting:
    def test_a_successor_reads_and_attaches_what_it_inherited(self, assessment, city, login):
        old = predecessor_of(city.dinkes)
        older = predecessor_of(old)
        kept = keep(older, city.coordinator)
        assert queries.shared_by([city.dinkes.pk]) == {city.dinkes.pk, old.pk, older.pk}
        assert queries.heirs_of(older.pk) == {city.dinkes.pk, old.pk, older.pk}
        evidence = use(assessment, city.operator, kept.version)
        assert evidence.version == kept.version
        client = login(city.operator)
        shown = client.get(reverse("document_list")).context["shown"]
        assert [(row.document.pk, row.is_inherited) for row in shown.rows] == [(kept.version.document_id, True)]
        assert client.get(reverse("document", args=[kept.version.document_id])).status_code == 200
        assert client.get(reverse("document_edit", args=[kept.version.document_id])).status_code == 403
        assert login(city.other_operator).get(reverse("document", args=[kept.version.document_id])).status_code == 404

    def test_what_is_said_of_it_stays_as_it_was(self, assessment, city):
        kept = keep(predecessor_of(city.dinkes), city.coordinator)
        evidence = use(assessment, city.operator, kept.version)
        with pytest.raises(Invalid, match="diwarisi"):
            evidence_services.edit(
                assessment_id=assessment.pk,
                code="1",
                user=city.operator,
                evidence_id=evidence.pk,
                details={"title": "Lain"},
            )

    def test_the_predecessor_does_not_see_what_came_after(self, city, login):
        old = predecessor_of(city.dinkes)
        kept = keep(city.dinkes, city.operator)
        operator = make_person("operator-lama", (Role.OPERATOR, old))
        assert login(operator).get(reverse("document", args=[kept.version.document_id])).status_code == 404


class TestAttaching:
    def test_several_at_once_with_pages_and_levels(self, assessment, city):
        versions = [keep(city.dinkes, city.operator, pdf(n), f"{n}.pdf").version for n in (1, 2)]
        revision = Assessment.objects.get(pk=assessment.pk).revision
        done = evidence_services.attach(
            assessment_id=assessment.pk,
            code="5",
            user=city.operator,
            wanted={versions[0].pk: {"pages": "1", "level": "3"}, versions[1].pk: {}},
        )
        assert [(each.pages, each.level) for each in done.added] == [("1", 3), ("", None)]
        assert Assessment.objects.get(pk=assessment.pk).revision == revision + 1

    def test_what_is_there_is_passed_over_and_an_older_version_replaced(self, assessment, city):
        same = keep(city.dinkes, city.operator, pdf(1), "1.pdf").version
        old = keep(city.dinkes, city.operator, pdf(2), "2.pdf").version
        use(assessment, city.operator, same)
        evidence = evidence_services.reuse(
            assessment_id=assessment.pk, code="1", user=city.operator, version_id=old.pk, details={"pages": "2"}
        )
        new = renew(old.document, city.operator, pdf(3)).version
        done = evidence_services.attach(
            assessment_id=assessment.pk, code="1", user=city.operator, wanted={same.pk: {}, new.pk: {}}
        )
        evidence.refresh_from_db()
        assert (done.added, [each.pk for each in done.replaced], done.known) == ([], [evidence.pk], 1)
        assert (evidence.version, evidence.pages) == (new, "2")

    def test_all_or_none(self, assessment, city):
        mine = keep(city.dinkes, city.operator).version
        theirs = keep(city.dinsos, city.other_operator).version
        with pytest.raises(DocumentVersion.DoesNotExist):
            evidence_services.attach(
                assessment_id=assessment.pk, code="1", user=city.operator, wanted={mine.pk: {}, theirs.pk: {}}
            )
        assert Evidence.objects.count() == 0

    def test_what_the_scanner_called_dangerous_is_not_attached(self, assessment, city):
        version = keep(city.dinkes, city.operator).version
        DocumentVersion.objects.filter(pk=version.pk).update(scan="infected")
        with pytest.raises(Invalid, match="berbahaya"):
            use(assessment, city.operator, version)
        assert Evidence.objects.count() == 0

    def test_nor_does_evidence_come_to_point_to_it(self, assessment, city):
        clean = keep(city.dinkes, city.operator).version
        evidence = use(assessment, city.operator, clean)
        document = clean.document_id
        newer = renew(clean.document, city.operator, pdf(2)).version
        DocumentVersion.objects.filter(pk=newer.pk).update(scan="infected")
        done = services.use_newest(document_id=document, user=city.operator, evidence_ids=[evidence.pk])
        assert (done.moved, len(done.kept)) == ([], 1)
        with pytest.raises(Invalid, match="berbahaya"):
            evidence_services.attach(assessment_id=assessment.pk, code="1", user=city.operator, wanted={newer.pk: {}})
        evidence.refresh_from_db()
        assert evidence.version == clean


class TestPermissions:
    """Role against agency: who opens and who keeps the library of Dinkes."""

    @pytest.mark.parametrize(
        ("who", "sees", "any_library"),
        [
            ("operator", True, True),
            ("other_operator", False, True),
            ("verifier", False, False),
            ("coordinator", True, True),
            ("leader", False, False),
            ("admin", False, False),
            ("outsider", False, False),
        ],
    )
    def test_matrix(self, city, who, sees, any_library):
        rights = rights_of(getattr(city, who))
        assert permissions.can_see_library(rights, city.dinkes.pk) is sees
        assert permissions.can_keep_library(rights, city.dinkes.pk) is sees
        assert permissions.can_see_libraries(rights) is any_library
        document = keep(city.dinkes, city.operator).version.document
        assert (document in queries.visible(rights)) is sees


class TestFrozenByHandIn:
    def test_the_page_says_why_nothing_can_be_edited(self, submitted, city, login):
        document = Evidence.objects.filter(answer__assessment=submitted).first().version.document
        page = login(city.operator).get(reverse("document", args=[document.pk]))
        assert page.context["is_frozen"] is True
        assert reverse("document_edit", args=[document.pk]) not in page.content.decode()
        response = login(city.operator).get(reverse("document_edit", args=[document.pk]))
        assert response.url == reverse("document", args=[document.pk])


def test_filling_does_not_depend_on_the_library(assessment, city):
    """A guard for the cast: the shared document of `fill` is one row in the library."""
    fill(assessment, city.operator)
    shown = queries.library_list(city.dinkes.pk, queries.LibraryFilter())
    assert [(row.answers, row.periods) for row in shown.rows] == [(47, 1)]
