#!/usr/bin/env python3
"""Fill one agency's assessment from a CSV file, through the portal's API.

    python3 docs/examples/fill_from_csv.py http://127.0.0.1:8000 isian.csv --username operator-dinkes

Columns of the file, in any order (comma or semicolon, UTF-8):

    number     the indicator, as in the portal
    level      the level chosen; empty leaves it as it is
    fact       what is the case
    analysis   why that is the level
    evidence   files beside the CSV and web addresses, separated by "|"

The file may be sent again at any time: what is stored already is left alone, and evidence that is attached already is
not sent twice. An answer that somebody else changes while this runs is never overwritten: it is shown, and the exit
code is 1. `--submit` hands in where nothing is missing any more.

The password is asked for, or read from PORTAL_PASSWORD. An account with two-factor log-in takes a token from its
token page: PORTAL_TOKEN. Only the standard library is needed.
"""

import argparse
import csv
import getpass
import hashlib
import json
import mimetypes
import os
import pathlib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

TEXTS = ("fact", "analysis")


class Refused(Exception):
    """The portal said no."""

    def __init__(self, status, body):
        self.status, self.body = status, body
        super().__init__(f"{status}: {told(body)}")


def told(body):
    """A refusal in one line: `{detail}`, or messages by field."""
    if not isinstance(body, dict):
        return str(body)
    if "detail" in body:
        return body["detail"]
    return "; ".join(f"{field}: {' '.join(map(str, texts))}" for field, texts in body.items())


class Portal:
    """The API of one portal, as one person."""

    def __init__(self, base, token=""):
        self.base, self.token = base.rstrip("/") + "/api/v1/", token

    def call(self, method, path, body=None, form=None):
        """The JSON that is answered. Waits where too much was asked; raises `Refused`."""
        headers, content = {"Accept": "application/json"}, None
        if self.token:
            headers["Authorization"] = f"Token {self.token}"
        if form is not None:
            headers["Content-Type"], content = multipart(form)
        elif body is not None:
            headers["Content-Type"], content = "application/json", json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, content, headers, method=method)
        while True:
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as refusal:
                if refusal.code == 429:
                    time.sleep(int(refusal.headers.get("Retry-After") or 5))
                    continue
                raise Refused(refusal.code, read(refusal)) from None

    def every(self, path, **wanted):
        """All rows of a list, page after page."""
        page = 1
        while True:
            answer = self.call("GET", f"{path}?{urllib.parse.urlencode({**wanted, 'page': page})}")
            yield from answer["results"]
            if not answer["next"]:
                return
            page += 1


def read(refusal):
    try:
        return json.loads(refusal.read())
    except ValueError:
        return refusal.reason


def multipart(form):
    """Content type and bytes of a form; a value is text, or (name, bytes) of a file."""
    mark, parts = uuid.uuid4().hex, []
    for field, value in form.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{field}"'
        if isinstance(value, tuple):
            name, content = value
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            safe = name.replace('"', "'")
            parts.append(f'{head}; filename="{safe}"\r\nContent-Type: {kind}\r\n\r\n'.encode() + content + b"\r\n")
        else:
            parts.append(f"{head}\r\n\r\n{value}\r\n".encode())
    return f"multipart/form-data; boundary={mark}", b"".join(parts) + f"--{mark}--\r\n".encode()


def rows_of(path):
    """The rows of the CSV, headings in any case."""
    text = path.read_text(encoding="utf-8-sig")
    comma = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    for row in csv.DictReader(text.splitlines(keepends=True), delimiter=comma):
        yield {(name or "").strip().lower(): (value or "").strip() for name, value in row.items() if name is not None}


def shown(level):
    """A stored level as it is typed: 3, 2.5, or nothing."""
    return "" if level is None else f"{level:g}"


def changes_of(row, answer):
    """What of the row is not stored yet; an empty cell changes nothing."""
    changes = {}
    level = row.get("level", "").replace(",", ".")
    if level and level != shown(answer["self_level"]):
        changes["self_level"] = level
    for name in TEXTS:
        text = row.get(name, "").replace("\r\n", "\n")
        if text and text != answer[name]:
            changes[name] = text
    return changes


def missing_evidence(row, answer, folder):
    """What of the row's evidence is not attached yet, as forms to send."""
    urls = {piece["version"]["url"] for piece in answer["evidence"]}
    digests = {piece["version"]["sha256"] for piece in answer["evidence"]}
    for source in filter(None, (part.strip() for part in row.get("evidence", "").split("|"))):
        if source.startswith(("http://", "https://")):
            if source not in urls:
                yield source, {"url": source}
            continue
        content = (folder / source).read_bytes()
        if hashlib.sha256(content).hexdigest() not in digests:
            yield source, {"file": (pathlib.Path(source).name, content)}


def fill(portal, pk, path):
    """Send every row; the number of those that were refused."""
    refused = 0
    answers = {answer["number"]: answer for answer in portal.every(f"assessments/{pk}/answers/")}
    for row in rows_of(path):
        number = row.get("number", "")
        answer = answers.get(number)
        if answer is None:
            print(f"Indikator {number}: tidak ada dalam penilaian ini, dilewati.")
            refused += 1
            continue
        where = f"assessments/{pk}/answers/{number}/"
        done = []
        try:
            changes = changes_of(row, answer)
            if changes:
                portal.call("PATCH", where, {**changes, "version": answer["version"]})
                done.append("isian tersimpan")
            for source, form in missing_evidence(row, answer, path.parent):
                portal.call("POST", f"{where}evidence/", form=form)
                done.append(f"bukti {source}")
        except Refused as refusal:
            refused += 1
            print(f"Indikator {number}: {told(refusal.body)}")
            current = refusal.body.get("current") if isinstance(refusal.body, dict) else None
            if current:
                print(f"  Tersimpan sekarang, oleh {current['changed_by']}: level {current['self_level']}")
                for name in TEXTS:
                    print(f"  {name}: {current[name]}")
        except (OSError, ValueError) as problem:
            refused += 1
            print(f"Indikator {number}: {problem}")
        else:
            print(f"Indikator {number}: {', '.join(done) or 'tidak ada yang berubah'}.")
    return refused


def chosen(portal, wanted):
    """The assessment to fill: the one asked for, or the only one that is open."""
    if wanted:
        return portal.call("GET", f"assessments/{wanted}/")
    rows = [row for status in ("draft", "returned") for row in portal.every("assessments/", status=status)]
    if len(rows) != 1:
        for row in rows:
            print(f"  {row['id']}: {row['agency']['name']}, {row['period']['name']}")
        raise SystemExit("Pilih satu penilaian dengan --assessment.")
    return rows[0]


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Isi satu penilaian dari berkas CSV melalui API portal.")
    parser.add_argument("portal", help="alamat portal, misalnya https://spbe.contoh.go.id")
    parser.add_argument("csv", type=pathlib.Path)
    parser.add_argument("--username")
    parser.add_argument("--assessment", type=int, help="nomor penilaian, bila lebih dari satu yang terbuka")
    parser.add_argument("--submit", action="store_true", help="ajukan bila sudah lengkap")
    given = parser.parse_args(arguments)
    portal = Portal(given.portal, os.environ.get("PORTAL_TOKEN", ""))
    made_here = not portal.token
    try:
        if made_here:
            password = os.environ.get("PORTAL_PASSWORD") or getpass.getpass("Kata sandi: ")
            body = {"username": given.username, "password": password, "name": "fill_from_csv"}
            portal.token = portal.call("POST", "auth/token/", body)["token"]
        try:
            return work(portal, given)
        finally:
            if made_here:
                portal.call("DELETE", "auth/token/")
    except Refused as refusal:
        print(f"Ditolak: {told(refusal.body)}", file=sys.stderr)
        return 1
    except (OSError, UnicodeDecodeError) as problem:  # no portal there, no such file, a file that is not UTF-8
        print(f"Gagal: {problem}", file=sys.stderr)
        return 1


def work(portal, given):
    assessment = chosen(portal, given.assessment)
    pk = assessment["id"]
    print(f"{assessment['agency']['name']}, {assessment['period']['name']}")
    refused = fill(portal, pk, given.csv)
    problems = portal.call("GET", f"assessments/{pk}/problems/")["problems"]
    for problem in problems:
        print(f"Masih kurang: {problem['message']}")
    own = portal.call("GET", f"assessments/{pk}/")["self"]
    coverage = own["coverage"]
    print(f"Indeks mandiri {own['index']} ({coverage['answered']} dari {coverage['assigned']} terisi).")
    if given.submit and not problems and not refused:
        print(f"Status: {portal.call('POST', f'assessments/{pk}/submit/')['status']}.")
    return 1 if refused or (given.submit and problems) else 0


if __name__ == "__main__":
    sys.exit(main())
