import pytest
from django.test import Client

pytestmark = pytest.mark.urls("spbe_portal.tests.pages")
JSON = {"Accept": "application/json"}


@pytest.fixture
def strict(db) -> Client:
    """A browser whose forms are checked, and that sees error pages instead of exceptions."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


def test_an_old_form_is_refused_with_a_way_back(strict, city):
    strict.force_login(city.operator)
    response = strict.post("/save/", headers={"Referer": "http://testserver/penilaian/1/"})
    text = response.content.decode()
    assert response.status_code == 403
    assert "Formulir belum terkirim" in text
    assert 'href="/penilaian/1/"' in text


def test_the_way_back_is_never_a_foreign_page(strict, city):
    strict.force_login(city.operator)
    response = strict.post("/save/", headers={"Referer": "https://evil.example/"})
    assert response.context["back"] == "/"


def test_an_old_form_after_the_session_ended_leads_to_log_in(strict):
    text = strict.post("/save/").content.decode()
    assert "Sesi Anda sudah berakhir" in text
    assert 'href="/masuk/?next=/"' in text


def test_a_script_with_an_old_token_gets_a_sentence(strict, city):
    strict.force_login(city.operator)
    response = strict.post("/save/", headers=JSON)
    assert (response.status_code, response.json()) == (
        403,
        {"detail": "Formulir ini sudah terlalu lama terbuka. Muat ulang halaman, lalu kirim kembali.", "code": "csrf"},
    )


def test_a_script_with_an_old_token_and_no_session_learns_that_the_session_ended(strict):
    assert strict.post("/save/", headers=JSON).json() == {
        "detail": "Sesi Anda berakhir. Masuk kembali untuk melanjutkan.",
        "code": "csrf",
    }


def test_a_refusal_says_why(strict):
    response = strict.get("/denied/")
    assert response.status_code == 403
    assert "Penilaian ini sudah diajukan." in response.content.decode()
    assert strict.get("/denied/", headers=JSON).json() == {"detail": "Penilaian ini sudah diajukan."}


def test_a_refusal_without_words_speaks_of_the_role(strict):
    assert strict.get("/denied-without-words/", headers=JSON).json() == {
        "detail": "Peran Anda tidak mengizinkan tindakan ini."
    }


@pytest.mark.parametrize(
    "url, status, heading",
    [
        ("/tidak-ada/", 404, "Halaman tidak ditemukan"),
        ("/too-big/", 413, "Isian terlalu besar"),
        ("/suspicious/", 400, "Permintaan tidak dapat dibaca"),
        ("/broken/", 500, "Ada gangguan di server"),
    ],
)
def test_each_error_has_its_page_without_technical_words(strict, url, status, heading):
    response = strict.get(url)
    text = response.content.decode()
    assert response.status_code == status
    assert f"<h1>{heading}</h1>" in text
    assert "secret" not in text
    assert "Traceback" not in text
    assert "DATA_UPLOAD" not in text


@pytest.mark.parametrize(
    "url, status", [("/tidak-ada/", 404), ("/too-big/", 413), ("/suspicious/", 400), ("/broken/", 500)]
)
def test_scripts_get_each_error_as_a_sentence(strict, url, status):
    response = strict.get(url, headers=JSON)
    assert (response.status_code, list(response.json())) == (status, ["detail"])
    assert "secret" not in response.json()["detail"]


def test_a_wrong_host_gets_the_plain_page(strict):
    response = strict.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "Permintaan tidak dapat dibaca" in response.content.decode()


@pytest.mark.parametrize("url", ["/too-big/", "/suspicious/", "/broken/"])
def test_pages_that_stand_alone_ask_the_database_nothing(client, db, django_assert_num_queries, url):
    client.raise_request_exception = False
    with django_assert_num_queries(0):
        client.get(url)
