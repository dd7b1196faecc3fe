"""The forms that the portal's own pages hold, read as a browser would fill them in."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

#: What nobody types is sent as it is.
LEFT_EMPTY = "\0"


class _Forms(HTMLParser):
    def __init__(self, path: str):
        super().__init__()
        self.path = path
        self.found: dict[str, dict[str, str]] = {}
        self.form: dict[str, str] | None = None
        self.select, self.area = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        name, value = held.get("name", ""), held.get("value", "")
        if tag == "form":
            is_post = held.get("method", "").lower() == "post"
            action = urlsplit(held.get("action", "")).path or self.path
            self.form = self.found.setdefault(action, {}) if is_post else None
        elif self.form is None:
            return
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select:
            if value and ("selected" in held or self.select not in self.form):
                self.form[self.select] = value
        elif tag == "textarea" and name:
            self.area = name
            self.form.setdefault(name, "")
        elif tag == "input" and name and held.get("type") != "file":
            if held.get("type") in ("radio", "checkbox"):
                if "checked" in held or name not in self.form:
                    self.form[name] = value or "on"
            elif value or name not in self.form:
                self.form[name] = value or (LEFT_EMPTY if held.get("type") == "hidden" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        self.select = "" if tag == "select" else self.select
        self.area = "" if tag == "textarea" else self.area

    def handle_data(self, data: str) -> None:
        if self.form is not None and self.area:
            self.form[self.area] += data.strip()


def forms_of(path: str, html: str) -> dict[str, dict[str, str]]:
    """The POST forms of a page: fields with their values by the path they are sent to. Tokens are left out."""
    parser = _Forms(path)
    parser.feed(html)
    return {
        action: {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"}
        for action, fields in parser.found.items()
    }
