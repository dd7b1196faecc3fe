/* The indicator page: saves by itself, says so, keeps what cannot be sent, and is driven by keys. */
(function () {
  "use strict";

  const drafts = window.portalDrafts;
  const form = document.getElementById("isian");
  document.documentElement.classList.add("has-script");

  function say(text) {
    document.getElementById("ucapan").textContent = text;
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  const LABELS = {
    choice: "Level", fact: "Fakta", analysis: "Analisis", not_applicable_reason: "Alasan tidak relevan",
  };

  /* --- Keys: none of them fires inside a text field ------------------------------------------------ */

  function isText(target) {
    if (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)) return true;
    return target.tagName === "INPUT" && !/^(radio|checkbox|button|submit|file)$/.test(target.type);
  }

  function go(where) {
    const link = document.querySelector('[data-go="' + where + '"]');
    if (link) link.click();
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.ctrlKey) {
      if (event.key === "Enter" && form) { event.preventDefault(); go("next"); }
      return;
    }
    if (isText(event.target)) return;
    const isRadio = event.target.type === "radio";
    const key = event.key.toLowerCase();
    const acts = {
      j: () => go("next"), k: () => go("prev"),
      arrowright: () => !isRadio && go("next"), arrowleft: () => !isRadio && go("prev"),
      l: () => document.querySelector("[data-key-sheet]").click(),
      f: () => focusOn("fakta"), a: () => focusOn("analisis"),
      b: () => { const title = document.getElementById("bukti-judul"); title.scrollIntoView(); title.focus(); },
    };
    if (acts[key]) {
      if (key.startsWith("arrow") && isRadio) return;
      event.preventDefault();
      acts[key]();
    } else if (form && /^[0-9]$/.test(key)) {
      const radio = form.querySelector('input[name="choice"][value="' + key + '"]');
      if (radio) { event.preventDefault(); radio.click(); radio.focus({ preventScroll: true }); }
    } else if (key === "?" && isRadio) {
      document.querySelector("dialog[data-keys]").showModal();
    }
  });

  function focusOn(id) {
    const field = document.getElementById(id);
    if (field) field.focus();
  }

  /* --- What waits in this browser for a page that can only be read --------------------------------- */

  function showUnsent(draft, reason, onDiscard) {
    const place = document.getElementById("isian-terpisah");
    const box = element("section", "unsaved");
    box.append(element("h2", "", "Isian Anda yang belum tersimpan"));
    box.append(element("p", "", reason));
    Object.keys(draft.fields).forEach((name, i) => {
      if (!LABELS[name]) return;
      const id = "belum-" + name + "-" + i;
      const field = element("div", "field field-wide");
      const label = element("label", "form-label", LABELS[name]);
      label.htmlFor = id;
      field.append(label);
      const text = element("textarea", "form-control");
      text.id = id;
      text.readOnly = true;
      text.rows = name === "choice" ? 1 : 5;
      text.value = draft.fields[name];
      const copy = element("button", "btn btn-sm btn-outline-secondary", "Salin");
      copy.type = "button";
      copy.dataset.copy = id;
      field.append(text, copy);
      box.append(field);
    });
    const discard = element("button", "btn btn-sm btn-outline-danger", "Buang isian ini");
    discard.type = "button";
    discard.addEventListener("click", () => { onDiscard(); box.remove(); });
    const acts = element("p", "actions");
    acts.append(discard);
    box.append(acts);
    place.replaceChildren(box);
  }

  if (!form) {
    const path = location.pathname;
    const left = drafts.all().filter((draft) => draft.page === path);
    if (left.length) {
      const newest = left[left.length - 1];
      showUnsent(newest, "Isian ini diketik sebelum terkunci dan belum terkirim. Salin bila masih diperlukan.",
        () => left.forEach((draft) => drafts.drop(draft.key)));
    }
    return;
  }

  /* --- The form ------------------------------------------------------------------------------------- */

  const NAMES = ["choice", "fact", "analysis", "not_applicable_reason"];
  const texts = { fact: form.fact, analysis: form.analysis, not_applicable_reason: form.not_applicable_reason };
  const radios = Array.from(form.querySelectorAll('input[name="choice"]'));
  const wasRefused = document.querySelector("[data-save-state]").dataset.state === "failed";

  function chosen() {
    const radio = radios.find((each) => each.checked);
    return radio ? radio.value : "";
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
      (radios.find((radio) => radio.checked) || radios[0]).dispatchEvent(new Event("change", { bubbles: true }));
      filling = false;
    }
    Object.values(texts).forEach(count);
    clear.hidden = !chosen();
  }

  /* What the server holds, as the page came: the browser may have put older typing back into the fields. */
  const base = { choice: (radios.find((radio) => radio.defaultChecked) || { value: "" }).value };
  Object.keys(texts).forEach((name) => { base[name] = texts[name].defaultValue; });
  /* Came back refused from a post without script: the fields hold what was typed, nothing is sent unasked. */
  let paused = wasRefused;
  if (paused) NAMES.forEach((name) => { base[name] = null; });
  let version = Number(form.version.defaultValue);
  const known = {}; /* every value of a field that we sent or kept: finding it on the server is no conflict */
  const refused = {}; /* values the server will not take: not sent again until they change */
  let sending = null;
  let blocked = ""; /* why nothing can be sent any more */
  let conflict = null;
  let timer = 0;
  let retryTimer = 0;
  let retries = 0;
  let draftKey = null;
  let keepTimer = 0;
  let filling = false;
  const clear = form.querySelector("[data-clear]");
  const problem = form.querySelector("[data-problem]");
  const retryButton = form.querySelector("[data-retry]");

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
      known[name] = known[name] || [];
      if (!known[name].includes(fields[name])) known[name].push(fields[name]);
      if (known[name].length > 5) known[name].shift();
    });
  }

  function keep() {
    clearTimeout(keepTimer);
    const fields = changed();
    if (!Object.keys(fields).length) { drafts.drop(draftKey); draftKey = null; return; }
    const old = draftKey;
    draftKey = drafts.put({
      assessment: form.dataset.assessment, code: form.dataset.code, version: version, fields: fields,
      known: known, url: form.action, page: form.dataset.page, label: form.dataset.label,
    });
    if (old && old !== draftKey) drafts.drop(old);
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

  function fieldProblem(name, text) {
    const list = form.querySelector('[data-error-for="' + name + '"]');
    if (!list) { if (text) complain(text); return; }
    list.firstElementChild.textContent = text;
    list.hidden = !text;
    list.closest(".field").classList.toggle("has-error", Boolean(text));
    if (text) texts[name].setAttribute("aria-invalid", "true");
    else texts[name].removeAttribute("aria-invalid");
  }

  function showSaved(data) {
    document.querySelectorAll("[data-state]:not(.save-state)").forEach((place) => {
      if (data.state_html) place.innerHTML = data.state_html;
    });
    document.querySelectorAll("[data-last-saved]").forEach((place) => {
      place.textContent = "tersimpan " + data.saved_at;
    });
    const gaps = form.querySelector("[data-gaps]");
    gaps.hidden = !data.gap_text;
    gaps.querySelector("span").textContent = data.gap_text;
  }

  function count(field) {
    const limit = Number(field.dataset.limit);
    const place = document.getElementById(field.getAttribute("aria-describedby").split(" ").pop());
    const left = limit - field.value.length;
    const number = (value) => value.toLocaleString("id-ID");
    place.textContent = left < 0 ? "Kelebihan " + number(-left) + " karakter"
      : left < limit * 0.1 ? "Sisa " + number(left) + " karakter" : "";
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
    if (conflict || blocked) { keep(); return Promise.resolve(false); }
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
      lastSaved = result.data.saved_at;
      complain("");
      Object.keys(fields).forEach((name) => fieldProblem(name, ""));
      if (Object.keys(changed()).some((name) => refused[name] === now()[name])) show("failed", "Sebagian belum tersimpan");
      else show("saved", "Tersimpan " + result.data.saved_at, true);
      showSaved(result.data);
      return true;
    }
    const detail = result.data.detail || "";
    if (result.status === 409 && result.data.code === "stale") return stale(fields, result.data.current);
    if (result.status === 409 || result.status === 403 || result.status === 404) {
      blocked = detail || "Isian ini tidak dapat disimpan lagi.";
      show("failed", "Tidak tersimpan", true);
      complain("");
      retryButton.hidden = true;
      keep();
      showUnsent({ fields: changed() }, blocked, () => { drafts.drop(draftKey); draftKey = null; });
      document.getElementById("isian-terpisah").scrollIntoView();
      return false;
    }
    if (result.status === 401 && result.data.code === "other_user") {
      show("failed", "Belum tersimpan", true);
      complain(detail);
      return false;
    }
    if (result.status === 401) {
      show("failed", "Sesi berakhir", true);
      complain("Sesi Anda berakhir, jadi isian terakhir belum terkirim. Isian aman di peramban ini dan terkirim sendiri setelah Anda masuk kembali.",
        { text: "Masuk kembali di tab baru", url: form.dataset.login, tab: true });
      return false;
    }
    if (result.status === 400 && result.data.errors) {
      let other = false;
      Object.keys(result.data.errors).forEach((name) => {
        const own = name === "self_level" || name === "not_applicable" ? "choice" : name;
        if (own in fields) refused[own] = fields[own]; else other = true;
        fieldProblem(own, result.data.errors[name]);
      });
      if (other) complain(detail);
      show("failed", "Belum tersimpan", true);
      return !other && Object.keys(sendable()).length > 0;
    }
    if (result.status === 413) {
      NAMES.forEach((name) => { if (name in fields && name !== "choice") refused[name] = fields[name]; });
      show("failed", "Belum tersimpan", true);
      complain(detail || "Isian terlalu besar untuk dikirim. Persingkat teksnya.");
      return false;
    }
    complain(result.status === 429 ? "Terlalu banyak permintaan. Isian aman di peramban ini dan dicoba lagi sebentar lagi." : "");
    return unreachable();
  }

  function unreachable() {
    retries += 1;
    if (navigator.onLine) show("failed", "Gagal menyimpan");
    else show("offline", "Luring, aman di peramban ini");
    complain((navigator.onLine ? "Server belum dapat dihubungi. " : "Sambungan internet terputus. ") +
      (drafts.available ? "Isian Anda aman di peramban ini dan dikirim sendiri begitu tersambung."
        : "Jangan tutup halaman ini; isian dikirim begitu tersambung."));
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
      if (theirs === base[name] || (known[name] || []).includes(theirs)) return; /* ours stands */
      if (values[name] === base[name]) taken[name] = theirs;
      else open.push(name);
    });
    NAMES.forEach((name) => { if (!open.includes(name)) base[name] = current[name]; });
    fill(taken);
    if (!open.length) {
      if (Object.keys(taken).length) {
        const who = current.changed_by || "Orang lain";
        complain("");
        notice(who + " juga mengubah indikator ini pukul " + current.changed_at + ". Kedua perubahan digabung: " +
          Object.keys(taken).map((name) => LABELS[name]).join(", ") + " memakai isiannya.");
      }
      return true; /* the rest is sent again, now on their version */
    }
    conflict = { names: open, current: current };
    show("conflict", "Ada dua isian", true);
    compare();
    return false;
  }

  function notice(text) {
    const box = element("div", "notice notice-info", text);
    box.setAttribute("role", "status");
    document.getElementById("isian-terpisah").replaceChildren(box);
  }

  const dialog = document.getElementById("dua-isian");

  function choiceName(value) {
    const radio = radios.find((each) => each.value === value);
    return radio ? radio.dataset.name : "Belum dipilih";
  }

  function compare() {
    const current = conflict.current;
    const who = current.changed_by || "Orang lain";
    dialog.querySelector("[data-their-name]").textContent = who + (current.changed_at ? " (pukul " + current.changed_at + ")" : "");
    const place = dialog.querySelector("[data-conflicts]");
    place.replaceChildren();
    const values = now();
    conflict.names.forEach((name) => {
      const part = document.getElementById("satu-beda").content.cloneNode(true);
      part.querySelector("h3").textContent = LABELS[name];
      [["mine", "Isian Anda", values[name]], ["theirs", "Tersimpan: " + who, current[name]]].forEach(([side, title, value]) => {
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
    const mine = { fields: {} };
    const theirs = {};
    conflict.names.forEach((name) => {
      if (name !== "choice") mine.fields[name] = values[name];
      theirs[name] = base[name] = conflict.current[name];
    });
    fill(theirs);
    if (Object.keys(mine.fields).length) {
      showUnsent(mine, "Isian tersimpan yang dipakai. Isian Anda tetap ada di sini sampai halaman ditutup.", () => {});
    }
    conflict = null;
    lastSaved = lastSaved || "";
    show("saved", "Memakai isian yang tersimpan", true);
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
    field.addEventListener("input", () => { count(field); soon(); });
    field.addEventListener("blur", () => { if (isDirty()) save(); });
    count(field);
  });
  form.addEventListener("change", (event) => {
    if (event.target.name !== "choice") return;
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
  window.addEventListener("pagehide", () => { if (isDirty()) save(); });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") { if (isDirty()) save(); } else back();
  });
  window.addEventListener("focus", back);
  window.addEventListener("online", () => { retries = 0; back(); });
  window.addEventListener("offline", () => { if (isDirty()) show("offline", "Luring, aman di peramban ini"); });
  window.addEventListener("beforeunload", (event) => {
    if (isDirty() && !drafts.available) event.preventDefault();
  });

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

  /* Leaving by a link waits for the last save; what cannot be sent stays in the browser. */
  let isLeaving = false;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.target === "_blank" || link.origin !== location.origin || link.hasAttribute("download")) return;
    if (link.getAttribute("href").startsWith("#") || /\/unduh\/$/.test(link.pathname)) return;
    if (isLeaving || (!isDirty() && !sending)) return;
    event.preventDefault();
    const wait = new Promise((resolve) => setTimeout(() => resolve(false), 3000));
    Promise.race([save(), wait]).then((fine) => {
      if (fine || (drafts.available && !conflict && !Object.keys(refused).length)) location.href = link.href;
      else { isLeaving = true; say("Isian belum tersimpan. Tekan sekali lagi untuk tetap pindah."); }
    });
  });

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

  (function resume() {
    if (paused) return;
    const waiting = drafts.of(form.dataset.assessment, form.dataset.code);
    waiting.slice(0, -1).forEach((draft) => {
      if (NAMES.every((name) => !(name in draft.fields) || draft.fields[name] === base[name])) drafts.drop(draft.key);
    });
    const draft = waiting[waiting.length - 1];
    if (!draft) { if (isDirty()) save(); return; }
    const differs = NAMES.filter((name) => name in draft.fields && draft.fields[name] !== base[name]);
    if (!differs.length) { drafts.drop(draft.key); return; }
    const current = Object.assign({ version: version, changed_by: "", changed_at: "" }, base);
    drafts.drop(draft.key);
    if (draft.version === version || drafts.isOurs(Object.fromEntries(differs.map((name) => [name, draft.fields[name]])), draft.known, base)) {
      fill(draft.fields);
      notice("Isian terakhir Anda yang belum terkirim dikembalikan ke sini dan disimpan.");
      save();
      return;
    }
    fill(draft.fields);
    conflict = { names: differs, current: current };
    show("conflict", "Ada dua isian", true);
    keep();
    compare();
  })();
})();
