/* The heat table: a cell opens its answer. Links are made when a cell is reached, by pointer or by arrow keys, so
   that thousands of them need not be sent. Without it the agency's name and the indicator's number lead there. */
(function () {
  "use strict";

  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  const table = document.querySelector("[data-heat]");
  if (!table) return;
  const FIRST = 3; // name, filled and index come before the levels
  const codes = Array.from(table.tHead.rows[1].cells, (cell) => cell.textContent.trim());
  const pattern = table.dataset.answer; // ".../0/.../0/"

  function address(cell) {
    const row = cell.parentElement;
    const place = cell.cellIndex - FIRST;
    if (!row.dataset.a || place < 0 || cell.classList.contains("o")) return "";
    return pattern.replace("/0/", `/${row.dataset.a}/`).replace(/\/0\/$/, `/${codes[place]}/`);
  }

  function linked(cell) {
    const there = cell.querySelector("a");
    if (there) return there;
    const to = address(cell);
    if (!to) return null;
    const link = document.createElement("a");
    const name = cell.parentElement.cells[0].textContent.trim();
    const level = cell.textContent.trim();
    link.href = to;
    link.textContent = level;
    link.setAttribute("aria-label", `${name}, indikator ${codes[cell.cellIndex - FIRST]}: ${level}`);
    link.tabIndex = -1;
    cell.replaceChildren(link);
    return link;
  }

  const cellOf = (event) => event.target.closest("td");

  table.addEventListener("pointerover", (event) => { const cell = cellOf(event); if (cell) linked(cell); });
  table.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (!cell || event.target.closest("a")) return;
    const link = linked(cell);
    if (link) link.click();
  });

  /* One stop for the Tab key; the arrows walk from cell to cell. */
  let entry = null;

  function makeEntry(link) {
    if (entry) entry.tabIndex = -1;
    entry = link;
    entry.tabIndex = 0;
  }

  function step(cell, down, right) {
    const rows = Array.from(table.tBodies[0].rows);
    let y = rows.indexOf(cell.parentElement);
    let x = cell.cellIndex;
    do {
      y += down;
      x += right;
      const next = rows[y] && rows[y].cells[x];
      if (!next || x < FIRST) return;
      const link = linked(next);
      if (link) {
        makeEntry(link);
        link.focus();
        return;
      }
    } while (down || right);
  }

  table.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
    const move = moves[event.key];
    const cell = cellOf(event);
    if (!move || !cell || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    step(cell, move[0], move[1]);
  });

  const first = table.querySelector("tr[data-a] td:nth-child(n+4):not(.o)");
  if (first) makeEntry(linked(first));
})();
