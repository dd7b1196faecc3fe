/* One indicator after the other by keyboard: choose a level, write why, save, move on. Without it the form and the
   links still work. */
(function () {
  "use strict";

  const form = document.querySelector("[data-determine]");
  const reason = document.getElementById("reason");
  const find = (selector) => document.querySelector(selector);

  function isText(target) {
    if (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)) return true;
    return target.tagName === "INPUT" && !/^(radio|checkbox|button|submit)$/.test(target.type);
  }

  function go(selector) {
    const link = find(selector);
    if (link) location.assign(link.href);
  }

  const typed = form && form.querySelector("input[name=level][data-min]");

  function choose(level) {
    if (typed) {
      if (Number(level) < Number(typed.dataset.min) || Number(level) > Number(typed.dataset.max)) return false;
      typed.value = level;
      typed.focus();
      return true;
    }
    const radio = form && Array.from(form.querySelectorAll("input[name=level][type=radio]")).find((each) => each.value === level);
    if (!radio) return false;
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    if (level !== form.dataset.suggested && !reason.value.trim()) reason.focus();
    else radio.focus();
    return true;
  }

  const ACTS = {
    n: () => go("[data-following]"),
    p: () => go("[data-previous]"),
    "/": () => { if (reason) reason.focus(); },
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (form && form.dataset.busy !== undefined) return;
    if (event.key === "Enter" && event.ctrlKey && !event.shiftKey && !event.altKey && form) {
      event.preventDefault();
      form.requestSubmit(find("[data-save]"));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isText(event.target)) return;
    const act = ACTS[event.key.toLowerCase()];
    if (act) { event.preventDefault(); act(); }
    else if (/^[0-9]$/.test(event.key) && choose(event.key)) event.preventDefault();
  });
})();
