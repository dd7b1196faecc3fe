/* Evidence without leaving the page: several files at once, progress, try again; forms answer in place. */
(function () {
  "use strict";

  const drafts = window.portalDrafts;
  const { say, showState } = window.portalIndicator;
  const part = document.querySelector("[data-evidence]");
  if (!part) return;
  const list = document.getElementById("daftar-bukti");
  const queue = part.querySelector("[data-queue]");
  const upload = part.querySelector("[data-upload]");
  const max = Number(part.dataset.max);
  const inParts = Number(part.dataset.inParts); /* bytes; what is larger goes in parts */

  const megabytes = (bytes, least) => (bytes / 1048576).toLocaleString("id-ID", { minimumFractionDigits: least || 0, maximumFractionDigits: 1 });

  function size(bytes) {
    if (bytes < 1024) return bytes + " byte";
    return bytes < 1024 * 1023 ? Math.round(bytes / 1024) + " KB" : megabytes(bytes) + " MB";
  }

  function progress(job, sent, total) {
    const share = Math.floor(100 * sent / total);
    job.bar.value = share;
    job.meta.textContent = share >= 100 ? size(total) + " · memeriksa berkas…"
      : (total < 1024 * 1023 ? size(sent) + " dari " + size(total) : megabytes(sent, 1) + " dari " + megabytes(total, 1) + " MB") +
        " · " + share + " %";
  }

  function make(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  /* --- The list as the server has it; what somebody is typing in it stays ------------------------------ */

  function isBusy(item) {
    return Array.from(item.querySelectorAll("form[data-details] :is(input, select, textarea)")).some((field) =>
      field.type !== "hidden" && (field.tagName === "SELECT"
        ? Array.from(field.options).some((option) => option.selected !== option.defaultSelected)
        : field.value !== field.defaultValue));
  }

  function replace(data, force) {
    const box = document.createElement("div");
    box.innerHTML = data.html;
    const before = new Set(Array.from(list.querySelectorAll("[data-item]")).map((item) => item.id));
    box.querySelectorAll("[data-item]").forEach((item) => {
      const old = document.getElementById(item.id);
      if (old && item.id !== force) {
        if (isBusy(old)) item.replaceWith(old);
        else item.querySelectorAll("details").forEach((each, i) => {
          const same = old.querySelectorAll("details")[i];
          if (same && same.open && same.className === each.className) each.open = true;
        });
      }
      if (!before.has(item.id) && before.size + list.children.length) item.classList.add("is-new");
    });
    list.replaceChildren(...box.childNodes);
    list.querySelectorAll("form").forEach((form) => { form.noValidate = true; });
    part.querySelector("[data-evidence-count]").textContent = data.count;
    const old = document.querySelector("[data-old-evidence]");
    if (old && data.old_html) old.innerHTML = data.old_html;
    showState(data);
    if (data.pending) watch();
  }

  async function refresh() {
    try {
      const response = await fetch(part.dataset.url, { headers: { Accept: "application/json", "X-Requested-With": "fetch" } });
      if (response.ok) replace(await response.json());
    } catch (error) {
      /* away: the server refuses it anyway */
    }
  }

  /* Handed in elsewhere: what is attached can be read, nothing added or removed. */
  document.addEventListener("portal:locked", () => {
    waiting.length = 0;
    part.querySelectorAll("[data-queue], [data-upload], [data-links]").forEach((each) => each.remove());
    list.querySelectorAll("form").forEach((form) => form.remove());
    list.querySelectorAll("details.edit").forEach((each) => each.remove());
    refresh();
  });

  let polls = 0;
  let timer = 0;
  function watch() {
    polls = 0;
    clearTimeout(timer);
    timer = setTimeout(poll, 2500);
  }

  async function poll() {
    if (++polls > 25) return;
    try {
      const response = await fetch(part.dataset.url, { headers: { Accept: "application/json", "X-Requested-With": "fetch" } });
      if (!response.ok) return;
      const data = await response.json();
      if (!data.pending) { replace(data); return; }
    } catch (error) {
      /* away: try again later */
    }
    timer = setTimeout(poll, 2500 + polls * 400);
  }

  /* --- Files: one after another -------------------------------------------------------------------------- */

  const waiting = [];
  let active = false;

  function refusal(file) {
    if (!file.size) return "Berkas ini kosong (0 byte) atau sebuah folder. Periksa di komputer Anda, lalu pilih kembali.";
    if (file.size > max) {
      return "Berkas terlalu besar: " + size(file.size) + ", paling besar " + part.dataset.maxText +
        ". Perkecil berkasnya (misalnya pindai ulang dengan resolusi lebih rendah), atau lampirkan tautan.";
    }
    return ""; /* the rest the server knows better */
  }

  function add(files) {
    Array.from(files).forEach((file) => {
      const item = make("li", "evidence-item");
      const body = make("div");
      const name = make("div", "evidence-title", file.name);
      const meta = make("div", "evidence-meta", size(file.size) + " · menunggu giliran");
      const bar = make("progress");
      bar.max = 100;
      bar.value = 0;
      bar.setAttribute("aria-label", "Mengunggah " + file.name);
      body.append(name, meta, bar);
      const acts = make("div", "evidence-actions");
      item.append(body, acts);
      queue.append(item);
      const job = { file: file, item: item, meta: meta, bar: bar, acts: acts, body: body };
      const why = refusal(file);
      if (why) fail(job, why, false);
      else waiting.push(job);
    });
    next();
  }

  /* Cameras and clipboards call everything image.jpg: "Foto 22 November 2026 20.14.jpg". */
  const names = new Set();
  function named(file, what) {
    const kinds = { "image/jpeg": ".jpg", "image/png": ".png" };
    if (!kinds[file.type]) return file;
    const at = new Date();
    const day = at.toLocaleDateString("id-ID", { day: "numeric", month: "long", year: "numeric" });
    const clock = [at.getHours(), at.getMinutes()].map((number) => String(number).padStart(2, "0")).join(".");
    let name = what + " " + day + " " + clock;
    for (let i = 2; names.has(name); i++) name = what + " " + day + " " + clock + " (" + i + ")";
    names.add(name);
    return new File([file], name + kinds[file.type], { type: file.type, lastModified: file.lastModified });
  }

  function button(job, text, act, kind) {
    const made = make("button", "btn btn-sm " + (kind || "btn-outline-secondary"), text);
    made.type = "button";
    made.addEventListener("click", act);
    job.acts.append(made);
    return made;
  }

  function loginLink() {
    const link = make("a", "", "Masuk kembali di tab baru");
    link.href = part.dataset.login;
    link.target = "_blank";
    link.rel = "noopener";
    return link;
  }

  function fail(job, text, again, link) {
    job.item.classList.add("is-failed");
    job.bar.hidden = true;
    job.meta.textContent = size(job.file.size) + " · belum terunggah";
    const old = job.body.querySelector(".upload-problem");
    if (old) old.remove();
    const problem = make("p", "upload-problem", text);
    problem.setAttribute("role", "alert");
    if (link) problem.append(" ", link);
    job.body.append(problem);
    job.acts.replaceChildren();
    if (again) button(job, "Coba lagi", () => { restart(job); }, "btn-outline-primary");
    button(job, "Tutup", () => { job.item.remove(); upload && upload.querySelector("input[type=file]").focus(); });
  }

  function restart(job) {
    job.item.classList.remove("is-failed");
    const old = job.body.querySelector(".upload-problem");
    if (old) old.remove();
    job.bar.hidden = false;
    job.bar.value = 0;
    job.meta.textContent = size(job.file.size) + " · menunggu giliran";
    job.acts.replaceChildren();
    waiting.push(job);
    next();
  }

  function next() {
    if (active || !waiting.length) return;
    active = true;
    send(waiting.shift(), false);
  }

  function finish() {
    active = false;
    next();
  }

  function attached(job, answer) {
    job.item.remove();
    replace(answer);
    say((answer.added || ["Berkas dilampirkan."]).join(" "));
    finish();
  }

  function send(job, isSecond) {
    if (job.file.size > inParts && window.portalTransfer) { sendInParts(job); return; }
    const request = new XMLHttpRequest();
    const data = new FormData();
    data.append("file", job.file);
    request.open("POST", part.dataset.url);
    request.setRequestHeader("X-CSRFToken", drafts.token());
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.setRequestHeader("X-Portal-User", drafts.user);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    job.acts.replaceChildren();
    button(job, "Batal", () => request.abort());
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(job, event.loaded, event.total);
    });
    request.addEventListener("load", async () => {
      const answer = request.response || {};
      if (request.status === 201) {
        attached(job, answer);
        return;
      }
      if (request.status === 403 && answer.code === "csrf" && !isSecond) {
        const state = await drafts.session().catch(() => ({}));
        if (state.isMine) { send(job, true); return; }
      }
      if (answer.code === "other_user") {
        fail(job, answer.detail, true);
      } else if (request.status === 401 || answer.code === "csrf") {
        fail(job, "Sesi Anda berakhir. Masuk kembali, lalu tekan Coba lagi.", true, loginLink());
      } else if (request.status >= 500 || !request.response) {
        fail(job, "Server sedang terganggu. Tunggu sebentar, lalu coba lagi.", true);
      } else {
        fail(job, answer.detail || "Berkas tidak dapat diterima.", false);
        if (answer.html) replace(answer);
      }
      finish();
    });
    request.addEventListener("error", () => { fail(job, "Sambungan terputus sebelum berkas sampai. Coba lagi setelah tersambung.", true); finish(); });
    request.addEventListener("abort", () => { fail(job, "Pengunggahan dibatalkan.", true); finish(); });
    request.send(data);
  }

  /* Above the limit: parts, each again until it is there; then the answer takes the whole. */
  async function sendInParts(job) {
    const total = job.file.size;
    let sent = 0;
    const { agency, assessment, code } = part.dataset;
    const transfer = window.portalTransfer.start(job.file, {
      url: part.dataset.begin,
      fields: agency ? { agency: agency } : { assessment: assessment, code: code },
      scope: agency ? "opd-" + agency : assessment,
      onProgress: (bytes) => { sent = bytes; progress(job, sent, total); },
      onWait: (seconds) => {
        job.meta.textContent = megabytes(sent, 1) + " dari " + megabytes(total, 1) +
          " MB · sambungan terputus, mencoba lagi dalam " + seconds + " detik…";
      },
      onBack: () => progress(job, sent, total),
    });
    job.acts.replaceChildren();
    button(job, "Batal", () => transfer.cancel());
    try {
      await transfer.sent;
      job.acts.replaceChildren(); /* from here on the server decides */
      const { status, data, tries } = await transfer.take(part.dataset.url, {});
      if (status !== 409) transfer.forget(); /* taken, or refused for good; locked: kept for another try */
      /* The answer to an earlier try was lost, and the file is on the list. */
      const isThere = status === 410 && tries > 0 && data.html.includes(make("i", "", transfer.name().slice(0, 50)).innerHTML);
      if (status === 201 || isThere) { attached(job, data); return; }
      fail(job, data.detail || "Berkas tidak dapat diterima.", status === 409 || status === 410);
      if (data.html) replace(data);
    } catch (error) {
      if (error.kind === "session") fail(job, "Sesi Anda berakhir. Masuk kembali, lalu tekan Coba lagi.", true, loginLink());
      else fail(job, error.message, error.again);
    }
    finish();
  }

  window.addEventListener("beforeunload", (event) => { if (active || waiting.length) event.preventDefault(); });

  if (upload) {
    const input = upload.querySelector("input[type=file]");
    upload.querySelector("[data-upload-button]").hidden = true;
    upload.querySelector("[data-upload-details]").hidden = true;
    part.querySelector("[data-drop-text]").textContent =
      matchMedia("(pointer: coarse)").matches ? "Pilih berkas" : "Pilih berkas atau jatuhkan di sini";
    input.addEventListener("change", () => { add(input.files); input.value = ""; });
    const camera = upload.querySelector("[data-camera]");
    if (camera) {
      camera.hidden = !matchMedia("(pointer: coarse)").matches;
      camera.querySelector("button").addEventListener("click", () => camera.querySelector("input").click());
      camera.querySelector("input").addEventListener("change", (event) => {
        add(Array.from(event.target.files, (file) => named(file, "Foto")));
        event.target.value = "";
      });
    }
    /* A picture from the clipboard, unless somebody is writing. */
    document.addEventListener("paste", (event) => {
      const files = Array.from((event.clipboardData || {}).files || []);
      if (!files.length || event.target.closest("input, textarea")) return;
      event.preventDefault();
      add(files.map((file) => (file.type === "image/png" ? named(file, "Tangkapan layar") : file)));
    });
    upload.addEventListener("submit", (event) => event.preventDefault());
    const zone = part.querySelector("[data-dropzone]");
    let depth = 0;
    const hasFiles = (event) => event.dataTransfer && Array.from(event.dataTransfer.types).includes("Files");
    part.addEventListener("dragenter", (event) => { if (hasFiles(event)) { depth++; zone.classList.add("is-over"); } });
    part.addEventListener("dragleave", () => { if (--depth <= 0) { depth = 0; zone.classList.remove("is-over"); } });
    /* A file dropped beside the zone must not replace the page. */
    window.addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
    window.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      zone.classList.remove("is-over");
      if (part.contains(event.target)) add(event.dataTransfer.files);
    });
  }

  /* --- Small forms: describe, remove, link, use again ------------------------------------------------------- */

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("[data-evidence-form]")) return;
    event.preventDefault();
    if (form.dataset.sending !== undefined) return;
    form.dataset.sending = "";
    const item = form.closest("[data-item]");
    const problem = form.querySelector("[data-form-problem]");
    const fields = new FormData(form);
    fields.delete("csrfmiddlewaretoken");
    const button = form.querySelector("button[type=submit]");
    button.setAttribute("aria-busy", "true");
    let result;
    try {
      result = await drafts.post(form.action, Object.fromEntries(fields), "");
    } catch (error) {
      result = { ok: false, status: 0, data: { detail: "Sambungan terputus. Coba lagi setelah tersambung." } };
    }
    delete form.dataset.sending;
    button.removeAttribute("aria-busy");
    const data = result.data;
    if (result.ok) {
      if (problem) problem.hidden = true;
      if (form.dataset.reset !== undefined) { form.reset(); form.closest("details").open = false; }
      replace(data, item && item.id);
      say(data.detail || (data.added || []).join(" "));
      if (item) {
        const again = document.getElementById(item.id);
        const target = again ? again.querySelector("summary") : document.getElementById("bukti-judul");
        if (target) target.focus();
      }
      return;
    }
    const isOver = result.status === 401 && data.code !== "other_user";
    const text = isOver ? "Sesi Anda berakhir. Masuk kembali, lalu coba lagi."
      : data.detail || "Belum tersimpan karena gangguan. Coba lagi.";
    if (problem) {
      problem.replaceChildren(text, ...(isOver ? [" ", loginLink()] : []));
      problem.hidden = false;
    } else {
      const old = document.getElementById("bukti-gangguan");
      if (old) old.remove();
      const box = make("div", "notice notice-error", text);
      box.id = "bukti-gangguan";
      box.setAttribute("role", "alert");
      if (isOver) box.append(" ", loginLink());
      list.prepend(box);
      box.scrollIntoView({ block: "nearest" });
    }
    if (result.status === 409 || result.status === 403) refresh();
  });

  if ("pending" in part.dataset) watch();
})();
