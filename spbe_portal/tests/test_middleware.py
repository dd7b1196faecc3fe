import pytest

pytestmark = pytest.mark.urls("spbe_portal.tests.pages")
ENDED = {"detail": "Sesi Anda berakhir. Masuk kembali untuk melanjutkan."}


def test_a_page_without_a_session_leads_to_log_in_and_back(client, db):
    response = client.get("/penilaian/1/?saring=bukti")
    assert (response.status_code, response["Location"]) == (302, "/masuk/?next=/penilaian/1/%3Fsaring%3Dbukti")


@pytest.mark.parametrize("header", [{"Accept": "application/json"}, {"X-Requested-With": "XMLHttpRequest"}])
def test_a_script_without_a_session_gets_401_and_a_sentence(client, db, header):
    response = client.post("/save/", {"fact": "teks"}, headers=header)
    assert (response.status_code, response.json()) == (401, ENDED)


def test_a_browser_that_also_takes_json_still_gets_the_page(client, db):
    assert client.get("/", headers={"Accept": "text/html,application/json;q=0.9"}).status_code == 302


def test_htmx_without_a_session_sends_the_whole_page_to_log_in(client, db):
    response = client.get(
        "/save/", headers={"HX-Request": "true", "HX-Current-URL": "https://portal.go.id/laporan/?a=1"}
    )
    assert (response.status_code, response["HX-Redirect"]) == (401, "/masuk/?next=%2Flaporan%2F%3Fa%3D1")


@pytest.mark.parametrize("shown", ["", "https://portal.go.id//evil.example/", "javascript:alert(1)", "http://[x"])
def test_htmx_does_not_carry_a_foreign_address(client, db, shown):
    response = client.get("/save/", headers={"HX-Request": "true", "HX-Current-URL": shown})
    assert response["HX-Redirect"] == "/masuk/"


def test_a_public_view_needs_no_session(client, db):
    assert client.get("/masuk/").status_code == 200


def test_pages_of_a_signed_in_person_are_not_kept_by_the_browser(client, login, city):
    assert client.get("/masuk/").headers.get("Cache-Control") != "private, no-store"
    assert login(city.operator).get("/penilaian/1/").headers["Cache-Control"] == "private, no-store"


@pytest.mark.urls("spbe_portal.urls")
def test_an_address_that_only_takes_forms_explains_itself(client, admin_user):
    client.force_login(admin_user)
    page = client.get("/keluar/")
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert "Alamat ini hanya menerima kiriman formulir" in page.content.decode()
    assert "Content-Security-Policy" in page.headers
    script = client.get("/keluar/", headers={"Accept": "application/json"})
    assert (script.status_code, script.json()) == (405, {"detail": "Alamat ini hanya menerima kiriman formulir."})
