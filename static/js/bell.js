/* The number of unread notifications on a page that stays open. Without it the bell is a link as it was sent. */
(function () {
  "use strict";

  const every = 60 * 1000;
  let asked = Date.now();

  function show(answer) {
    const bell = document.querySelector("[data-bell]");
    if (!bell || typeof answer.unread !== "number") return;
    const count = bell.querySelector("[data-bell-count]");
    bell.setAttribute("aria-label", answer.text);
    count.textContent = answer.unread > 99 ? "99+" : String(answer.unread);
    count.hidden = answer.unread === 0;
  }

  function ask() {
    const bell = document.querySelector("[data-bell]");
    if (!bell || document.visibilityState !== "visible" || Date.now() - asked < every) return;
    asked = Date.now();
    fetch(bell.dataset.bell, { headers: { Accept: "application/json" } })
      .then((response) => (response.ok ? response.json().then(show) : null))
      .catch(() => {}); /* no line: the number stays until there is one */
  }

  setInterval(ask, every);
  document.addEventListener("visibilitychange", ask);
})();
