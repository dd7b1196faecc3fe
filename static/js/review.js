/* The review page by keyboard: decide, move on, leaf through the evidence; keep what was typed. Without it the
   forms and links still work. */
(function () {
  "use strict";

  const layout = document.querySelector("[data-review]");
  if (!layout) return;
  const form = document.querySelector("[data-decision]");
  const note = document.getElementById("note");
  const find = (selector) => document.querySelector(selector);

  function say(text) {
    const place = document.getElementById("ucapan");
    if (place) place.textContent = text;
  }

  /* --- Evidence: one piece at a time ------------------------------------------------------------ */

  const pane = find("[data-evidence-scroll]");
  const tabs = Array.from(document.querySelectorAll("[data-evidence-tab]"));
  let shown = 0;

  function pieces() { return Array.from(document.querySelectorAll("[data-evidence]")); }

  function place() {
    pieces().forEach((piece, i) => { piece.hidden = i !== shown; });
    tabs.forEach((tab, i) => {
      if (i === shown) tab.setAttribute("aria-current", "true");
      else tab.removeAttribute("aria-current");
    });
  }

  function showEvidence(wanted, focus) {
    const all = pieces();
    if (!all.length) return;
    shown = Math.min(Math.max(wanted, 0), all.length - 1);
    place();
    const cited = document.getElementById(all[shown].dataset.cited || "");
    pane.scrollTop = 0;
    if (cited && cited !== all[shown].querySelector(".evidence-figure")) pane.scrollTop = cited.offsetTop - pane.offsetTop;
    if (focus) {
      pane.focus({ preventScroll: true });
      const box = pane.getBoundingClientRect();
      if (box.top < 0 || box.top > window.innerHeight) pane.scrollIntoView({ block: "start" });
      say(`Bukti ${shown + 1} dari ${all.length}: ${all[shown].querySelector("h3").textContent}`);
    }
  }

  if (pane) {
    find("[data-evidence-tools]").hidden = false;
    layout.classList.add("is-enhanced");
    tabs.forEach((tab, i) => tab.addEventListener("click", (event) => { event.preventDefault(); showEvidence(i, true); }));
    document.addEventListener("htmx:load", place);
    const fromAddress = () => pieces().findIndex((piece) => "#" + piece.id === location.hash);
    showEvidence(Math.max(0, fromAddress()), false);
    window.addEventListener("hashchange", () => { if (fromAddress() >= 0) showEvidence(fromAddress(), true); });
  }

  /* Evidence and decision fill the window down to the bar, wherever the page is scrolled to. */
  function fit() {
    const bar = find(".bottom-bar");
    const top = Math.max(12, layout.getBoundingClientRect().top);
    const room = Math.max(320, window.innerHeight - (bar ? bar.offsetHeight : 0) - top - 12);
    layout.style.setProperty("--room", `${Math.floor(room)}px`);
  }
  let asked = 0;
  function fitSoon() {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(fit);
  }
  fit();
  window.addEventListener("scroll", fitSoon, { passive: true });
  window.addEventListener("resize", fitSoon);

  const zoom = find("[data-zoom]");

  function toggleZoom() {
    const on = layout.classList.toggle("is-zoomed");
    zoom.setAttribute("aria-pressed", String(on));
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-evidence-following]")) showEvidence(shown + 1, true);
    if (event.target.closest("[data-evidence-previous]")) showEvidence(shown - 1, true);
    if (event.target.closest("[data-zoom]")) toggleZoom();
  });

  /* --- Decision ----------------------------------------------------------------------------------- */

  function radio(name, value) {
    return form && Array.from(form.querySelectorAll(`input[name="${name}"]`)).find((each) => each.value === value);
  }

  function chosen(name) {
    const each = form.querySelector(`input[name="${name}"]:checked`);
    return each ? each.value : "";
  }

  function level() {
    const typed = document.getElementById("verified-level");
    return typed ? typed.value.trim() : chosen("verified_level");
  }

  function choose(name, value) {
    const each = radio(name, value);
    if (!each) return null;
    each.checked = true;
    each.dispatchEvent(new Event("input", { bubbles: true }));
    each.dispatchEvent(new Event("change", { bubbles: true }));
    return each;
  }

  /* Sentences to start from, those of the decision and reason chosen. */
  function offerTemplates() {
    const decision = chosen("decision");
    const wanted = decision === "return" ? chosen("reason") : decision === "adjust" && level() ? "adjust" : "";
    const kind = note.value.trim() ? "" : wanted;
    let some = false;
    form.querySelectorAll("[data-template]").forEach((button) => {
      button.hidden = button.dataset.reason !== kind;
      if (button.dataset.text) button.textContent = button.dataset.text.replace("{level}", level());
      some = some || !button.hidden;
    });
    form.querySelector("[data-templates]").hidden = !some;
  }

  function insert(text) {
    const before = note.value.trim();
    note.value = before ? `${before}\n${text}` : text;
    note.focus();
    note.setSelectionRange(note.value.length, note.value.length);
    note.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* A note belongs to the kind of decision it was written for: changing the kind does not carry it along. */
  const noteOf = form && form.elements.note_of;
  const noteLoaded = form && form.elements.note_loaded;
  const setAside = {};

  function ownNote() {
    noteLoaded.value = note.value;
    noteOf.value = note.value.trim() ? chosen("decision") : "";
  }

  function changeNote(kind) {
    const old = noteOf.value;
    if (old && old !== kind && note.value.trim()) {
      setAside[old] = note.value;
      note.value = "";
      noteOf.value = "";
      noteLoaded.value = "";
      say("Catatan untuk keputusan sebelumnya tidak ikut dibawa");
    }
    if (!note.value.trim() && setAside[kind]) {
      note.value = setAside[kind];
      delete setAside[kind];
      noteOf.value = kind;
      noteLoaded.value = note.value;
    }
  }

  function focusAfterChoice() {
    const first = form.querySelector("[data-template]:not([hidden])");
    (first || note).focus();
  }

  function submitBy(button) { if (button && !button.disabled) form.requestSubmit(button); }

  if (form) {
    offerTemplates();
    form.addEventListener("change", (event) => {
      if (event.target.name === "decision") changeNote(event.target.value);
      offerTemplates();
    });
    note.addEventListener("input", () => { ownNote(); offerTemplates(); });
    form.addEventListener("submit", (event) => {
      if (event.submitter && event.submitter.hasAttribute("data-accept")) changeNote("accept");
    });
    form.addEventListener("click", (event) => {
      const template = event.target.closest("[data-template]");
      if (template) insert(template.textContent);
    });
    /* Enter in a field is no decision: only the two buttons save. */
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.tagName === "INPUT" && !event.ctrlKey) event.preventDefault();
    });
  }

  /* --- Keys ----------------------------------------------------------------------------------------- */

  const OFF = "verifikasi:tanpa-tombol";
  let keysOff = false;
  try { keysOff = localStorage.getItem(OFF) === "1"; } catch (_) { /* storage is refused */ }

  function isText(target) {
    if (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)) return true;
    return target.tagName === "INPUT" && !/^(radio|checkbox|button|submit)$/.test(target.type);
  }

  function go(selector) {
    const link = find(selector);
    if (link) location.assign(link.href);
  }

  const ACTS = {
    a: () => submitBy(find("[data-accept]")),
    s: () => {
      if (!choose("decision", "adjust")) return;
      (form.querySelector("input[name=verified_level]:checked") || form.querySelector("input[name=verified_level]")).focus();
    },
    k: () => {
      if (!choose("decision", "return")) return;
      (form.querySelector("input[name=reason]:checked") || document.getElementById("reason-1")).focus();
    },
    n: () => go("[data-following]"),
    p: () => go("[data-previous]"),
    b: () => showEvidence(shown + 1, true),
    v: () => showEvidence(shown - 1, true),
    z: () => { if (zoom) toggleZoom(); },
    "/": () => { if (note) note.focus(); },
  };

  function digit(key) {
    if (!form) return false;
    if (chosen("decision") === "return") {
      const reason = document.getElementById(`reason-${key}`);
      if (!reason || !choose("reason", reason.value)) return false;
    } else if (document.getElementById("verified-level")) {
      const field = document.getElementById("verified-level");
      const low = Number(field.dataset.min), high = Number(field.dataset.max);
      if (Number(key) < low || Number(key) > high) return false;
      choose("decision", "adjust");
      field.value = key;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
      return true;
    } else {
      if (!radio("verified_level", key)) return false;
      choose("decision", "adjust");
      choose("verified_level", key);
    }
    focusAfterChoice();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (form && form.dataset.busy !== undefined) return;
    if (event.key === "Enter" && event.ctrlKey && !event.shiftKey && !event.altKey && form) {
      event.preventDefault();
      submitBy(find("[data-save]"));
      return;
    }
    if (keysOff || event.ctrlKey || event.metaKey || event.altKey || event.repeat || isText(event.target)) return;
    const act = ACTS[event.key.toLowerCase()];
    if (act) { event.preventDefault(); act(); }
    else if (/^[0-9]$/.test(event.key) && digit(event.key)) event.preventDefault();
  });

  const sheet = find("dialog[data-keys] .dialog-actions");
  if (sheet) {
    const toggle = document.createElement("button");
    const label = () => { toggle.textContent = keysOff ? "Nyalakan tombol pintas" : "Matikan tombol pintas"; };
    toggle.type = "button";
    toggle.className = "btn btn-link";
    toggle.addEventListener("click", () => {
      keysOff = !keysOff;
      try { localStorage.setItem(OFF, keysOff ? "1" : ""); } catch (_) { /* for this page only, then */ }
      label();
      say(keysOff ? "Tombol pintas dimatikan" : "Tombol pintas dinyalakan");
    });
    label();
    sheet.append(toggle);
  }

  /* --- What is typed survives an ended session, a lost connection, leafing on ------------------------ */

  const MINE = "verifikasi:";

  function drop(key) { try { sessionStorage.removeItem(key); } catch (_) { /* nothing kept */ } }

  function keep(isSent, accepted) {
    const draft = {
      decision: accepted ? "accept" : chosen("decision"), level: level(), reason: chosen("reason"), note: note.value, sent: isSent,
    };
    try { sessionStorage.setItem(form.dataset.draft, JSON.stringify(draft)); } catch (_) { /* full or refused */ }
  }

  function same(one, other) { return one.replace(/\r\n/g, "\n").trim() === other.replace(/\r\n/g, "\n").trim(); }

  function restore() {
    const key = form.dataset.draft;
    let draft = null;
    try {
      /* Of another person at the same machine nothing is kept. */
      Object.keys(sessionStorage).filter((each) => each.startsWith(MINE) && each.split(":")[1] !== key.split(":")[1]).forEach(drop);
      draft = JSON.parse(sessionStorage.getItem(key) || "null");
    } catch (_) { return; }
    if (!draft || form.dataset.bound !== undefined) return;
    const isStored = same(draft.note, note.value) && (draft.decision === form.dataset.storedDecision || !draft.decision);
    const isSameLevel = draft.decision !== "adjust" || draft.level === level();
    const isSameReason = draft.decision !== "return" || draft.reason === chosen("reason");
    const isEmpty = !draft.note.trim() && (!draft.decision || draft.decision === "accept");
    if (isEmpty || (isStored && isSameLevel && isSameReason)) { drop(key); return; }
    if (draft.decision && draft.decision !== "accept") {
      choose("decision", draft.decision);
      if (draft.reason) choose("reason", draft.reason);
      const typed = document.getElementById("verified-level");
      if (typed) typed.value = draft.level;
      else if (draft.level) choose("verified_level", draft.level);
    }
    note.value = draft.note;
    noteLoaded.value = draft.note;
    noteOf.value = draft.decision;
    offerTemplates();
    find("[data-draft-restored]").hidden = false;
  }

  if (form) {
    restore();
    form.addEventListener("input", () => keep(false, false));
    form.addEventListener("submit", (event) => keep(true, Boolean(event.submitter && event.submitter.hasAttribute("data-accept"))));
    document.addEventListener("click", (event) => {
      const isDrop = event.target.closest("[data-draft-drop]");
      if (isDrop || event.target.closest("[data-drop-draft]")) drop(form.dataset.draft);
      if (isDrop) location.reload();
    });
  }
  document.querySelectorAll("form[data-logout]").forEach((logout) => logout.addEventListener("submit", () => {
    try { Object.keys(sessionStorage).filter((each) => each.startsWith(MINE)).forEach(drop); } catch (_) { /* nothing kept */ }
  }));
})();
