/* The indicator page, filled in or read: its keys, and typed text that waits in this browser, to be copied. */
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
    reply: "Tanggapan",
  };

  function choiceName(value) {
    const radio = form && form.querySelector('input[name="choice"][value="' + value + '"]');
    if (radio) return radio.dataset.name;
    return value === "tidak-relevan" ? "Tidak relevan" : (value || "Belum dipilih").replace(".", ",");
  }

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
      if (event.key === "Enter" && form && !event.target.closest("[data-reply]")) { event.preventDefault(); go("next"); }
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

  /* --- What waits in this browser for fields that are not here any more ------------------------------ */

  /* Texts that are not stored, to be copied; `fields` by name. */
  function showUnsent(fields, reason, onDiscard) {
    const place = document.getElementById("isian-terpisah");
    const box = element("section", "unsaved");
    box.append(element("h2", "", "Isian Anda yang belum tersimpan"));
    box.append(element("p", "", reason));
    Object.keys(fields).forEach((name, i) => {
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
      text.value = name === "choice" ? choiceName(fields[name]) : fields[name];
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

  const here = form ? form.dataset.page : location.pathname;
  const canReply = Boolean(document.querySelector("[data-reply]"));
  const replied = document.querySelector("[data-reply-text]");
  drafts.all().forEach((draft) => {
    /* It arrived, only its answer did not. */
    if (draft.page === here && replied && (draft.fields.reply || "").trim() === replied.textContent.trim()) drafts.drop(draft.key);
  });
  const left = drafts.all().filter((draft) => draft.page === here && (draft.fields.reply ? !canReply : !form));
  if (left.length) {
    const fields = {};
    left.forEach((draft) => Object.assign(fields, draft.fields));
    showUnsent(fields, "Isian ini diketik sebelum terkunci dan belum terkirim. Salin bila masih diperlukan.",
      () => left.forEach((draft) => drafts.drop(draft.key)));
  }

  /* What a change tells about the indicator and its neighbours; the same from every address that changes it. */
  function showState(data) {
    if (data.state_html) {
      document.querySelectorAll("[data-state]:not(.save-state)").forEach((place) => { place.innerHTML = data.state_html; });
    }
    document.querySelectorAll("[data-next-gap]").forEach((place) => { place.innerHTML = data.next_html || ""; });
    const gaps = document.querySelector("[data-gaps]");
    if (!gaps) return;
    gaps.hidden = !data.gap_text;
    gaps.querySelector("span").textContent = data.gap_text;
  }

  window.portalIndicator = { say: say, showState: showState, element: element, showUnsent: showUnsent, choiceName: choiceName, LABELS: LABELS };
})();
