"""A signed PDF is proved with the certificate alone; a changed one is found out; without a certificate none is."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from reports import making, queries, services, signing
from reports.models import ReportJob
from reports.pdf import render_agency_report
from reports.tests.sample import empty_report
from spbe_portal import env

PASSWORD = "sandi sertifikat uji"
SUBJECT = "SPBE Portal Kota Arunika, Pemerintah Kota Arunika"


def make_certificate(folder, name="uji", days=30):
    """A self-made certificate: the paths of its PKCS#12 file and of its PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "SPBE Portal Kota Arunika"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Pemerintah Kota Arunika"),
        ]
    )
    now = datetime.now(UTC)
    others = "key_encipherment data_encipherment key_agreement key_cert_sign crl_sign encipher_only decipher_only"
    usage = dict.fromkeys(others.split(), False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True)
        .sign(key, hashes.SHA256())
    )
    store, pem = folder / f"{name}.p12", folder / f"{name}.pem"
    secret = serialization.BestAvailableEncryption(PASSWORD.encode())
    store.write_bytes(pkcs12.serialize_key_and_certificates(b"uji", key, certificate, None, secret))
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return store, pem


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("sertifikat"))


@pytest.fixture
def certificate(settings, store):
    settings.REPORT_SIGNING_CERTIFICATE, settings.REPORT_SIGNING_PASSWORD = str(store[0]), PASSWORD
    return store


@pytest.fixture(scope="module")
def pdf(request):
    request.getfixturevalue("fonts")
    return render_agency_report(empty_report())


def status_of(content, pem):
    reader = PdfFileReader(BytesIO(content))
    signature = reader.embedded_signatures[0]
    context = ValidationContext(trust_roots=[load_cert_from_pemder(str(pem))])
    # In a thread of its own: it runs an event loop, and the browser's may run in this one.
    with ThreadPoolExecutor(max_workers=1) as threads:
        return threads.submit(validate_pdf_signature, signature, context).result()


def test_a_signed_pdf_is_valid_and_says_who_signed(certificate, pdf):
    content, signed_by = signing.signed(pdf)
    assert signed_by == SUBJECT
    status = status_of(content, certificate[1])
    assert (status.valid, status.intact, status.trusted, status.bottom_line) == (True, True, True, True)
    signature = PdfFileReader(BytesIO(content)).embedded_signatures[0]
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"


def test_it_signs_where_an_event_loop_runs_already(certificate, pdf):
    async def sign():
        return signing.signed(pdf)

    # In a thread of its own: a browser test before this one may have left a loop in ours.
    with ThreadPoolExecutor(max_workers=1) as threads:
        content, _ = threads.submit(lambda: asyncio.run(sign())).result()
    assert status_of(content, certificate[1]).bottom_line is True


def test_a_changed_byte_and_an_added_page_are_found(certificate, pdf):
    content, _ = signing.signed(pdf)
    at = content.index(b"stream") + 20
    changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    assert status_of(changed, certificate[1]).intact is False
    with pikepdf.open(BytesIO(content)) as document:
        document.add_blank_page()
        out = BytesIO()
        document.save(out)
    added = out.getvalue()
    try:
        verdict = status_of(added, certificate[1]).bottom_line
    except Exception:
        verdict = False
    assert verdict is False


def test_the_signed_pdf_is_still_tagged_with_nothing_to_be_seen(certificate, pdf):
    content, _ = signing.signed(pdf)
    with pikepdf.open(BytesIO(pdf)) as before, pikepdf.open(BytesIO(content)) as after:
        assert len(after.pages) == len(before.pages)
        assert "/StructTreeRoot" in after.Root
        assert bool(after.Root.MarkInfo.Marked) is True
        with after.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
        widgets = [note for page in after.pages for note in page.get("/Annots", []) if note.Subtype == "/Widget"]
        assert [bool(int(note.F) & 2) for note in widgets] == [True]


def test_without_a_certificate_nothing_is_signed(settings, pdf):
    settings.REPORT_SIGNING_CERTIFICATE = ""
    assert signing.signed(pdf) == (pdf, "")
    assert signing.fingerprint() == ""


def test_an_expired_certificate_signs_nothing_more_and_is_complained_of(settings, tmp_path, pdf, caplog):
    store, _ = make_certificate(tmp_path, days=-1)
    settings.REPORT_SIGNING_CERTIFICATE, settings.REPORT_SIGNING_PASSWORD = str(store), PASSWORD
    assert signing.signed(pdf) == (pdf, "")
    assert "expired" in caplog.text


def test_the_start_is_refused_where_the_certificate_cannot_be_used(monkeypatch, store, tmp_path):
    def start(path, password=PASSWORD):
        monkeypatch.setenv("REPORT_SIGNING_CERTIFICATE", str(path))
        monkeypatch.setenv("REPORT_SIGNING_PASSWORD", password)
        return env.signing_certificate()

    assert start(store[0]) == (str(store[0]), PASSWORD)
    assert start("") == ("", "")
    old, _ = make_certificate(tmp_path, days=-1)
    for path, password, words in (
        (store[0], "salah", "REPORT_SIGNING_PASSWORD"),
        (store[1], PASSWORD, "no PKCS#12 file"),
        (tmp_path / "tidak-ada.p12", PASSWORD, "No such file"),
        (old, PASSWORD, "expired"),
    ):
        with pytest.raises(ImproperlyConfigured, match=words) as refusal:
            start(path, password)
        assert password not in str(refusal.value)


@pytest.mark.django_db
def test_the_made_report_is_signed_its_digest_is_of_the_signed_file_and_both_pages_say_so(
    certificate, final, city, sent, fonts, login, client
):
    unsigned_key = queries.sources(final.pk).key
    job = services.request_agency_report(final.pk, city.leader)
    assert job.key != unsigned_key
    making.make(str(job.pk))
    job = ReportJob.objects.get()
    content = job.file.read()
    assert (job.status, job.signed_by, job.sha256) == ("done", SUBJECT, hashlib.sha256(content).hexdigest())
    assert status_of(content, certificate[1]).bottom_line is True
    assert SUBJECT in client.get(reverse("verify_code", args=[job.code])).content.decode()
    page = login(city.leader).get(reverse("report", args=[job.pk])).content.decode()
    assert SUBJECT in page
    assert "bukan tanda tangan elektronik BSrE" in page


@pytest.mark.django_db
def test_a_report_made_unsigned_is_made_again_once_a_certificate_is_there(final, city, sent, settings, store):
    settings.REPORT_SIGNING_CERTIFICATE = ""
    unsigned = services.request_agency_report(final.pk, city.leader)
    settings.REPORT_SIGNING_CERTIFICATE, settings.REPORT_SIGNING_PASSWORD = str(store[0]), PASSWORD
    assert services.request_agency_report(final.pk, city.leader) != unsigned
    as_sheet = services.request_report(kind="agency", user=city.leader, assessment_id=final.pk, format="xlsx")
    settings.REPORT_SIGNING_CERTIFICATE = ""
    again = services.request_report(kind="agency", user=city.leader, assessment_id=final.pk, format="xlsx")
    assert again == as_sheet
