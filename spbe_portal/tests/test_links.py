"""Every link and every form of every page leads somewhere, for everyone."""

from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from assessments import workflow
from assessments.models import Assessment
from conftest import accept_all, attach, hand_in
from reports.services import request_agency_report


class Targets(HTMLParser):
    """Addresses a page points to: links to follow, forms to resolve, and ids to jump to."""

    def __init__(self, html: str):
        super().__init__()
        self.links: set[str] = set()
        self.forms: set[str] = set()
        self.jumps: set[str] = set()
        self.ids: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if values.get("id"):
            self.ids.add(values["id"])
        for name in ("href", "src", "hx-get"):
            target = values.get(name) or ""
            if target.startswith("#"):
                self.jumps.add(target[1:])
            elif target and not target.startswith(("data:", "mailto:", "/static/")):
                self.links.add(target)
        if tag == "form":
            self.forms.add(values.get("action") or "")


@pytest.fixture
def busy_city(period, city):
    """An assessment being filled, one under review and one approved."""
    own = {a.agency_id: a for a in Assessment.objects.filter(period=period)}
    attach(own[city.dinkes.pk].answers.get(indicator__code="1"), city.operator)
    hand_in(own[city.dinsos.pk], city.other_operator)
    hand_in(own[city.diskominfo.pk], city.coordinator)
    accept_all(own[city.diskominfo.pk], city.verifier2)
    workflow.approve(assessment_id=own[city.diskominfo.pk].pk, user=city.verifier2)
    request_agency_report(own[city.dinkes.pk].pk, city.operator)
    return city


@pytest.mark.parametrize("who", ["operator", "verifier", "verifier2", "coordinator", "leader", "admin", "outsider"])
def test_no_link_and_no_form_leads_nowhere(busy_city, who):
    client = Client()
    client.force_login(getattr(busy_city, who))
    waiting, seen, kinds, broken = {reverse("home")}, set(), {}, []
    found_on: dict[str, str] = {}
    while waiting:
        url = waiting.pop()
        seen.add(url)
        match = resolve(urlsplit(url).path)
        # A few pages of a kind say what the others say.
        kinds[match.url_name] = kinds.get(match.url_name, 0) + 1
        if kinds[match.url_name] > 6:
            continue
        response = client.get(url)
        if response.status_code in (301, 302):
            waiting |= {urljoin(url, response.url)} - seen
            continue
        if response.status_code != 200:
            broken.append((found_on.get(url, ""), url, response.status_code))
            continue
        if not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = Targets(response.content.decode())
        broken += [(url, f"#{jump}") for jump in page.jumps - page.ids if jump]
        for form in page.forms:
            try:
                resolve(urlsplit(urljoin(url, form)).path)
            except Resolver404:
                broken.append((url, f"form {form}"))
        for link in page.links:
            target = urldefrag(urljoin(url, link)).url
            if urlsplit(target).netloc:
                continue
            try:
                resolve(urlsplit(target).path)
            except Resolver404:
                broken.append((url, link))
                continue
            if target not in seen:
                waiting.add(target)
                found_on.setdefault(target, url)
    assert broken == []
    assert len(seen) >= (1 if who == "outsider" else 5)
