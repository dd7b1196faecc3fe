/* Typed text that has not reached the server yet: kept in this browser for its person alone, sent on
   return, never over a newer answer, gone at log-out (after a warning) and after seven days. */
(function () {
  "use strict";

  const script = document.currentScript;
  const user = script.dataset.user;
  const sessionUrl = script.dataset.session;
  const prefix = "spbe-isian:";
  const mine = prefix + user + ":";
  const week = 7 * 24 * 3600 * 1000;
  /* Younger drafts belong to a page that is saving them right now. */
  const settled = 15 * 1000;

  const store = (function () {
    try {
      localStorage.setItem(prefix + "uji", "1");
      localStorage.removeItem(prefix + "uji");
      return localStorage;
    } catch (error) {
      return null; /* storage is switched off: pages warn before leaving instead */
    }
  })();
  const tab = (function () {
    try {
      const known = sessionStorage.getItem(prefix + "tab");
      if (known) return known;
      const made = Math.random().toString(36).slice(2, 8);
      sessionStorage.setItem(prefix + "tab", made);
      return made;
    } catch (error) {
      return Math.random().toString(36).slice(2, 8);
    }
  })();

  function keys() {
    const found = [];
    for (let i = 0; store && i < store.length; i++) {
      const key = store.key(i);
      if (key.startsWith(prefix)) found.push(key);
    }
    return found;
  }

  function read(key) {
    try {
      const draft = JSON.parse(store.getItem(key));
      return draft && draft.fields ? Object.assign(draft, { key: key }) : null;
    } catch (error) {
      return null;
    }
  }

  function all() {
    return keys().filter((key) => key.startsWith(mine)).map(read).filter(Boolean).sort((a, b) => a.at - b.at);
  }

  function of(assessment, code) {
    return all().filter((draft) => draft.assessment === String(assessment) && draft.code === code);
  }

  function put(draft) {
    if (!store) return null;
    const key = mine + [draft.assessment, draft.code, draft.version, tab].join(":");
    try {
      store.setItem(key, JSON.stringify(Object.assign({}, draft, { at: Date.now() })));
      return key;
    } catch (error) {
      return null; /* full */
    }
  }

  function drop(key) {
    if (store && key) store.removeItem(key);
  }

  keys().forEach((key) => {
    const draft = read(key);
    if (key !== prefix + "tab" && (!draft || Date.now() - draft.at > week)) drop(key);
  });

  /* --- Talking to the server -------------------------------------------------------------------- */

  function token() {
    const found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    return found ? found[1] : "";
  }

  async function session() {
    const response = await fetch(sessionUrl, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!response.ok) throw new Error("session " + response.status);
    const state = await response.json();
    return Object.assign(state, { isMine: state.authenticated && String(state.user) === user });
  }

  /* One save. Answers {ok, status, data}; throws only where the server cannot be reached. */
  async function post(url, fields, version, keepalive) {
    const body = new URLSearchParams(fields);
    body.set("version", version);
    const send = () => fetch(url, {
      method: "POST",
      headers: { "X-CSRFToken": token(), "X-Requested-With": "fetch", "X-Portal-User": user, Accept: "application/json" },
      body: body,
      keepalive: Boolean(keepalive) && body.toString().length < 60000,
    });
    let response = await send();
    if (response.status === 403) {
      const data = await response.clone().json().catch(() => ({}));
      if (data.code === "csrf") {
        const state = await session();
        if (!state.authenticated) return { ok: false, status: 401, data: { detail: "Sesi Anda berakhir." } };
        response = await send();
      }
    }
    const data = await response.json().catch(() => ({}));
    return { ok: response.ok, status: response.status, data: data };
  }

  /* Whether what is stored there is what was typed here: an earlier request of ours arrived after all. */
  function isOurs(fields, known, current) {
    return Object.keys(fields).every((name) => {
      const theirs = current[name === "clear" ? "choice" : name];
      return theirs === fields[name] || ((known || {})[name] || []).includes(theirs);
    });
  }

  async function deliver(draft) {
    let result = await post(draft.url, draft.fields, draft.version);
    if (result.status === 409 && result.data.code === "stale" && isOurs(draft.fields, draft.known, result.data.current)) {
      result = await post(draft.url, draft.fields, result.data.current.version);
    }
    if (result.ok) drop(draft.key);
    return result;
  }

  /* Send what waited, from whatever page the person returns to. Answers the drafts that are left. */
  async function sendWaiting(except, age) {
    const old = age === undefined ? settled : age;
    const waiting = all().filter((draft) => Date.now() - draft.at >= old && !(except && except(draft)));
    if (!waiting.length || !navigator.onLine) return waiting;
    try {
      const state = await session();
      if (!state.isMine) return waiting;
      const left = [];
      for (const draft of waiting) {
        const result = await deliver(draft);
        if (!result.ok) left.push(Object.assign(draft, { reason: result.data.detail || "" }));
      }
      return left;
    } catch (error) {
      return waiting;
    }
  }

  function tell(left, sent) {
    const place = document.getElementById("pesan");
    const old = document.getElementById("isian-menunggu");
    if (old) old.remove();
    if (!place || (!left.length && !sent)) return;
    const box = document.createElement("div");
    box.id = "isian-menunggu";
    box.className = "notice waiting-drafts " + (left.length ? "notice-warning" : "notice-success");
    box.setAttribute("role", "status");
    const inner = document.createElement("div");
    if (!left.length) {
      inner.textContent = sent + " isian yang tadi belum terkirim sekarang sudah tersimpan.";
    } else {
      inner.append("Ada isian di peramban ini yang belum terkirim. Buka untuk memeriksanya:");
      const list = document.createElement("ul");
      left.forEach((draft) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = draft.page;
        link.textContent = draft.label;
        item.append(link);
        if (draft.reason) item.append(" – " + draft.reason);
        list.append(item);
      });
      inner.append(list);
    }
    box.append(inner);
    place.prepend(box);
  }

  async function onReturn() {
    const form = document.getElementById("isian");
    const here = (draft) => draft.page === location.pathname || (form && draft.page === form.dataset.page);
    const before = all().filter((draft) => Date.now() - draft.at > settled && !here(draft)).length;
    if (!before) return;
    const left = await sendWaiting(here);
    tell(left, before - left.length);
  }

  /* --- Logging out -------------------------------------------------------------------------------- */

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-logout]")) return;
    const field = form.querySelector("[name=csrfmiddlewaretoken]");
    if (field && token()) field.value = token(); /* logged in again in another tab since */
    if (form.dataset.cleared !== undefined || !all().length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const leave = () => {
      all().forEach((draft) => drop(draft.key));
      form.dataset.cleared = "";
      form.requestSubmit();
    };
    sendWaiting(null, 0).then(() => {
      const left = all();
      if (!left.length) { leave(); return; }
      const dialog = document.getElementById("konfirmasi");
      const ok = dialog.querySelector("[data-dialog-ok]");
      document.getElementById("konfirmasi-judul").textContent = "Keluar sebelum isian terkirim?";
      document.getElementById("konfirmasi-teks").textContent =
        "Belum terkirim: " + left.map((draft) => draft.label).join("; ") +
        ". Bila Anda keluar sekarang, isian itu dihapus dari peramban ini.";
      ok.textContent = "Keluar dan hapus isian";
      ok.className = "btn btn-danger";
      dialog.returnValue = "";
      dialog.showModal();
      dialog.addEventListener("close", () => { if (dialog.returnValue === "ok") leave(); }, { once: true });
    });
  }, true);

  window.addEventListener("online", onReturn);
  window.addEventListener("pageshow", (event) => {
    /* Back to a page of figures from the browser's memory: they may be old. A form keeps what was typed. */
    if (event.persisted && !document.getElementById("isian")) location.reload();
  });
  document.addEventListener("DOMContentLoaded", onReturn);

  window.portalDrafts = {
    available: Boolean(store), all: all, of: of, put: put, drop: drop, post: post, session: session,
    isOurs: isOurs, token: token, user: user, sendWaiting: sendWaiting,
  };
})();
