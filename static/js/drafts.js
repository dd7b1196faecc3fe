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

  /* Answers the key, or null where it could not be kept; what was kept before under that key stays then. */
  function put(draft) {
    if (!store) return null;
    const key = mine + [draft.assessment, draft.code, draft.version, tab].join(":");
    try {
      store.setItem(key, JSON.stringify(Object.assign({}, draft, { at: Date.now(), tab: tab })));
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

  /* A stand-in for a text: tells whether two are the same without keeping a second copy. */
  function digest(text) {
    let a = 0x811c9dc5;
    let b = text.length ^ 0x9e3779b9;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x85ebca6b);
      b ^= b >>> 13;
    }
    return [text.length, a >>> 0, b >>> 0].map((number) => number.toString(36)).join(".");
  }

  /* Whether what is stored there is no news: what was typed here, what an earlier request of ours brought
     after all, or what the typing began from. `known` holds digests by field. */
  function isOurs(fields, known, current) {
    return Object.keys(fields).every((name) => {
      const theirs = current[name];
      return theirs === fields[name] || ((known || {})[name] || []).includes(digest(theirs || ""));
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

  /* Send what waited and is `wanted`, from whatever page the person returns to. What waits for its person's
     own press is never sent from here. Answers the drafts that are left. */
  async function sendWaiting(wanted) {
    const waiting = all().filter(wanted);
    if (waiting.every((draft) => draft.isHeld) || !navigator.onLine) return waiting;
    try {
      const state = await session();
      if (!state.isMine) return waiting;
      const left = [];
      for (const draft of waiting) {
        if (draft.isHeld) { left.push(draft); continue; }
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

  /* The page that typed it is gone: it was in this tab, or was left a while ago, or its session ended. */
  const cameFromLogin = /\/masuk\/$/.test(document.referrer.split("?")[0]);
  function isAbandoned(draft) {
    return draft.tab === tab || cameFromLogin || Date.now() - draft.at > settled;
  }

  let later = 0;
  async function onReturn() {
    const form = document.getElementById("isian");
    const isElsewhere = (draft) => draft.page !== location.pathname && !(form && draft.page === form.dataset.page);
    const waiting = all().filter(isElsewhere);
    const ready = waiting.filter(isAbandoned);
    clearTimeout(later);
    if (ready.length < waiting.length) later = setTimeout(onReturn, settled);
    if (!ready.length) return;
    const keys = ready.map((draft) => draft.key);
    const left = await sendWaiting((draft) => keys.includes(draft.key));
    const gone = ready.filter((draft) => !left.some((each) => each.key === draft.key));
    /* What was typed a moment ago and caught up is no news. */
    const news = gone.filter((draft) => Date.now() - draft.at > settled || cameFromLogin).length;
    if (gone.length && !document.querySelector("main :is(textarea, select, input:not([type=hidden]))")) {
      if (news) remember(news);
      location.reload(); /* its figures are older than what was just sent */
      return;
    }
    tell(left, news);
  }

  function remember(count) {
    try {
      sessionStorage.setItem(prefix + "terkirim", String(count));
    } catch (error) {
      /* only the sentence is lost */
    }
  }

  function recall() {
    try {
      const count = Number(sessionStorage.getItem(prefix + "terkirim"));
      sessionStorage.removeItem(prefix + "terkirim");
      return count;
    } catch (error) {
      return 0;
    }
  }

  /* --- Away: the browser's own error page would speak another language and lose the place ------- */

  /* Whether a click is a plain one on a link that leads to another page of the portal in this tab. */
  function leads(event) {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return null;
    if (link.target === "_blank" || link.origin !== location.origin || link.hasAttribute("download")) return null;
    if (link.getAttribute("href").startsWith("#") || /\/unduh\/$/.test(link.pathname)) return null;
    return link;
  }

  document.addEventListener("click", (event) => {
    const place = document.getElementById("pesan");
    if (navigator.onLine || !place || document.getElementById("isian") || !leads(event)) return;
    event.preventDefault();
    const old = document.getElementById("pesan-luring");
    if (old) old.remove();
    const box = document.createElement("div");
    box.id = "pesan-luring";
    box.className = "notice notice-warning";
    box.setAttribute("role", "alert");
    box.textContent = "Sambungan internet terputus, jadi halaman lain belum dapat dibuka. Yang sudah tersimpan tetap aman; pindahlah setelah tersambung kembali.";
    place.prepend(box);
    box.scrollIntoView({ block: "nearest" });
    window.addEventListener("online", () => box.remove(), { once: true });
  });

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
    sendWaiting(() => true).then(() => {
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
    /* Back to a page from the browser's memory: its figures may be old. What was typed there is kept. */
    if (event.persisted && !window.portalDrafts.isNeeded()) location.reload();
  });
  document.addEventListener("DOMContentLoaded", () => {
    const count = recall();
    if (count) tell([], count);
    onReturn();
  });

  window.portalDrafts = {
    available: Boolean(store), all: all, of: of, put: put, drop: drop, post: post, session: session,
    isOurs: isOurs, digest: digest, token: token, user: user, leads: leads,
    isNeeded: () => false, /* whether this page holds what is kept nowhere else */
  };
})();
