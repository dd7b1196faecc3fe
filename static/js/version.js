/* A new version of a document: its file goes in parts, with progress, before the form is sent with what was typed. */
(function () {
  "use strict";

  const form = document.querySelector("[data-version]");
  if (!form || !window.portalTransfer) return;
  const words = form.dataset;
  const input = form.querySelector("input[type=file]");
  const key = form.querySelector("input[name=upload]");
  const box = form.querySelector("[data-transfer]");
  const bar = box.querySelector("progress");
  const meta = box.querySelector("[data-transfer-state]");
  const problem = box.querySelector("[data-transfer-problem]");
  const cancel = box.querySelector("button");
  const button = form.querySelector("button[type=submit]");
  const label = button.textContent;
  let transfer = null;

  const megabytes = (bytes) =>
    (bytes / 1048576).toLocaleString("id-ID", { minimumFractionDigits: 1, maximumFractionDigits: 1 }) + " MB";

  function show(isActive) {
    box.hidden = false;
    bar.hidden = meta.hidden = cancel.hidden = !isActive;
    input.disabled = button.disabled = isActive;
    button.textContent = isActive ? "Mengunggah…" : label;
    if (isActive) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
    problem.hidden = true;
  }

  function fail(text, isOver) {
    show(false);
    problem.replaceChildren(text);
    if (isOver) {
      const link = document.createElement("a");
      Object.assign(link, { href: words.login, target: "_blank", rel: "noopener", textContent: "Masuk kembali di tab baru" });
      problem.append(" ", link);
    }
    problem.hidden = false;
    button.focus();
  }

  function told(sent, total) {
    bar.value = Math.floor(100 * sent / total);
    meta.textContent = megabytes(sent) + " dari " + megabytes(total) + " · " + bar.value + " %";
  }

  async function send(file) {
    let sent = 0;
    show(true);
    told(0, file.size);
    transfer = window.portalTransfer.start(file, {
      url: words.begin,
      fields: { agency: words.agency },
      scope: "opd-" + words.agency,
      onProgress: (bytes) => { sent = bytes; told(sent, file.size); },
      onWait: (seconds) => {
        meta.textContent = megabytes(sent) + " dari " + megabytes(file.size) + " · sambungan terputus, mencoba lagi dalam " + seconds + " detik…";
      },
      onBack: () => told(sent, file.size),
    });
    try {
      const upload = await transfer.sent;
      key.value = upload.key;
    } catch (error) {
      transfer = null;
      if (error.kind === "session") fail("Sesi Anda berakhir. Yang sudah terkirim tidak diulang. Masuk kembali, lalu tekan Simpan versi baru.", true);
      else fail(error.message);
      return;
    }
    transfer = null;
    show(false);
    box.hidden = true;
    input.value = ""; /* it is there already */
    form.requestSubmit();
  }

  form.addEventListener("submit", (event) => {
    const file = input.files[0];
    if (transfer) event.preventDefault();
    if (transfer || !file) return;
    event.preventDefault();
    if (!file.size) {
      fail("Berkas ini kosong (0 byte) atau sebuah folder. Periksa di komputer Anda, lalu pilih kembali.");
      return;
    }
    if (file.size > Number(words.max)) {
      fail("Berkas terlalu besar: " + megabytes(file.size) + ", paling besar " + words.maxText +
        ". Perkecil berkasnya (misalnya pindai ulang dengan resolusi lebih rendah), atau isi tautannya.");
      return;
    }
    send(file);
  });

  cancel.addEventListener("click", () => { if (transfer) transfer.cancel(); });
  /* Another file is chosen, or none: what was sent for the earlier choice no longer counts. */
  input.addEventListener("change", () => { key.value = ""; box.hidden = true; });
  window.addEventListener("beforeunload", (event) => { if (transfer) event.preventDefault(); });
})();
