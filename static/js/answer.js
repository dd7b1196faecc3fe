/* Filling in one indicator: saves by itself, says so, keeps what cannot be sent. */
(function () {
  "use strict";

  const drafts = window.portalDrafts;
  const { say, showState, element, showUnsent, choiceName, LABELS } = window.portalIndicator;
  const form = document.getElementById("isian");

  /* --- The form ------------------------------------------------------------------------------------- */

  const NAMES = ["choice", "fact", "analysis", "not_applicable_reason"];
  const texts = { fact: form.fact, analysis: form.analysis, not_applicable_reason: form.not_applicable_reason };
  const radios = Array.from(form.querySelectorAll('input[name="choice"]'));
  const wasRefused = document.querySelector("[data-save-state]").dataset.state === "failed";
  const SAFE = "Isian Anda aman di peramban ini dan terkirim sendiri begitu tersambung.";
  const UNSAFE = "Peramban ini tidak dapat menyimpannya sementara: jangan tutup halaman ini.";

  /* Where values may be fractions, a field holds the level and the rows of the ladder only fill it in. */
  const valueField = form.elements.value;
  const ladder = form.querySelector("[data-ladder]");
  const OUT = "tidak-relevan";

  /* "2,50" and "2.5" are the same level, written as the server does; what is no number stays as typed. */
  function plain(text) {
    const typed = text.trim();
    return /^[0-9]{1,4}([.,][0-9]*)?$/.test(typed) ? String(Number(typed.replace(",", "."))) : typed;
  }

  function chosen() {
    const radio = radios.find((each) => each.checked);
    if (!valueField || (radio && radio.value === OUT)) return radio ? radio.value : "";
    return plain(valueField.value);
  }

  /* The rows follow the field. */
  function markValue() {
    const value = plain(valueField.value);
    radios.forEach((radio) => { radio.checked = radio.value === value; });
    ladder.dataset.value = value;
    filling = true;
    radios[0].dispatchEvent(new Event("change", { bubbles: true }));
    filling = false;
  }

  function now() {
    const values = { choice: chosen() };
    Object.keys(texts).forEach((name) => { values[name] = texts[name].value; });
    return values;
  }

  function fill(values) {
    Object.keys(texts).forEach((name) => {
      if (name in values && texts[name].value !== values[name]) texts[name].value = values[name];
    });
    if ("choice" in values && values.choice !== chosen()) {
      filling = true;
      radios.forEach((radio) => { radio.checked = radio.value === values.choice; });
      if (valueField) {
        valueField.value = values.choice === OUT ? "" : values.choice.replace(".", ",");
        ladder.dataset.value = values.choice;
      }
      (radios.find((radio) => radio.checked) || radios[0]).dispatchEvent(new Event("change", { bubbles: true }));
      filling = false;
    }
    Object.values(texts).forEach(count);
    clear.hidden = !chosen();
  }

  /* What the server holds, as the page came: the browser may have put older typing back into the fields. */
  const base = { choice: (radios.find((radio) => radio.defaultChecked) || { value: "" }).value };
  if (valueField && base.choice !== OUT) base.choice = plain(valueField.defaultValue);
  Object.keys(texts).forEach((name) => { base[name] = texts[name].defaultValue; });
  /* Came back refused from a post without script: the fields hold what was typed, nothing is sent unasked. */
  let paused = wasRefused;
  if (paused) NAMES.forEach((name) => { base[name] = null; });
  let version = Number(form.version.defaultValue);
  const known = {}; /* digests of what we sent, kept or began from: finding it on the server is no conflict */
  const refused = {}; /* values the server will not take: not sent again until they change */
  let sending = null;
  let blocked = ""; /* why nothing can be sent any more */
  let conflict = null;
  let timer = 0;
  let retryTimer = 0;
  let retries = 0;
  let draftKey = null;
  let isKept = drafts.available; /* what is typed is in this browser's storage too */
  let isHolding = false; /* something is being asked first */
  let isParting = false;
  let isWaitingToLeave = false; /* a link was pressed while nothing could be reached */
  let restored = false; /* typed on an earlier visit, and just put back */
  let keepTimer = 0;
  let filling = false;
  const clear = form.querySelector("[data-clear]");
  const problem = document.querySelector("[data-problem]");
  const retryButton = document.querySelector("[data-retry]");

  function changed() {
    const values = now();
    const fields = {};
    NAMES.forEach((name) => { if (values[name] !== base[name]) fields[name] = values[name]; });
    return fields;
  }

  function isDirty() {
    return Object.keys(changed()).length > 0;
  }

  function remember(fields) {
    Object.keys(fields).forEach((name) => {
      if (fields[name] === null) return;
      const values = known[name] = known[name] || [];
      const digest = drafts.digest(fields[name]);
      if (!values.includes(digest)) values.push(digest);
      if (values.length > 12) values.splice(1, 1); /* never what all began from */
    });
  }

  function isKnown(name, value) {
    return (known[name] || []).includes(drafts.digest(value));
  }

  function keep() {
    clearTimeout(keepTimer);
    const fields = changed();
    if (!Object.keys(fields).length) { drafts.drop(draftKey); draftKey = null; isKept = drafts.available; return; }
    remember(Object.fromEntries(Object.keys(fields).map((name) => [name, base[name]])));
    const made = drafts.put({
      assessment: form.dataset.assessment, code: form.dataset.code, version: version, fields: fields,
      known: known, url: form.action, page: form.dataset.page, label: form.dataset.label,
    });
    isKept = Boolean(made);
    if (!made) return; /* full: what was kept before is better than nothing */
    if (draftKey && draftKey !== made) drafts.drop(draftKey);
    draftKey = made;
  }

  function complainOfLine() {
    const what = navigator.onLine ? "Server belum dapat dihubungi" : "Sambungan internet terputus";
    const safe = isDirty() ? safety() : "Isian Anda sudah tersimpan.";
    complain(what + (isWaitingToLeave ? ", jadi halaman lain belum dapat dibuka. " + safe + " Pindahlah sesudah itu." : ". " + safe));
  }

  function safety() {
    return isKept ? SAFE : UNSAFE;
  }

  /* --- Saying it ----------------------------------------------------------------------------------------- */

  function show(state, text, aloud) {
    document.querySelectorAll("[data-save-state]").forEach((place) => {
      place.dataset.state = state;
      place.textContent = text;
    });
    retryButton.hidden = state !== "failed" && state !== "offline" && state !== "conflict";
    retryButton.textContent = state === "conflict" ? "Bandingkan isian" : "Coba lagi";
    if (aloud) say(text);
  }

  function complain(text, link) {
    const place = problem.querySelector("[data-problem-text]");
    place.textContent = text;
    if (link) {
      const made = element("a", "", link.text);
      made.href = link.url;
      if (link.tab) { made.target = "_blank"; made.rel = "noopener"; }
      place.append(" ", made);
    }
    problem.hidden = !text;
  }

  /* Where an over-long text is, said where one is looking. */
  function pointTo(name, more) {
    complain(LABELS[name] + " belum tersimpan." + (more || ""), { text: "Lihat keterangannya", url: "#" + texts[name].id });
    retryButton.hidden = true; /* the same text is refused again */
  }

  function fieldProblem(name, text) {
    const list = form.querySelector('[data-error-for="' + name + '"]');
    if (!list) { if (text) complain(text); return; }
    list.firstElementChild.textContent = text;
    list.hidden = !text;
    list.closest(".field").classList.toggle("has-error", Boolean(text));
    const field = texts[name] || valueField;
    if (text) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }

  function showSaved(data) {
    showState(data);
    document.querySelectorAll("[data-last-saved]").forEach((place) => {
      place.textContent = "tersimpan " + data.saved_at;
    });
  }

  function count(field) {
    const limit = Number(field.dataset.limit);
    const place = document.getElementById(field.getAttribute("aria-describedby").split(" ").pop());
    const left = limit - field.value.length;
    const number = (value) => value.toLocaleString("id-ID");
    place.textContent = left < 0 ? "Kelebihan " + number(-left) + " karakter"
      : left < limit * 0.1 ? "Sisa " + number(left) + " karakter" : "";
    field.classList.toggle("is-long", left < -limit / 2); /* its height is not measured: that takes seconds */
    place.className = "count-left" + (left < 0 ? " is-over" : left < limit * 0.1 ? " is-near" : "");
  }

  /* --- Saving: one request at a time -------------------------------------------------------------------- */

  function sendable() {
    const fields = changed();
    Object.keys(fields).forEach((name) => { if (refused[name] === fields[name]) delete fields[name]; });
    return fields;
  }

  function save(options) {
    clearTimeout(timer);
    clearTimeout(retryTimer);
    if (paused && !(options && options.asked)) return Promise.resolve(true);
    paused = false;
    if (conflict || blocked || isHolding) { keep(); return Promise.resolve(false); }
    if (sending) return sending.done.then(() => (Object.keys(sendable()).length ? save(options) : !isDirty()));
    const fields = sendable();
    if (!Object.keys(fields).length) {
      keep();
      if (!isDirty()) settle();
      return Promise.resolve(!isDirty());
    }
    remember(fields);
    sending = {};
    keep();
    show("saving", "Menyimpan…");
    const asked = version;
    sending.done = drafts.post(form.action, fields, asked, true).then(
      (result) => answered(fields, result),
      () => unreachable()
    ).finally(() => { sending = null; keep(); }).then((fine) => {
      if (fine && Object.keys(sendable()).length) return save(options);
      return fine && !isDirty();
    });
    return sending.done;
  }

  let lastSaved = "";
  function settle() {
    const place = document.querySelector("[data-save-state]");
    if (/failed|offline|saving/.test(place.dataset.state) && lastSaved) show("saved", "Tersimpan " + lastSaved);
  }

  function answered(fields, result) {
    if (result.ok) {
      Object.assign(base, fields);
      version = result.data.version;
      retries = 0;
      isWaitingToLeave = false;
      lastSaved = result.data.saved_at;
      complain("");
      Object.keys(fields).forEach((name) => fieldProblem(name, ""));
      const wrong = Object.keys(changed()).find((name) => refused[name] === now()[name]);
      if (wrong) { show("failed", "Sebagian belum tersimpan"); if (texts[wrong]) pointTo(wrong); }
      else show("saved", "Tersimpan " + result.data.saved_at, true);
      tellRestored(wrong ? "tetapi sebagian belum tersimpan" : "dan sudah tersimpan");
      showSaved(result.data);
      return true;
    }
    const detail = result.data.detail || "";
    if (result.status === 409 && result.data.code === "stale") return stale(fields, result.data.current);
    if (result.status === 409 || result.status === 403 || result.status === 404) {
      blocked = detail || "Isian ini tidak dapat disimpan lagi.";
      show("failed", "Tidak tersimpan", true);
      complain("");
      lock();
      return false;
    }
    if (result.status === 401 && result.data.code === "other_user") {
      show("failed", "Belum tersimpan", true);
      complain(detail);
      return false;
    }
    if (result.status === 401) {
      show("failed", "Sesi berakhir", true);
      complain("Sesi Anda berakhir, jadi isian terakhir belum terkirim. " + (isKept
        ? "Isian aman di peramban ini dan terkirim sendiri setelah Anda masuk kembali." : UNSAFE),
        { text: "Masuk kembali di tab baru", url: form.dataset.login, tab: true });
      retryButton.hidden = true; /* it goes by itself */
      return false;
    }
    if (result.status === 400 && result.data.errors) {
      let other = false;
      Object.keys(result.data.errors).forEach((name) => {
        const own = name === "self_level" || name === "not_applicable" ? "choice" : name;
        if (own in fields) refused[own] = fields[own]; else other = true;
        fieldProblem(own, result.data.errors[name]);
      });
      const wrong = Object.keys(result.data.errors).find((name) => texts[name]);
      show("failed", "Belum tersimpan", true);
      if (other) complain(detail);
      else if (wrong) pointTo(wrong);
      tellRestored("tetapi belum tersimpan");
      return !other && Object.keys(sendable()).length > 0;
    }
    if (result.status === 413) {
      NAMES.forEach((name) => { if (name in fields && name !== "choice") refused[name] = fields[name]; });
      show("failed", "Belum tersimpan", true);
      complain(detail || "Isian terlalu besar untuk dikirim. Persingkat teksnya.");
      tellRestored("tetapi terlalu besar untuk disimpan");
      return false;
    }
    unreachable();
    if (result.status === 429) complain("Terlalu banyak permintaan; dicoba lagi sebentar lagi. " + (isKept ? SAFE : UNSAFE));
    return false;
  }

  function unreachable() {
    retries += 1;
    if (navigator.onLine) show("failed", "Gagal menyimpan");
    else show("offline", isKept ? "Luring, aman di peramban ini" : "Luring, belum tersimpan");
    complainOfLine();
    retryTimer = setTimeout(() => save(), Math.min(60, 4 * Math.pow(2, Math.min(retries - 1, 4))) * 1000);
    return false;
  }

  /* --- Somebody else was quicker --------------------------------------------------------------------------- */

  function stale(fields, current) {
    version = current.version;
    const values = now();
    const open = [];
    const taken = {};
    NAMES.forEach((name) => {
      const theirs = current[name];
      if (values[name] === theirs) return;
      if (theirs === base[name] || isKnown(name, theirs)) return; /* ours stands */
      if (values[name] === base[name]) taken[name] = theirs;
      else open.push(name);
    });
    NAMES.forEach((name) => { if (!open.includes(name)) base[name] = current[name]; });
    fill(taken);
    if (!open.length) {
      if (Object.keys(taken).length) {
        complain("");
        notice(whose(current).sentence("juga mengubah indikator ini") + " Kedua perubahan digabung: " +
          Object.keys(taken).map((name) => LABELS[name]).join(", ") + " memakai isian dari sana.");
      }
      return true; /* the rest is sent again, now on their version */
    }
    disagree(open, current);
    return false;
  }

  function disagree(names, current) {
    conflict = { names: names, current: current };
    show("conflict", "Ada dua isian", true);
    complain("Ada isian lain yang tersimpan untuk indikator ini. Pilih yang dipakai.");
    compare();
  }

  function notice(text) {
    const box = element("div", "notice notice-info", text);
    box.setAttribute("role", "status");
    document.getElementById("isian-terpisah").replaceChildren(box);
  }

  const dialog = document.getElementById("dua-isian");

  /* Who stored what is stored now: a colleague, oneself elsewhere, or (while away) nobody knows. */
  function whose(current) {
    const at = current.changed_at ? " pukul " + current.changed_at : "";
    if (!current.changed_by) return { title: "Yang tersimpan", sentence: () => "Isian lain sudah tersimpan." };
    if (String(current.changed_by_id) === drafts.user) {
      return { title: "Yang tersimpan", sentence: (did) => "Anda " + did + " dari tab atau perangkat lain" + at + "." };
    }
    return { title: "Tersimpan: " + current.changed_by, sentence: (did) => current.changed_by + " " + did + at + "." };
  }

  function compare() {
    const current = conflict.current;
    const who = whose(current);
    dialog.querySelector("[data-their-sentence]").textContent = who.sentence("menyimpan isian lain");
    const place = dialog.querySelector("[data-conflicts]");
    place.replaceChildren();
    const values = now();
    conflict.names.forEach((name) => {
      const part = document.getElementById("satu-beda").content.cloneNode(true);
      part.querySelector("h3").textContent = LABELS[name];
      [["mine", "Isian Anda", values[name]], ["theirs", who.title, current[name]]].forEach(([side, title, value]) => {
        const column = part.querySelector("." + side);
        const id = "beda-" + name + "-" + side;
        if (name === "choice") {
          column.append(element("h4", "", title), element("p", "", choiceName(value)));
          return;
        }
        const label = element("label", "form-label", title);
        label.htmlFor = id;
        const text = element("textarea", "form-control");
        text.id = id;
        text.value = value;
        text.readOnly = side === "theirs";
        if (side === "mine") text.dataset.mine = name;
        const copy = element("button", "btn btn-sm btn-outline-secondary", "Salin");
        copy.type = "button";
        copy.dataset.copy = id;
        column.append(label, text, copy);
      });
      place.append(part);
    });
    dialog.showModal();
  }

  dialog.querySelector("[data-use-mine]").addEventListener("click", () => {
    const values = {};
    dialog.querySelectorAll("[data-mine]").forEach((text) => { values[text.dataset.mine] = text.value; });
    fill(values);
    conflict.names.forEach((name) => { base[name] = conflict.current[name]; });
    conflict = null;
    dialog.close();
    save();
  });

  dialog.querySelector("[data-use-theirs]").addEventListener("click", () => {
    const values = now();
    const mine = {};
    const theirs = {};
    conflict.names.forEach((name) => {
      if (name !== "choice") mine[name] = values[name];
      theirs[name] = base[name] = conflict.current[name];
    });
    fill(theirs);
    if (Object.keys(mine).length) {
      showUnsent(mine, "Isian tersimpan yang dipakai. Isian Anda tetap ada di sini sampai halaman ditutup.", () => {});
    }
    conflict = null;
    lastSaved = lastSaved || "";
    show("saved", "Memakai isian yang tersimpan", true);
    complain("");
    dialog.close();
    save();
  });

  /* --- When to save ------------------------------------------------------------------------------------------ */

  function soon() {
    clearTimeout(keepTimer);
    keepTimer = setTimeout(keep, 250);
    clearTimeout(timer);
    timer = setTimeout(() => save(), 800);
  }

  Object.values(texts).forEach((field) => {
    field.addEventListener("beforeinput", (event) => {
      const limit = Number(field.dataset.limit);
      const text = /^insertFrom/.test(event.inputType) && event.data || "";
      if (text.length <= 2 * limit) return;
      event.preventDefault();
      const number = (value) => value.toLocaleString("id-ID");
      fieldProblem(field.name, "Teks yang ditempel terlalu panjang: " + number(text.length) + " karakter, paling banyak " +
        number(limit) + ". Isian di sini tidak berubah, dan teks itu masih dapat ditempel di tempat lain. Ringkas, atau " +
        "lampirkan uraiannya sebagai bukti dukung.");
    });
    field.addEventListener("input", () => {
      if (!(field.name in refused)) fieldProblem(field.name, "");
      isLeaving = false;
      count(field);
      soon();
    });
    field.addEventListener("blur", () => { if (isDirty()) save(); });
    count(field);
  });
  if (valueField) {
    valueField.addEventListener("input", () => {
      if (!("choice" in refused)) fieldProblem("choice", "");
      isLeaving = false;
      markValue();
      soon();
    });
    valueField.addEventListener("blur", () => { if (isDirty()) save(); });
  }
  form.addEventListener("change", (event) => {
    if (event.target.name !== "choice") return;
    if (valueField && !filling) {
      valueField.value = event.target.value === OUT ? "" : event.target.value;
      ladder.dataset.value = valueField.value;
      fieldProblem("choice", "");
    }
    clear.hidden = !chosen();
    if (!filling) save();
  });
  clear.addEventListener("click", (event) => {
    event.preventDefault();
    fill({ choice: "" });
    save();
    radios[0].focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    retries = 0;
    save({ asked: true }).then((fine) => { if (fine && !lastSaved) show("saved", "Tidak ada perubahan", true); });
  });
  retryButton.addEventListener("click", () => { if (conflict) compare(); else { retries = 0; save(); } });
  /* Nothing that waits for an answer happens any more: what is left is sent at once, beside a running request.
     Should that one overtake it, the draft is still here and the next page sends it. */
  function part() {
    if (!isDirty()) return;
    keep();
    if (paused || conflict || blocked || isHolding) return;
    const fields = sendable();
    if (!Object.keys(fields).length) return;
    remember(fields);
    keep();
    drafts.post(form.action, fields, version, true).catch(() => {});
  }

  window.addEventListener("pagehide", () => { isParting = true; part(); });
  window.addEventListener("pageshow", () => { isParting = false; });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden") back();
    else if (isDirty() && !isParting) save();
  });
  window.addEventListener("focus", back);
  window.addEventListener("online", () => {
    retries = 0;
    isWaitingToLeave = false;
    if (!isDirty()) complain("");
    back();
  });
  window.addEventListener("offline", () => {
    if (!isDirty()) return;
    keep();
    show("offline", isKept ? "Luring, aman di peramban ini" : "Luring, belum tersimpan");
  });
  window.addEventListener("beforeunload", (event) => {
    if (isDirty()) keep();
    if (drafts.isNeeded()) event.preventDefault();
  });
  const others = drafts.isNeeded;
  drafts.isNeeded = () => others() || (isDirty() && !isKept);

  /* Returned from logging in elsewhere: only to the same person's page. */
  async function back() {
    if (!isDirty() || conflict || blocked || sending) return;
    try {
      const state = await drafts.session();
      if (state.isMine) save();
      else if (state.authenticated) {
        show("failed", "Belum tersimpan");
        complain("Peramban ini sekarang masuk sebagai " + state.name + ". Masuk kembali dengan akun Anda agar isian ini terkirim.");
      }
    } catch (error) {
      /* still away */
    }
  }

  /* Leaving by a link waits for the last save. What cannot be sent stays in the browser; away, one stays here. */
  let isLeaving = false;
  document.addEventListener("click", (event) => {
    const link = drafts.leads(event);
    if (!link) return;
    if (!navigator.onLine) {
      event.preventDefault();
      keep();
      isWaitingToLeave = true;
      complainOfLine();
      return;
    }
    if (isLeaving || (!isDirty() && !sending)) return;
    event.preventDefault();
    leave(link);
  });

  async function leave(link) {
    const again = " Tekan sekali lagi untuk tetap pindah.";
    if (await within(3000, save())) { location.href = link.href; return; }
    const wrong = Object.keys(changed()).find((name) => refused[name] === now()[name]);
    if (conflict) { compare(); return; }
    if (wrong && texts[wrong]) { isLeaving = true; pointTo(wrong, " Teksnya tetap ada di peramban ini." + again); return; }
    if (!(await within(4000, drafts.session().then(() => true, () => false)))) {
      isWaitingToLeave = true;
      complainOfLine();
      return;
    }
    if (!isDirty() || (isKept && !wrong)) { location.href = link.href; return; }
    isLeaving = true;
    complain("Isian belum tersimpan." + again);
  }

  function within(milliseconds, promise) {
    return Promise.race([promise, new Promise((resolve) => setTimeout(() => resolve(false), milliseconds))]);
  }

  /* Handed in, or no longer ours to change: fields to read, and the last text to copy. */
  function lock() {
    keep();
    radios.forEach((radio) => { radio.disabled = true; });
    Object.values(texts).forEach((field) => { field.readOnly = true; });
    form.querySelectorAll("button").forEach((button) => { button.hidden = true; });
    form.querySelector("[data-save-hint]").textContent = blocked;
    document.querySelectorAll("[data-take]").forEach((button) => { button.hidden = true; });
    retryButton.hidden = true;
    showUnsent(changed(), blocked, () => { drafts.drop(draftKey); draftKey = null; });
    document.getElementById("isian-terpisah").scrollIntoView();
    document.dispatchEvent(new CustomEvent("portal:locked"));
  }

  document.querySelectorAll("[data-take]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const field = document.getElementById(button.dataset.take);
      const text = document.getElementById(button.dataset.from).textContent;
      field.value = field.value.trim() ? field.value.trimEnd() + "\n\n" + text : text;
      count(field);
      field.focus();
      save();
    });
  });

  /* --- What waited from an earlier visit -------------------------------------------------------------------- */

  form.querySelector("[data-save-hint]").textContent = "Tersimpan sendiri selagi Anda mengisi.";

  function tellRestored(how) {
    if (!restored) return;
    restored = false;
    notice("Isian terakhir Anda yang belum terkirim dikembalikan ke sini " + how + ".");
  }

  async function resume() {
    if (paused) return;
    const waiting = drafts.of(form.dataset.assessment, form.dataset.code);
    waiting.slice(0, -1).forEach((draft) => {
      if (NAMES.every((name) => !(name in draft.fields) || draft.fields[name] === base[name])) drafts.drop(draft.key);
    });
    const draft = waiting[waiting.length - 1];
    if (!draft) { if (isDirty()) save(); return; }
    Object.entries(draft.known || {}).forEach(([name, values]) => {
      known[name] = Array.from(new Set([...values, ...(known[name] || [])]));
    });
    const names = NAMES.filter((name) => name in draft.fields && draft.fields[name] !== base[name]);
    if (!names.length) { drafts.drop(draft.key); return; }
    const isFree = (current) => names.every((name) => current[name] === draft.fields[name] || isKnown(name, current[name]));
    fill(draft.fields);
    let current = null;
    if (draft.version !== version && !isFree(base)) {
      /* Somebody stored something else meanwhile; this page may be older than that. */
      isHolding = true;
      current = Object.assign({ version: version, changed_by: "", changed_at: "" }, base);
      try {
        const response = await fetch(form.dataset.page, { headers: { Accept: "application/json", "X-Requested-With": "fetch" } });
        if (response.ok) current = await response.json();
      } catch (error) {
        /* away: by what the page itself knows */
      }
      isHolding = false;
    }
    const old = draft.key;
    if (current) {
      version = current.version;
      const values = now();
      NAMES.forEach((name) => {
        if (values[name] === base[name]) fill({ [name]: current[name] });
        if (!names.includes(name) || isFree(current)) base[name] = current[name];
      });
    }
    if (current && !isFree(current)) {
      keep();
      if (isKept && draftKey !== old) drafts.drop(old);
      disagree(names.filter((name) => now()[name] !== current[name]), current);
      return;
    }
    keep();
    if (isKept && draftKey !== old) drafts.drop(old);
    restored = true;
    notice("Isian terakhir Anda yang belum terkirim dikembalikan ke sini dan sedang disimpan.");
    save();
  }
  resume();
})();
