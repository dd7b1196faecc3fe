/* The reply to a decision: kept in this browser while it is typed, sent once, and only when asked to. */
(function () {
  "use strict";

  const drafts = window.portalDrafts;
  const { say, showState, element } = window.portalIndicator;
  const form = document.querySelector("[data-reply]");
  const field = form.reply;
  const state = form.querySelector("[data-reply-state]");
  const problem = form.querySelector("[data-reply-problem]");
  const button = form.querySelector("button[type=submit]");
  let key = null;
  let isKept = drafts.available;
  let isSending = false;
  let isAsked = false; /* pressed, but it did not arrive: sent as soon as it can */
  let timer = 0;

  function show(kind, text) {
    state.dataset.state = kind;
    state.textContent = text;
    state.hidden = !text;
  }

  function complain(text, link) {
    problem.replaceChildren(text);
    if (link) {
      const made = element("a", "", link.text);
      made.href = link.url;
      made.target = "_blank";
      made.rel = "noopener";
      problem.append(" ", made);
    }
    problem.hidden = !text;
    if (text) problem.scrollIntoView({ block: "nearest" });
  }

  function keep() {
    clearTimeout(timer);
    if (!field.value.trim()) { drafts.drop(key); key = null; isKept = drafts.available; return; }
    const made = drafts.put({
      assessment: form.dataset.assessment, code: form.dataset.code + "/tanggapan", version: form.dataset.review,
      fields: { reply: field.value }, isHeld: true, url: form.action, page: form.dataset.page, label: form.dataset.label,
    });
    isKept = Boolean(made);
    key = made || key;
  }

  function safety() {
    return isKept ? "Tanggapan aman di peramban ini." : "Jangan tutup halaman ini: peramban tidak dapat menyimpannya sementara.";
  }

  async function send() {
    if (isSending) return;
    isSending = true;
    isAsked = false;
    keep();
    complain("");
    show("saving", "Mengirim…");
    button.setAttribute("aria-busy", "true");
    let result;
    try {
      result = await drafts.post(form.action, { reply: field.value }, "");
    } catch (error) {
      result = { ok: false, status: 0, data: {} };
    }
    isSending = false;
    button.removeAttribute("aria-busy");
    if (result.ok) { done(result.data); return; }
    show("failed", "Belum terkirim");
    if (result.status === 401 && result.data.code !== "other_user") {
      isAsked = true;
      complain("Sesi Anda berakhir. " + safety() + " Tanggapan terkirim sendiri setelah Anda masuk kembali.",
        { text: "Masuk kembali di tab baru", url: form.dataset.login });
    } else if (!result.status || result.status >= 500 || result.status === 429) {
      isAsked = true;
      if (!navigator.onLine) show("offline", "Luring, belum terkirim");
      complain((navigator.onLine ? "Server belum dapat dihubungi. " : "Sambungan internet terputus. ") + safety() +
        " Tanggapan terkirim sendiri begitu tersambung.");
    } else {
      complain(result.data.detail || "Tanggapan tidak dapat dikirim. Salin teksnya bila masih diperlukan.");
    }
    say(problem.textContent);
  }

  function done(data) {
    drafts.drop(key);
    const box = element("div", "");
    box.innerHTML = data.html;
    const news = element("p", "small", "Tanggapan terkirim. Verifikator membacanya saat memeriksa kembali.");
    news.tabIndex = -1;
    form.closest("details").replaceWith(...box.childNodes, news);
    news.focus();
    field.value = "";
    isKept = true;
    showState(data);
  }

  /* Returned from logging in elsewhere, or the line is back: only as the same person. */
  async function back() {
    if (!isAsked || isSending || !form.isConnected) return;
    const about = await drafts.session().catch(() => ({}));
    if (about.isMine && isAsked) send();
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  field.addEventListener("input", () => {
    isAsked = false;
    complain("");
    show("idle", "Belum terkirim");
    clearTimeout(timer);
    timer = setTimeout(keep, 250);
  });
  window.addEventListener("pagehide", () => { if (form.isConnected) keep(); });
  window.addEventListener("focus", back);
  window.addEventListener("online", back);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState !== "hidden") back(); });
  window.addEventListener("beforeunload", (event) => {
    if (form.isConnected) keep();
    if (field.value.trim() && !isKept) event.preventDefault();
  });
  const others = drafts.isNeeded;
  drafts.isNeeded = () => others() || (Boolean(field.value.trim()) && !isKept);

  const waiting = drafts.all().filter((draft) => draft.fields.reply && draft.page === form.dataset.page);
  const last = waiting[waiting.length - 1];
  if (last && !field.value.trim()) {
    field.value = last.fields.reply;
    keep();
    if (isKept) waiting.filter((draft) => draft.key !== key).forEach((draft) => drafts.drop(draft.key));
    form.closest("details").open = true;
    show("idle", "Dikembalikan dari peramban ini, belum terkirim");
  }
})();
