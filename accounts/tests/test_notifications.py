"""Who is told what, once; and what their e-mail says."""

from datetime import timedelta
from smtplib import SMTPException

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import mails, tasks
from accounts.models import Notification, NotificationChoice, NotificationKind
from accounts.services import notifications
from accounts.services.notifications import Message, notify, notify_all
from conftest import make_person
from spbe_portal.paths import is_own_path

pytestmark = pytest.mark.django_db

KIND = NotificationKind.RETURNED


def person(username="ani", **fields):
    return make_person(username, **{"email": f"{username}@kota.example"} | fields)


def tell(*people, **fields):
    return notify(people, **{"kind": KIND, "title": "Penilaian dikembalikan", "key": "return:1:1"} | fields)


@pytest.fixture
def queued(monkeypatch):
    """What was given to the worker."""
    given = []
    monkeypatch.setattr(tasks.send_emails, "delay", given.append)
    return given


def test_each_person_is_told_once_per_key(django_capture_on_commit_callbacks, queued):
    ani, budi = person(), person("budi")
    with django_capture_on_commit_callbacks(execute=True):
        made = tell(ani, budi, ani, text="Dua indikator.", path="/penilaian/1/")
    assert [(row.user, row.title, row.text, row.path) for row in made] == [
        (ani, "Penilaian dikembalikan", "Dua indikator.", "/penilaian/1/"),
        (budi, "Penilaian dikembalikan", "Dua indikator.", "/penilaian/1/"),
    ]
    assert queued == [[made[0].pk, made[1].pk]]
    with django_capture_on_commit_callbacks(execute=True):
        assert tell(ani, title="Lagi") == []
        assert [row.user.username for row in tell(ani, person("cici"))] == ["cici"]
    assert Notification.objects.count() == 3
    assert len(queued) == 2


def test_a_closed_account_is_told_nothing():
    assert tell(person(is_active=False)) == []
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    ("in_app", "by_email", "email", "expected"),
    [
        (True, True, "ani@kota.example", (True, True)),
        (True, False, "ani@kota.example", (True, False)),
        (False, True, "ani@kota.example", (False, True)),
        (False, False, "ani@kota.example", None),
        (True, True, "", (True, False)),
        (False, True, "", (True, False)),  # nothing to write to: told behind the bell all the same
    ],
)
def test_each_is_told_the_way_they_chose(in_app, by_email, email, expected):
    ani = person(email=email)
    NotificationChoice.objects.create(user=ani, kind=KIND, in_app=in_app, by_email=by_email)
    NotificationChoice.objects.create(user=ani, kind="report", in_app=False, by_email=False)
    made = tell(ani)
    assert [(row.is_shown, row.email_wanted) for row in made] == ([expected] if expected else [])


def test_the_number_of_queries_is_the_same_for_many_people_and_texts():
    ani, *others = [person(f"orang{number}") for number in range(40)]
    with CaptureQueriesContext(connection) as few, transaction.atomic():
        tell(ani)
    with CaptureQueriesContext(connection) as many, transaction.atomic():
        made = notify_all([Message((each,), KIND, f"Untuk {each}", "k") for each in others])
    assert len(made) == 39
    assert len(many) == len(few)


def test_nobody_to_tell_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert tell() == []


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_undoes_nothing(monkeypatch, caplog):
    def down(_):
        raise ConnectionError("broker")

    monkeypatch.setattr(tasks.send_emails, "delay", down)
    with transaction.atomic():
        tell(person())
    assert "broker" in caplog.text
    assert Notification.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "is_own"),
    [
        ("/", True),
        ("/penilaian/7/?a=b#c", True),
        ("", False),
        ("//jahat.example", False),
        ("/\\jahat.example", False),
        ("\\\\jahat.example", False),
        ("/\t/jahat.example", False),
        ("/a\n", False),
        ("/a\\b", False),
        ("https://jahat.example/", False),
        ("javascript:alert(1)", False),
        ("penilaian/7/", False),
    ],
)
def test_what_leads_within_the_portal(path, is_own):
    assert is_own_path(path) is is_own


def test_no_notification_leads_elsewhere():
    with pytest.raises(ValueError, match="jahat"):
        tell(person(), path="//jahat.example/")


def test_the_message_is_plain_text_with_a_link_and_a_way_to_stop_it(settings):
    settings.PUBLIC_URL = "https://spbe.kota.example"
    (row,) = tell(person(name="Ani & Co"), text="Perbaiki <2> indikator.", path="/penilaian/1/")
    assert mails.send([row.pk]) == 1
    (message,) = mail.outbox
    assert message.subject == "SPBE: Penilaian dikembalikan"
    assert message.to == ["ani@kota.example"]
    assert message.body.startswith("Yth. Ani & Co,\n\nPenilaian dikembalikan\n\nPerbaiki <2> indikator.\n")
    assert "https://spbe.kota.example/penilaian/1/\n" in message.body
    assert "https://spbe.kota.example/pemberitahuan/pilihan/\n" in message.body
    assert message.content_subtype == "plain"


def test_a_title_adds_no_header_to_the_message():
    (row,) = tell(person(), title="Halo\r\nBcc: semua@kota.example\x0bX: y")
    Notification.objects.filter(pk=row.pk).update(title="Halo\r\nBcc: semua@kota.example")  # however it came there
    assert mails.send([row.pk]) == 1
    (message,) = mail.outbox
    assert message.subject == "SPBE: Halo Bcc: semua@kota.example"
    assert message.bcc == []
    assert message.message()["Bcc"] is None


def test_a_message_goes_out_once():
    (row,) = tell(person())
    assert [mails.send([row.pk]), mails.send([row.pk]), len(mail.outbox)] == [1, 0, 1]


def test_what_failed_is_tried_again_for_a_day(monkeypatch, caplog):
    ani, budi = person(), person("budi")
    first, second = tell(ani, budi)
    send = EmailBackend.send_messages

    def failing(self, messages):
        if messages[0].to == ["ani@kota.example"]:
            raise SMTPException("kotak penuh")
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", failing)
    assert mails.send([first.pk, second.pk]) == 1
    assert "was not sent" in caplog.text
    first.refresh_from_db()
    assert first.emailed_at is None
    monkeypatch.setattr(EmailBackend, "send_messages", send)
    assert mails.send_unsent() == 0  # only minutes later
    Notification.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert mails.send_unsent() == 0  # no news any more
    Notification.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    assert mails.send_unsent() == 1
    assert [message.to for message in mail.outbox] == [["budi@kota.example"], ["ani@kota.example"]]


def test_who_left_meanwhile_gets_no_message():
    (row,) = tell(person())
    row.user.is_active = False
    row.user.save(update_fields=["is_active"])
    assert mails.send([row.pk]) == 0
    assert mail.outbox == []


def test_what_was_read_long_ago_is_taken_away():
    ani = person()
    old_read, old_unread, read = (tell(ani, key=str(number))[0] for number in range(3))
    long_ago = timezone.now() - timedelta(days=181)
    Notification.objects.filter(pk__in=[old_read.pk, old_unread.pk]).update(created_at=long_ago)
    Notification.objects.filter(pk__in=[old_read.pk, read.pk]).update(read_at=timezone.now())
    assert notifications.clean_up() == 1
    assert set(Notification.objects.values_list("pk", flat=True)) == {old_unread.pk, read.pk}


def test_the_tasks_are_on_the_schedule(settings):
    names = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {tasks.send_unsent_emails.name, tasks.clean_up_notifications.name} <= names
