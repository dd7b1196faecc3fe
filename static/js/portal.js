/* What every page needs of script: focus, dialogs, busy forms, copying. Without it the pages still work. */
(function () {
  "use strict";

  const busy = "Memproses…";

  function say(text) {
    const place = document.getElementById("ucapan");
    if (place) place.textContent = text;
  }

  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  /* The browser's own bubbles speak the browser's language: ours come from the server. */
  function prepare(root) {
    root.querySelectorAll("form").forEach((form) => { form.noValidate = true; });
    root.querySelectorAll("dialog[data-open]").forEach((dialog) => { if (!dialog.open) dialog.showModal(); });
    root.querySelectorAll("[data-ladder]").forEach(markLadder);
    const summary = root.querySelector("[data-error-summary]");
    if (summary) summary.focus();
  }

  /* --- Questions before what cannot be undone ------------------------------------------------ */

  function ask(title, text, button, isDanger) {
    const dialog = document.getElementById("konfirmasi");
    const ok = dialog.querySelector("[data-dialog-ok]");
    document.getElementById("konfirmasi-judul").textContent = title || "Lanjutkan?";
    document.getElementById("konfirmasi-teks").textContent = text;
    ok.textContent = button || "Lanjutkan";
    ok.className = "btn " + (isDanger ? "btn-danger" : "btn-primary");
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), { once: true });
    });
  }

  function askFor(element, text) {
    const words = element.dataset;
    return ask(words.confirmTitle, text, words.confirmButton, "confirmDanger" in words);
  }

  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    askFor(event.detail.elt, event.detail.question).then((yes) => { if (yes) event.detail.issueRequest(true); });
  });

  /* --- htmx: a fresh token for each request, and no failure without a word ----------------------- */

  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    if (token) event.detail.headers["X-CSRFToken"] = token[1];
  });

  function notice(text) {
    const place = document.getElementById("pesan");
    let box = document.getElementById("pesan-gangguan");
    if (!text) { if (box) box.remove(); return; }
    if (!box) {
      box = document.createElement("div");
      box.id = "pesan-gangguan";
      box.className = "notice notice-error";
      box.setAttribute("role", "alert");
      place.append(box);
    }
    if (box.textContent !== text) box.textContent = text;
  }

  document.addEventListener("htmx:sendError", () =>
    notice("Tidak ada sambungan ke server. Yang sudah tersimpan tetap aman; periksa jaringan, lalu coba lagi."));
  document.addEventListener("htmx:responseError", (event) =>
    notice(event.detail.xhr.status === 403
      ? "Permintaan ditolak. Muat ulang halaman, lalu coba lagi."
      : "Server belum dapat memproses permintaan. Yang sudah tersimpan tetap aman; coba lagi sebentar lagi."));
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) notice(""); });

  /* --- Forms: asked once, sent once ------------------------------------------------------------ */

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.busy !== undefined) { event.preventDefault(); return; }
    const submitter = event.submitter;
    const asker = submitter && submitter.dataset.confirm ? submitter : form;
    if (asker.dataset.confirm && !form.dataset.confirmed) {
      event.preventDefault();
      askFor(asker, asker.dataset.confirm).then((yes) => {
        if (!yes) return;
        form.dataset.confirmed = "1";
        form.requestSubmit(submitter || undefined);
      });
      return;
    }
    delete form.dataset.confirmed;
    if (form.dataset.keep !== undefined || form.closest("[hx-post], [data-hx-post]")) return;
    form.dataset.busy = "";
    const buttons = form.querySelectorAll("button[type=submit], button:not([type])");
    /* After this event, so that the pressed button's own value is still sent. */
    setTimeout(() => buttons.forEach((button) => {
      button.dataset.label = button.innerHTML;
      button.setAttribute("aria-busy", "true");
      button.disabled = true;
      if (button === submitter) button.textContent = form.dataset.busyText || busy;
    }));
    say(form.dataset.busyText || busy);
  });

  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-busy]").forEach((form) => {
      delete form.dataset.busy;
      form.querySelectorAll("button[aria-busy]").forEach((button) => {
        button.disabled = false;
        button.removeAttribute("aria-busy");
        button.innerHTML = button.dataset.label;
      });
    });
  });

  /* --- Dialogs, menus, copying ----------------------------------------------------------------- */

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      dialog.showModal();
      return;
    }
    if (event.target.closest("[data-dialog-close]")) {
      event.target.closest("dialog").close();
      return;
    }
    if (event.target.tagName === "DIALOG") event.target.close(); /* the backdrop */
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    const copier = event.target.closest("[data-copy]");
    if (copier) copy(copier);
  });

  const copied = new Map(); /* button: its own label, and the timer that brings it back */

  function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const text = source ? (source.value === undefined ? source.textContent : source.value).trim() : button.dataset.copy;
    const done = (label) => {
      /* Pressed again meanwhile: its own label is the one kept from the first time. */
      const last = copied.get(button);
      if (last) clearTimeout(last.timer);
      const before = last ? last.before : button.innerHTML;
      button.textContent = label;
      say(label);
      const timer = setTimeout(() => { button.innerHTML = before; copied.delete(button); }, 2500);
      copied.set(button, { before, timer });
    };
    const byHand = () => {
      if (source && source.select) source.select();
      else if (source) getSelection().selectAllChildren(source);
      done("Tekan Ctrl+C untuk menyalin");
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => done("Tersalin"), byHand);
    else byHand(); /* plain http in an office network */
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      const menu = document.querySelector("details[data-menu][open]");
      if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
    }
    if (event.key === "?" && !isTyping(event.target)) {
      const sheet = document.querySelector("dialog[data-keys]");
      if (sheet && !document.querySelector("dialog[open]")) { event.preventDefault(); sheet.showModal(); }
    }
  });

  /* --- The ladder: what the chosen level means for its neighbours -------------------------------- */

  function markLadder(ladder) {
    const rows = Array.from(ladder.querySelectorAll(".ladder-row"));
    const chosen = rows.findIndex((row) => row.querySelector("input[type=radio]:checked"));
    /* A fraction (data-value) lies between two rows: those up to it are met. */
    const value = chosen < 0 && ladder.dataset.value ? Number(ladder.dataset.value) : NaN;
    const met = Number.isNaN(value) ? chosen : rows.filter((row) => Number(row.querySelector("input[type=radio]").value) <= value).length;
    const next = chosen >= 0 ? chosen + 1 : Number.isNaN(value) ? -1 : met;
    rows.forEach((row, i) => {
      row.classList.toggle("is-met", i < met);
      row.classList.toggle("is-chosen", i === chosen);
      row.classList.toggle("is-next", i === next);
    });
  }

  document.addEventListener("change", (event) => {
    const ladder = event.target.closest("[data-ladder]");
    if (ladder) markLadder(ladder);
  });

  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
  prepare(document);
})();
