// Rows of a register (tr[data-href]): a click anywhere opens; j and k move between their links.
const INTERACTIVE = "a, button, input, select, textarea, label, summary";
const links = () => [...document.querySelectorAll("tr[data-href]")].map((row) => row.querySelector("a")).filter((link) => link?.checkVisibility());

export function openRows() {
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest(INTERACTIVE) || String(getSelection())) return;
    if (event.metaKey || event.ctrlKey) window.open(row.dataset.href, "_blank", "noopener");
    else location.assign(row.dataset.href);
  });
}

export function moveRow(step) {
  const all = links();
  const here = all.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const next = all[here < 0 ? (step > 0 ? 0 : all.length - 1) : here + step];
  next?.focus();
  next?.closest("tr").scrollIntoView({ block: "nearest" });
}
