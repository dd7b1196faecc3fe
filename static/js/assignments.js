/* The table of assignments: cells change here, by mouse and by keyboard, and are saved together. One listener for all
   cells; the state is one array of numbers beside the table. Without it the table can be read. */
(function () {
  "use strict";

  const box = document.querySelector("[data-matrix]");
  if (!box) return;
  const find = (selector) => document.querySelector(selector);
  const table = box.querySelector("table");
  const rows = Array.from(table.tBodies[0].rows);
  const heads = Array.from(table.tHead.rows[1].cells);
  const codes = heads.map((head) => head.dataset.code);
  const width = codes.length;
  const editable = "editable" in box.dataset;
  const running = "running" in box.dataset;

  const KINDS = ["", "support", "pic"];
  const TEXTS = ["", "P", "PIC"];
  const CLASSES = ["", "s", "c"];
  const WORDS = ["kosong", "pendukung", "PIC"];

  const base = new Uint8Array(rows.length * width); /* as stored */
  const now = new Uint8Array(rows.length * width); /* as shown */
  const pics = new Uint16Array(width);
  rows.forEach((row, r) => {
    for (let c = 0; c < width; c += 1) {
      const kind = CLASSES.indexOf(row.cells[c + 1].className);
      base[r * width + c] = now[r * width + c] = Math.max(kind, 0);
      if (kind === 2) pics[c] += 1;
    }
  });
  const changed = new Set();
  const history = [];
  let here = { r: 0, c: 0 }; /* -1 is the head of the row or of the column */
  let focused = null;
  let saving = false;

  function say(text) {
    const place = document.getElementById("ucapan");
    if (place) place.textContent = text;
  }

  function names(number) { return new Intl.NumberFormat("id-ID").format(number); }

  function cellAt(r, c) { return r < 0 ? heads[c] : rows[r].cells[c + 1]; }

  function agency(r) { return rows[r].cells[0].title; }

  /* --- Where one is ------------------------------------------------------------------------------ */

  const place = find("[data-here]");

  function describe() {
    const { r, c } = here;
    const bold = document.createElement("strong");
    let rest = "";
    if (r < 0) {
      bold.textContent = heads[c].title;
      rest = pics[c] ? ` – seluruh kolom, ${pics[c]} PIC` : " – seluruh kolom, belum ada PIC";
    } else if (c < 0) {
      bold.textContent = agency(r);
      rest = " – seluruh baris";
    } else {
      bold.textContent = WORDS[now[r * width + c]];
      rest = ` – ${agency(r)}; ${heads[c].title}`;
    }
    place.replaceChildren(bold, rest);
  }

  function goTo(r, c, focus) {
    heads.concat(rows.length ? [rows[Math.max(here.r, 0)].cells[0]] : []).forEach((cell) => cell.classList.remove("is-here"));
    here = { r, c };
    const cell = cellAt(r, c);
    if (focused && focused !== cell) focused.tabIndex = -1;
    focused = cell;
    cell.tabIndex = 0;
    if (c >= 0) heads[c].classList.add("is-here");
    if (r >= 0) rows[r].cells[0].classList.add("is-here");
    if (focus) {
      cell.focus({ preventScroll: true });
      cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    describe();
  }

  function step(dr, dc) {
    let { r, c } = here;
    if (dc) c = Math.min(Math.max(c + dc, r < 0 ? 0 : -1), width - 1);
    if (dr) {
      let next = r + dr;
      while (next >= 0 && next < rows.length && rows[next].hidden) next += dr;
      if (next < 0 && c < 0) next = r;
      if (next >= -1 && next < rows.length) r = next;
    }
    goTo(r, c, true);
  }

  function whichCell(target) {
    const cell = target.closest("td, th");
    if (!cell || !table.contains(cell)) return null;
    if (cell.parentNode.parentNode === table.tHead) {
      const c = heads.indexOf(cell);
      return c < 0 ? null : { r: -1, c };
    }
    return { r: rows.indexOf(cell.parentNode), c: cell.cellIndex - 1 };
  }

  /* --- Changing ---------------------------------------------------------------------------------- */

  function show(i) {
    const r = Math.floor(i / width);
    const c = i % width;
    const cell = rows[r].cells[c + 1];
    cell.textContent = TEXTS[now[i]];
    cell.className = CLASSES[now[i]];
    if (now[i] === base[i]) changed.delete(i);
    else {
      changed.add(i);
      cell.classList.add("is-changed");
    }
  }

  function put(i, kind) {
    const c = i % width;
    if (now[i] === 2) pics[c] -= 1;
    if (kind === 2) pics[c] += 1;
    now[i] = kind;
    show(i);
    heads[c].classList.toggle("no-pic", isMissing(c));
  }

  /* Nobody is PIC of it, and its value does not come from elsewhere. */
  function isMissing(c) {
    return !pics[c] && !("external" in heads[c].dataset);
  }

  /* While the period runs, what left the desk keeps its indicators: only the kind may change. */
  function isAllowed(i, kind) {
    if (!running) return true;
    return !("fixed" in rows[Math.floor(i / width)].dataset) || (base[i] > 0) === (kind > 0);
  }

  function cellsHere() {
    const { r, c } = here;
    if (r >= 0 && c >= 0) return [r * width + c];
    if (r >= 0) return codes.map((code, column) => r * width + column);
    return rows.map((row, line) => (row.hidden ? -1 : line * width + c)).filter((i) => i >= 0);
  }

  function set(kind) {
    if (!editable || saving) return;
    const cells = cellsHere();
    const batch = [];
    let refused = 0;
    cells.forEach((i) => {
      if (now[i] === kind) return;
      if (!isAllowed(i, kind)) { refused += 1; return; }
      batch.push([i, now[i]]);
      put(i, kind);
    });
    if (batch.length) history.push(batch);
    tell();
    describe();
    if (refused) {
      const status = here.r >= 0 ? rows[here.r].dataset.fixed : "";
      const text = status
        ? `Tidak diubah: penilaian ${agency(here.r)} berstatus ${status}. Hanya PIC dan pendukung yang dapat ditukar.`
        : `${names(refused)} sel tidak diubah: penilaiannya bukan Draf.`;
      place.replaceChildren(text);
      say(text);
    } else if (cells.length > 1) say(`${names(batch.length)} sel menjadi ${WORDS[kind]}`);
    else say(WORDS[kind]);
  }

  function cycle() {
    if (here.r < 0 || here.c < 0) return;
    const i = here.r * width + here.c;
    const order = [0, 1, 2].map((by) => (now[i] + by) % 3).filter((kind, at) => at > 0 && isAllowed(i, kind));
    set(order.length ? order[0] : (now[i] + 1) % 3);
  }

  function undo() {
    if (saving || !history.length) return;
    history.pop().forEach(([i, kind]) => put(i, kind));
    tell();
    describe();
    say("Diurungkan");
  }

  /* --- Saving ------------------------------------------------------------------------------------ */

  const state = find("[data-save-state]");
  const save = find("[data-save]");
  const undoer = find("[data-undo]");
  const bar = find("[data-matrix-bar]");

  function tell(text, kind) {
    if (!state) return;
    const number = changed.size;
    state.textContent = text || (number ? `${names(number)} perubahan belum disimpan` : "Belum ada perubahan");
    state.dataset.state = kind || (number ? "changed" : "");
    save.disabled = saving || !number;
    save.textContent = saving ? "Menyimpan…" : number ? `Simpan ${names(number)} perubahan` : "Simpan";
    undoer.disabled = saving || !history.length;
    bar.classList.toggle("has-changes", number > 0);
    missing();
  }

  /* "1–3, 7": what no agency is PIC of, as it is shown now. */
  function missing() {
    const notice = find("[data-missing]");
    const runs = [];
    for (let c = 0; c < width; c += 1) {
      if (!isMissing(c)) continue;
      if (c > 0 && isMissing(c - 1)) runs[runs.length - 1].push(codes[c]);
      else runs.push([codes[c]]);
    }
    notice.hidden = !runs.length;
    find("[data-missing-count]").textContent = names(runs.reduce((sum, run) => sum + run.length, 0));
    find("[data-missing-list]").textContent =
      runs.map((run) => (run.length < 3 ? run.join(", ") : `${run[0]}–${run[run.length - 1]}`)).join(", ");
  }

  function complain(detail, problems) {
    const old = document.getElementById("penugasan-ditolak");
    if (old) old.remove();
    if (!detail) return;
    const notice = document.createElement("div");
    notice.id = "penugasan-ditolak";
    notice.className = "notice notice-error";
    notice.setAttribute("role", "alert");
    notice.tabIndex = -1;
    const body = document.createElement("div");
    const first = document.createElement("p");
    first.textContent = detail;
    body.append(first);
    if (problems && problems.length) {
      const list = document.createElement("ul");
      problems.slice(0, 50).forEach((problem) => {
        const item = document.createElement("li");
        item.textContent = problem;
        list.append(item);
      });
      body.append(list);
      if (problems.length > 50) {
        const more = document.createElement("p");
        more.textContent = `dan ${names(problems.length - 50)} lainnya`;
        body.append(more);
      }
    }
    notice.append(body);
    find(".matrix-tools").before(notice);
    notice.focus();
  }

  function token() {
    const found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    return found ? found[1] : "";
  }

  async function send() {
    if (saving || !changed.size) return;
    const sent = Array.from(changed, (i) => [i, now[i]]);
    const reason = document.getElementById("alasan");
    saving = true;
    tell("Menyimpan…", "saving");
    let response = null;
    let answer = {};
    try {
      response = await fetch(box.dataset.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() },
        body: JSON.stringify({
          changes: sent.map(([i, kind]) => [
            Number(rows[Math.floor(i / width)].dataset.agency), codes[i % width], KINDS[base[i]], KINDS[kind],
          ]),
          reason: reason ? reason.value : "",
        }),
      });
      answer = await response.json();
    } catch (error) {
      if (!response) answer = { detail: "Tidak ada sambungan ke server." };
    }
    saving = false;
    if (response && response.ok) {
      sent.forEach(([i, kind]) => { base[i] = kind; show(i); });
      if (reason) reason.value = "";
      complain("");
      tell(answer.detail, "saved");
      return;
    }
    (answer.cells || []).forEach(([agencyId, code, kind]) => {
      const r = rows.findIndex((row) => Number(row.dataset.agency) === agencyId);
      const c = codes.indexOf(code);
      if (r >= 0 && c >= 0) { base[r * width + c] = KINDS.indexOf(kind); show(r * width + c); }
    });
    let detail = answer.detail || "Server belum dapat menyimpan. Coba lagi sebentar lagi.";
    if (answer.cells && answer.cells.length) detail += ` ${names(answer.cells.length)} sel diubah orang lain; menyimpan lagi memakai pilihan Anda.`;
    else if (!answer.problems) detail += " Perubahan Anda masih ada di halaman ini.";
    tell("Belum tersimpan", "failed");
    complain(detail, answer.problems);
  }

  window.addEventListener("beforeunload", (event) => {
    if (changed.size) event.preventDefault();
  });

  /* --- Hands ------------------------------------------------------------------------------------- */

  table.addEventListener("click", (event) => {
    const at = whichCell(event.target);
    if (!at || at.r < -1) return;
    goTo(at.r, at.c, true);
    if (at.r >= 0 && at.c >= 0 && editable) cycle();
  });

  table.addEventListener("focusin", (event) => {
    const at = whichCell(event.target);
    if (at && (at.r !== here.r || at.c !== here.c)) goTo(at.r, at.c, false);
  });

  const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-10, 0], PageDown: [10, 0] };
  const SETS = { p: 1, c: 2, delete: 0, backspace: 0 };

  table.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (event.key in MOVES) {
      const [dr, dc] = MOVES[event.key];
      if (Math.abs(dr) > 1) for (let n = 0; n < 10; n += 1) { if (dr > 0 || here.r > 0) step(Math.sign(dr), 0); }
      else step(dr, dc);
    } else if (event.key === "Home") goTo(here.r, here.r < 0 ? 0 : -1, true);
    else if (event.key === "End") goTo(here.r, width - 1, true);
    else if (key === " " || key === "enter") cycle();
    else if (key in SETS) set(SETS[key]);
    else return;
    event.preventDefault();
  });

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || !editable) return;
    const isField = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key.toLowerCase() === "s") { event.preventDefault(); send(); }
    if (event.key.toLowerCase() === "z" && !event.shiftKey && !isField) { event.preventDefault(); undo(); }
  });

  document.querySelectorAll("[data-set]").forEach((button) =>
    button.addEventListener("click", () => set(KINDS.indexOf(button.dataset.set))));
  if (undoer) undoer.addEventListener("click", undo);
  if (save) save.addEventListener("click", send);

  /* --- Finding agencies -------------------------------------------------------------------------- */

  const search = document.getElementById("cari-opd");
  const kind = document.getElementById("jenis-opd");
  const words = rows.map((row) => `${row.cells[0].title} ${row.cells[0].textContent}`.toLowerCase());

  function filter() {
    const wanted = search.value.trim().toLowerCase();
    let shown = 0;
    rows.forEach((row, r) => {
      row.hidden = Boolean((wanted && !words[r].includes(wanted)) || (kind.value && row.dataset.kind !== kind.value));
      if (!row.hidden) shown += 1;
    });
    find("[data-none]").hidden = shown > 0;
    say(`${names(shown)} OPD tampak`);
  }

  search.addEventListener("input", filter);
  kind.addEventListener("change", filter);

  find("[data-matrix-tools]").hidden = false;
  if (bar) bar.hidden = false;
  box.classList.add("is-live");
  table.classList.add("is-live");
  box.tabIndex = -1;
  if (rows.length) { focused = cellAt(0, 0); focused.tabIndex = 0; }
  tell();
})();
