/* The roadmap answers while its controls are moved: the last question asked is the one shown. Without it the button
   asks. */
(function () {
  "use strict";

  const form = document.querySelector("[data-roadmap]");
  if (!form) return;
  const result = document.getElementById("hasil");
  const target = form.elements.namedItem("target") instanceof RadioNodeList
    ? document.getElementById("id_target") : form.elements.namedItem("target");
  const slider = form.querySelector("[data-slider]");
  let timer = 0;
  let asking = null;
  let asked = question();

  function number(text) {
    const value = Number(text.trim().replace(",", "."));
    return text.trim() && Number.isFinite(value) ? value : null;
  }

  function comma(value) { return value.toFixed(2).replace(".", ","); }

  function question() {
    const parameters = new URLSearchParams();
    new FormData(form).forEach((value, name) => { if (value !== "") parameters.append(name, value); });
    if (!parameters.has("target")) parameters.append("target", "");
    return parameters.toString();
  }

  function say(text) {
    const place = document.getElementById("ucapan");
    if (place) place.textContent = text;
  }

  function tell() {
    const figures = result.querySelectorAll(".figure-value");
    const notice = result.querySelector(".notice strong, .error-summary li");
    if (notice) say(notice.textContent);
    else if (figures.length > 2) say(`Indeks ${figures[1].textContent}, upaya ${figures[2].textContent}`);
  }

  async function ask() {
    const wanted = question();
    if (wanted === asked) return;
    if (asking) asking.abort();
    const mine = asking = new AbortController();
    result.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${form.dataset.roadmap}?${wanted}`, { headers: { Accept: "text/html" }, signal: mine.signal });
      if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
      show(await answer.text());
      asked = wanted;
      history.replaceState(null, "", `${form.getAttribute("action")}?${wanted}`);
      tell();
    } catch (error) {
      if (error.name === "AbortError") return;
      const notice = document.createElement("div");
      notice.className = "notice notice-error";
      notice.textContent = "Hasil belum dapat dihitung. Periksa sambungan Anda, lalu ubah atau geser target sekali lagi.";
      result.replaceChildren(notice);
      asked = "";
    } finally {
      if (asking === mine) result.removeAttribute("aria-busy");
    }
  }

  /* What was opened or typed in the result stays. */
  function show(html) {
    const open = Array.from(result.querySelectorAll("[data-rise][open]"), (each) => each.dataset.rise);
    const focused = document.activeElement && result.contains(document.activeElement) ? document.activeElement.id : "";
    const name = document.getElementById("id_nama");
    const typed = name ? name.value : null;
    result.innerHTML = html;
    open.forEach((code) => {
      const same = result.querySelector(`[data-rise="${code}"]`);
      if (same) same.open = true;
    });
    const again = document.getElementById("id_nama");
    if (again && typed !== null) again.value = typed;
    if (focused && document.getElementById(focused)) document.getElementById(focused).focus({ preventScroll: true });
    result.querySelectorAll("form").forEach((each) => { each.noValidate = true; });
  }

  function soon(wait) {
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  }

  function aim(text) {
    target.value = text;
    const value = number(text);
    if (value !== null) slider.value = String(value);
    soon(0);
  }

  slider.hidden = false;
  form.querySelector("[data-go]").closest(".form-actions").hidden = true;
  if (number(target.value) !== null) slider.value = String(number(target.value));
  slider.addEventListener("input", () => { target.value = comma(Number(slider.value)); soon(60); });
  form.addEventListener("input", (event) => {
    if (event.target === slider) return;
    if (event.target === target && number(target.value) !== null) slider.value = String(number(target.value));
    soon(200);
  });
  form.addEventListener("change", (event) => { if (event.target !== slider) soon(0); });
  result.addEventListener("change", (event) => { if (event.target.name === "pilihan") soon(0); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-target]");
    if (!button) return;
    event.preventDefault();
    aim(button.dataset.target || button.value);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); asked = ""; soon(0); });
})();
