#!/usr/bin/env python3
"""Take an agency from empty to final, and download its report, with nothing but the portal's API.

    python3 docs/examples/whole_loop.py http://127.0.0.1:8000 --password ...

Three people work in turn, each with a token of their own: a coordinator makes and opens a period for the operator's
agency, the operator fills in every indicator with evidence and hands in, a verifier accepts and approves, the
coordinator finalises. Then the operator asks for the report, waits for it and compares its SHA-256.

It needs the standard library only. What it knows of the portal is the address and the accounts; every path, parameter,
media type and field comes from the OpenAPI document at /api/v1/schema/, looked up by the operation's name
(`operationId`). A field that the document does not know is never sent.
"""

import argparse
import datetime
import getpass
import hashlib
import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from fractions import Fraction


class Stopped(Exception):
    """The loop cannot go on; the message says why."""


class Portal:
    """The API of one portal, as its OpenAPI document describes it."""

    def __init__(self, base):
        self.base = base.rstrip("/")
        status, content = self._send("GET", "/api/v1/schema/", {"Accept": "application/vnd.oai.openapi+json"})
        if status != 200:
            raise Stopped(f"Dokumen OpenAPI tidak terbaca ({status}).")
        self.document = json.loads(content)
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if isinstance(operation, dict) and "operationId" in operation
        }

    def call(self, name, token=None, body=None, file=None, query=None, raw=False, **path):
        """What the operation `name` answers. `path` fills its path parameters, `file` is (name, content)."""
        if name not in self.operations:
            raise Stopped(f"Dokumen OpenAPI tidak memuat operasi {name}.")
        method, address, operation = self.operations[name]
        places = [each["name"] for each in operation.get("parameters", []) if each["in"] == "path"]
        if set(places) != set(path):
            raise Stopped(f"{name} memerlukan {places}, bukan {sorted(path)}.")
        for place in places:
            address = address.replace("{" + place + "}", urllib.parse.quote(str(path[place]), safe=""))
        if query:
            known = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
            if unknown := set(query) - known:
                raise Stopped(f"{name} tidak mengenal {sorted(unknown)}.")
            address += "?" + urllib.parse.urlencode(query)
        headers = {"Accept": "*/*" if raw else "application/json"}
        if token:
            headers["Authorization"] = f"Token {token}"
        content = None
        if "requestBody" in operation and (body is not None or file is not None):
            media, content = self._encoded(name, operation, body or {}, file)
            headers["Content-Type"] = media
        status, content = self._send(method, address, headers, content)
        if status not in (200, 201, 202, 204):
            raise Stopped(f"{method} {address}: {status} {content.decode(errors='replace')[:2000]}")
        if str(status) not in operation["responses"]:
            raise Stopped(f"{method} {address}: status {status} tidak ada dalam dokumen OpenAPI.")
        return content if raw else json.loads(content or b"null")

    def every(self, name, token, query=None, **path):
        """All rows of a list, page after page."""
        rows, page = [], 1
        while True:
            answer = self.call(name, token, query={**(query or {}), "page": page}, **path)
            rows += answer["results"]
            if not answer["next"]:
                return rows
            page += 1

    def _encoded(self, name, operation, body, file):
        """Media type and bytes of a body whose every field the document knows."""
        offered = operation["requestBody"]["content"]
        media = "multipart/form-data" if file else "application/json"
        if media not in offered:
            raise Stopped(f"{name} menerima {list(offered)}, bukan {media}.")
        shape = self._resolved(offered[media]["schema"])
        fields = shape.get("properties", {})
        sent = {*body, "file"} if file else set(body)
        if unknown := sent - set(fields):
            raise Stopped(f"{name} tidak mengenal kolom {sorted(unknown)}.")
        if missing := set(shape.get("required", [])) - sent:
            raise Stopped(f"{name} memerlukan kolom {sorted(missing)}.")
        if not file:
            return media, json.dumps(body).encode()
        mark = uuid.uuid4().hex
        lines = []
        for field, value in body.items():
            lines.append(f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode())
        title, content = file
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{title}"\r\n'
        lines += [f"{head}Content-Type: application/pdf\r\n\r\n".encode(), content, f"\r\n--{mark}--\r\n".encode()]
        return f"{media}; boundary={mark}", b"".join(lines)

    def _resolved(self, shape):
        if "$ref" not in shape:
            return shape
        found = self.document
        for part in shape["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return found

    def _send(self, method, address, headers, content=None):
        """Status and body; waits as long as the portal asks for where it is asked too often."""
        for _ in range(20):
            request = urllib.request.Request(self.base + address, content, headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as refusal:
                if refusal.code != 429:
                    return refusal.code, refusal.read()
                seconds = int(refusal.headers.get("Retry-After", "5"))
                print(f"  … menunggu {seconds} detik: terlalu banyak permintaan")
                time.sleep(seconds + 1)
            except urllib.error.URLError as problem:
                raise Stopped(f"Portal di {self.base} tidak menjawab: {problem.reason}") from None
        raise Stopped("Portal terus menolak karena terlalu banyak permintaan.")


def small_pdf(text):
    """A PDF of one page that says `text` (letters of ASCII)."""
    stream = (
        b"BT /F1 14 Tf 72 720 Td ("
        + text.encode("ascii", "replace").replace(b"(", b"").replace(b")", b"")
        + b") Tj ET"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def run(base, operator, verifier, coordinator, password, indicators=0, folder=".", patience=300):
    """The whole loop; the path of the downloaded report. `indicators`: how many are assigned, 0 for all."""
    portal = Portal(base)
    print(f"Dokumen OpenAPI: {len(portal.operations)} operasi")
    tokens = {}
    for name in (operator, verifier, coordinator):
        made = portal.call(
            "token_create", body={"username": name, "password": password, "name": "whole_loop", "days": 1}
        )
        tokens[name] = made["token"]
    print(f"Token untuk {operator}, {verifier}, dan {coordinator}")

    own = next(role for role in portal.call("me", tokens[operator])["memberships"] if role["role"] == "operator")
    agency = own["agency"]
    instrument = portal.every("instruments_list", tokens[coordinator], {"is_default": "true"})[0]
    tree = portal.call("instruments_retrieve", tokens[coordinator], code=instrument["code"])
    asked = [each for domain in tree["domains"] for aspect in domain["aspects"] for each in aspect["indicators"]]
    chosen = asked[:indicators] if indicators else asked

    # The coordinator makes a period for this agency, assigns the indicators and opens it.
    today = datetime.date.today()
    period = portal.call(
        "periods_create",
        tokens[coordinator],
        body={
            "name": f"Putaran lewat API {datetime.datetime.now():%Y-%m-%d %H.%M.%S}",
            "year": today.year,
            "instrument": instrument["code"],
            "starts_on": today.isoformat(),
            "deadline": (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=14)).isoformat(),
            "agencies": [agency["id"]],
        },
    )
    portal.call(
        "periods_assignments_replace",
        tokens[coordinator],
        body={
            "assignments": [{"agency": agency["id"], "number": each["number"], "kind": "pic"} for each in chosen],
            "version": period["version"],
        },
        id=period["id"],
    )
    portal.call("periods_open", tokens[coordinator], id=period["id"])
    print(f"Periode {period['name']} dibuka untuk {agency['name']} dengan {len(chosen)} indikator")

    # The operator fills in: a level, what is so and what it means, and a document for each indicator.
    found = portal.every("assessments_list", tokens[operator], {"period": period["id"]})
    assessment = found[0]["id"]
    print(f"Penilaian {assessment}: {found[0]['status']}")
    levels = {}
    for place, each in enumerate(chosen):
        number, ladder = each["number"], [row["level"] for row in each["levels"]]
        levels[number] = ladder[1 + place % (len(ladder) - 1)]
        answer = portal.call("answers_retrieve", tokens[operator], id=assessment, number=number)
        portal.call(
            "answers_update",
            tokens[operator],
            body={
                "self_level": levels[number],
                "fact": f"Dokumen {each['name']} sudah ditetapkan dan diterapkan.",
                "analysis": f"Isinya memenuhi kriteria level {levels[number]}.",
                "version": answer["version"],
            },
            id=assessment,
            number=number,
        )
        portal.call(
            "evidence_add",
            tokens[operator],
            body={"title": f"Dokumen indikator {number}"},
            file=(f"indikator-{number}.pdf", small_pdf(f"Indikator {number}, {period['name']}")),
            id=assessment,
            number=number,
        )
    print(f"{len(chosen)} indikator diisi, masing-masing dengan bukti")
    handed_in = portal.call("assessments_submit", tokens[operator], body={}, id=assessment)
    print(f"Diajukan: {handed_in['status']}")

    # The verifier reads every answer, accepts it and approves the whole.
    for answer in portal.every("answers_list", tokens[verifier], id=assessment):
        if not answer["evidence"]:
            raise Stopped(f"Indikator {answer['number']} tanpa bukti.")
        portal.call(
            "reviews_decide", tokens[verifier], body={"decision": "accept"}, id=assessment, number=answer["number"]
        )
    approved = portal.call("assessments_approve", tokens[verifier], body={}, id=assessment)
    print(f"Diverifikasi: {approved['status']}")

    # The coordinator finalises the period; nothing is left that would freeze unfinished.
    left = portal.call("periods_finalise_preview", tokens[coordinator], id=period["id"])
    if left["unfinished"]:
        raise Stopped(f"Belum disetujui: {left['unfinished']}")
    portal.call("periods_finalise", tokens[coordinator], body={"token": left["token"]}, id=period["id"])
    final = portal.call("assessments_retrieve", tokens[operator], id=assessment)
    verified = final["verified"]
    print(f"Final: {final['status']}, indeks {verified['index']} ({verified['predicate']})")
    weights = {each["number"]: Fraction(each["weight"]) for each in chosen}
    reckoned = sum(Fraction(str(levels[code])) * weight for code, weight in weights.items()) / sum(weights.values())
    if final["status"] != "final" or Fraction(verified["index_exact"]) != reckoned:
        raise Stopped(f"Indeks yang dihitung sendiri {reckoned}, dari portal {verified['index_exact']}.")

    # The report: asked for, waited for, downloaded, compared.
    report = portal.call("reports_request", tokens[operator], body={"kind": "agency", "assessment": assessment})
    print(f"Laporan {report['id']}: {report['status']}")
    until = time.monotonic() + patience
    while True:
        state = portal.call("reports_retrieve", tokens[operator], id=report["id"])
        if state["status"] not in ("queued", "running"):
            break
        if time.monotonic() > until:
            raise Stopped(f"Laporan belum selesai sesudah {patience} detik ({state['progress']}%).")
        time.sleep(1)
    if state["status"] != "done":
        raise Stopped(f"Laporan {state['status']}: {state['error']}")
    content = portal.call("reports_download", tokens[operator], raw=True, id=report["id"])
    digest = hashlib.sha256(content).hexdigest()
    if (digest, len(content)) != (state["sha256"], state["size"]):
        raise Stopped(f"SHA-256 berkas {digest}, menurut portal {state['sha256']}.")
    path = pathlib.Path(folder) / pathlib.PurePath(state["file_name"]).name
    path.write_bytes(content)
    print(f"Laporan {state['code']}: {path} ({len(content)} byte), SHA-256 {digest} cocok")
    for token in tokens.values():
        portal.call("token_destroy", token)
    return path


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", help="alamat portal, misalnya http://127.0.0.1:8000")
    parser.add_argument("--operator", default="operator-dinkes")
    parser.add_argument("--verifier", default="verifikator")
    parser.add_argument("--coordinator", default="koordinator")
    parser.add_argument("--password", default=os.environ.get("SPBE_PASSWORD"), help="atau SPBE_PASSWORD")
    parser.add_argument("--indicators", type=int, default=0, help="hanya sekian indikator pertama; 0: semua")
    parser.add_argument("--folder", default=".", help="tempat laporan disimpan")
    parser.add_argument("--patience", type=int, default=300, help="detik menunggu laporan")
    given = vars(parser.parse_args(arguments))
    given["password"] = given["password"] or getpass.getpass("Kata sandi: ")
    try:
        run(**given)
    except Stopped as problem:
        print(f"Berhenti: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
