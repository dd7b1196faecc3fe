"""Password links by e-mail: invitations, and what "Lupa kata sandi" sends. No link is stored anywhere."""

import json
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tasks
from accounts.errors import Refused
from accounts.models import Membership, Notification, Role, User
from accounts.services import mailed_links, passwords, people
from audit.models import Event
from conftest import PASSWORD, make_person

pytestmark = pytest.mark.django_db

ADDRESS = "sri@dinkes.contoh.go.id"


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def queued(monkeypatch) -> list[tuple]:
    """What is queued is done at once, and noted here."""
    calls: list[tuple] = []
    for name in ("send_invitation", "answer_forgotten"):
        task = getattr(tasks, name)
        monkeypatch.setattr(task, "delay", lambda *args, task=task: (calls.append((task.name, *args)), task(*args)))
    return calls


@pytest.fixture
def newcomer(city) -> User:
    return people.create_person(
        actor=city.coordinator,
        username="operator-baru",
        name="Sri",
        agency=city.dinkes,
        role=Role.OPERATOR,
        valid_from=timezone.localdate(),
        email=ADDRESS,
    )


@pytest.fixture
def invite(city, queued, django_capture_on_commit_callbacks):
    def _invite(person, actor=None):
        with django_capture_on_commit_callbacks(execute=True):
            mailed_links.invite(actor=actor or city.coordinator, person_id=person.pk)
        person.refresh_from_db()

    return _invite


def link_in(message) -> str:
    (found,) = re.findall(r"http://\S+/sandi/\S+", message.body)
    return found.split("/", 3)[3].join(["/", ""])


class TestInvitation:
    def test_creating_a_person_with_an_address_sends_one(
        self, login, city, queued, settings, django_capture_on_commit_callbacks
    ):
        settings.GOVERNMENT_NAME = "Kota Arunika"
        body = {
            "name": "Sri",
            "username": "operator-baru",
            "email": ADDRESS,
            "agency": city.dinkes.pk,
            "role": "operator",
            "valid_from": f"{timezone.localdate()}",
        }
        with django_capture_on_commit_callbacks(execute=True):
            response = login(city.coordinator).post(reverse("person_create"), body, follow=True)
        assert f"Akun dibuat. Undangan dikirim ke {ADDRESS}." in response.content.decode()
        assert "/sandi/" not in re.sub(r'href="/sandi/"', "", response.content.decode())
        (message,) = mail.outbox
        assert (message.to, message.subject) == ([ADDRESS], "Undangan SPBE Portal Kota Arunika")
        for said in ("Koordinator mengundang Anda", "Kota Arunika", "operator-baru", "berlaku sampai"):
            assert said in message.body
        assert Client().get(link_in(message)).status_code == 200

    def test_without_an_address_the_link_is_shown_and_nothing_is_sent(self, login, city, queued):
        body = {
            "name": "Sri",
            "username": "operator-baru",
            "agency": city.dinkes.pk,
            "role": "operator",
            "valid_from": f"{timezone.localdate()}",
        }
        response = login(city.coordinator).post(reverse("person_create"), body)
        assert "Tautan hanya ditampilkan sekali" in response.content.decode()
        assert queued == []

    def test_a_task_an_event_and_a_notification_hold_no_link(self, newcomer, invite, queued):
        invite(newcomer)
        token = link_in(mail.outbox[0]).strip("/").split("/")[-1]
        stored = json.dumps(list(Event.objects.values("before", "after", "reason", "subject_label")), default=str)
        told = json.dumps(list(Notification.objects.values("title", "text", "path")))
        assert token not in stored + told + str(queued)
        assert queued == [("accounts.tasks.send_invitation", newcomer.pk, newcomer.link_serial)]

    def test_a_newer_one_ends_the_older(self, newcomer, invite):
        invite(newcomer)
        invite(newcomer)
        first, second = map(link_in, mail.outbox)
        assert [Client().get(link).status_code for link in (first, second)] == [410, 200]

    def test_the_same_task_twice_sends_once_and_a_late_one_of_a_replaced_link_sends_nothing(self, newcomer, invite):
        invite(newcomer)
        assert mailed_links.send_invitation(newcomer.pk, newcomer.link_serial) is False
        assert mailed_links.send_invitation(newcomer.pk, newcomer.link_serial - 1) is False
        assert len(mail.outbox) == 1

    def test_what_the_mail_server_did_not_take_goes_out_later(self, newcomer, invite, monkeypatch):
        with monkeypatch.context() as broken:
            broken.setattr(EmailBackend, "send_messages", lambda *args: (_ for _ in ()).throw(OSError("down")))
            invite(newcomer)
        assert (newcomer.invitation, mail.outbox) == ("sending", [])
        User.objects.update(invited_at=timezone.now() - timedelta(minutes=11))
        newcomer.refresh_from_db()
        assert newcomer.invitation == "late"
        assert mailed_links.send_unsent_invitations() == 1
        newcomer.refresh_from_db()
        assert (newcomer.invitation, len(mail.outbox)) == ("sent", 1)
        assert mailed_links.send_unsent_invitations() == 0

    def test_its_state_is_on_the_persons_page(self, login, city, newcomer, invite, settings):
        client = login(city.coordinator)
        address = reverse("person", args=[newcomer.pk])
        assert "Kirim undangan<" in client.get(address).content.decode()
        invite(newcomer)
        assert "belum dipakai" in client.get(address).content.decode()
        assert "Kirim undangan lagi" in client.get(address).content.decode()
        late = timezone.now() - timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
        User.objects.filter(pk=newcomer.pk).update(invitation_sent_at=late)
        assert "sudah lewat waktu" in client.get(address).content.decode()
        Client().post(link_in(mail.outbox[0]), {"password1": "gunung-merapi-77", "password2": "gunung-merapi-77"})
        newcomer.refresh_from_db()
        assert (newcomer.invitation, newcomer.has_usable_password()) == ("", True)

    @pytest.mark.parametrize("end", ["link", "deactivated"])
    def test_what_ends_the_link_ends_its_state(self, city, newcomer, invite, end):
        invite(newcomer)
        if end == "link":
            passwords.make_link(actor=city.coordinator, person_id=newcomer.pk)
        else:
            people.deactivate_person(actor=city.coordinator, person_id=newcomer.pk, reason="Mutasi")
        newcomer.refresh_from_db()
        assert newcomer.invitation == ""
        assert Client().get(link_in(mail.outbox[0])).status_code == 410

    @pytest.mark.parametrize("who", ["operator", "verifier", "leader", "outsider"])
    def test_only_a_manager_sends_one(self, city, newcomer, who):
        for act in (
            lambda: mailed_links.invite(actor=getattr(city, who), person_id=newcomer.pk),
            lambda: mailed_links.invite_waiting(actor=getattr(city, who)),
        ):
            with pytest.raises(PermissionDenied):
                act()

    def test_a_coordinator_sends_none_to_an_administrator(self, city):
        User.objects.filter(pk=city.admin.pk).update(email="admin@contoh.go.id")
        with pytest.raises(PermissionDenied):
            mailed_links.invite(actor=city.coordinator, person_id=city.admin.pk)

    def test_a_closed_account_and_one_without_an_address_get_none(self, city, newcomer):
        with pytest.raises(Refused, match="alamat surel"):
            mailed_links.invite(actor=city.coordinator, person_id=city.operator.pk)
        people.deactivate_person(actor=city.coordinator, person_id=newcomer.pk, reason="Mutasi")
        with pytest.raises(Refused, match="tidak aktif"):
            mailed_links.invite(actor=city.coordinator, person_id=newcomer.pk)

    def test_without_a_mail_server_links_do_not_go_into_the_log(self, city, newcomer, settings, login):
        settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
        with pytest.raises(Refused, match="server surel"):
            mailed_links.invite(actor=city.coordinator, person_id=newcomer.pk)
        page = login(city.coordinator).get(reverse("person", args=[newcomer.pk])).content.decode()
        assert ("Kirim undangan" in page, "Buat tautan kata sandi" in page) == (False, True)
        settings.DEMO = True
        assert mailed_links.can_mail()


class TestInvitingAllWhoNeverCame:
    def test_everybody_with_an_address_and_no_password(
        self, login, city, newcomer, queued, django_capture_on_commit_callbacks
    ):
        make_person("sudah-masuk", (Role.OPERATOR, city.dinkes), email="a@contoh.go.id")
        client = login(city.coordinator)
        page = client.get(reverse("person_list"), {"status": "belum"}).content.decode()
        assert "1 orang mempunyai alamat surel" in page
        with django_capture_on_commit_callbacks(execute=True):
            page = client.post(reverse("people_invite"), follow=True).content.decode()
        assert "Undangan dikirim kepada 1 orang." in page
        assert [message.to for message in mail.outbox] == [[ADDRESS]]
        page = client.post(reverse("people_invite"), follow=True).content.decode()  # pressed twice
        assert "Tidak ada undangan yang perlu dikirim." in page
        assert client.get(reverse("people_invite")).status_code == 405


class TestForgotten:
    @pytest.fixture
    def person(self, city) -> User:
        User.objects.filter(pk=city.operator.pk).update(email=ADDRESS)
        return city.operator

    def ask(self, typed: str, address: str = "10.0.0.1"):
        return Client().post(reverse("password_forgotten"), {"login": typed}, REMOTE_ADDR=address, follow=True)

    @pytest.mark.parametrize("typed", ["operator-dinkes", "Operator-Dinkes ", ADDRESS.upper()])
    def test_the_owner_gets_a_link_that_works(self, person, queued, typed):
        self.ask(typed)
        (message,) = mail.outbox
        assert message.to == [ADDRESS]
        link = link_in(message)
        Client().post(link, {"password1": "gunung-merapi-77", "password2": "gunung-merapi-77"})
        person.refresh_from_db()
        assert person.check_password("gunung-merapi-77")
        assert Client().get(link).status_code == 410

    def test_all_names_get_the_same_page_after_the_same_work(self, city, person, monkeypatch):
        asked: list[str] = []
        monkeypatch.setattr(tasks.answer_forgotten, "delay", asked.append)
        User.objects.filter(pk=city.operator2.pk).update(is_active=False, email=ADDRESS)
        names = ["operator-dinkes", "operator-dinkez", "operator-dinsos", "operator2-dinkes"]
        answers = [self.ask(name) for name in names]
        assert asked == names
        assert {answer.status_code for answer in answers} == {200}
        assert len({re.sub(r'value="\w{64}"', "", answer.content.decode()) for answer in answers}) == 1

    def test_a_closed_account_and_one_without_an_address_get_nothing(self, city, queued):
        User.objects.filter(pk=city.operator2.pk).update(is_active=False, email=ADDRESS)
        for name in ("operator2-dinkes", "operator-dinsos", "", "siapa"):
            assert mailed_links.answer_forgotten(name) == 0
        assert mail.outbox == []

    def test_one_account_gets_one_message_in_ten_minutes(self, person):
        assert [mailed_links.answer_forgotten("operator-dinkes") for _ in range(3)] == [1, 0, 0]
        User.objects.update(reset_sent_at=timezone.now() - mailed_links.FORGOTTEN_EVERY)
        assert mailed_links.answer_forgotten("operator-dinkes") == 1
        assert len(mail.outbox) == 2
        events = Event.objects.filter(action="user.password_forgotten", stream=f"user:{person.pk}")
        assert [event.actor for event in events] == [None, None]

    def test_asking_takes_nothing_from_the_owner(self, city, person):
        """Anybody can ask: the present password, sessions and an earlier link go on working."""
        link = passwords.make_link(actor=city.coordinator, person_id=person.pk).url.split("/", 3)[3]
        mailed_links.answer_forgotten("operator-dinkes")
        person.refresh_from_db()
        assert person.check_password(PASSWORD)
        assert Client().get(f"/{link}").status_code == 200

    def test_a_name_and_an_address_are_limited_alike_for_known_and_unknown(self, person, queued):
        for name in ("operator-dinkes", "tidak-ada"):
            statuses = [self.ask(name, "10.0.0.9").status_code for _ in range(4)]
            assert statuses == [200, 200, 200, 429]
        for number in range(30):
            last = self.ask(f"nama-{number}", "10.0.0.7")
        assert last.status_code == 200
        last = self.ask("satu-lagi", "10.0.0.7")
        assert (last.status_code, "Tunggu 10 menit" in last.content.decode()) == (429, True)

    def test_log_in_leads_there_and_without_a_mail_server_it_says_whom_to_ask(self, client, db, settings, queued):
        assert reverse("password_forgotten") in client.get(reverse("account_login")).content.decode()
        settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
        page = client.post(reverse("password_forgotten"), {"login": "a"}).content.decode()
        assert ("Hubungi koordinator" in page, queued) == (True, [])

    def test_a_forgotten_link_does_not_open_a_role_that_ended(self, city, person):
        Membership.objects.filter(user=person).update(valid_until=timezone.localdate() - timedelta(days=1))
        assert mailed_links.answer_forgotten("operator-dinkes") == 1  # they may log in, and see nothing
