// Ctrl/⌘ K: search and go. The server answers /search/ with a fragment: with no words, all pages and acts that are for
// this person. Without scripts the form goes to the page.
const PAUSE_MS = 150;

export function openPalette() {
  const dialog = document.getElementById("palette");
  const results = document.getElementById("palette-results");
  const input = dialog?.querySelector("input");
  if (!dialog || !document.querySelector("[data-palette]")) return () => {};
  let waiting;
  let asked = 0;

  async function search() {
    const turn = ++asked;
    const answer = await fetch(`/search/?${new URLSearchParams({ q: input.value.trim() })}`, { headers: { "HX-Request": "true" } });
    const html = await answer.text();
    if (turn === asked && answer.ok) results.innerHTML = html; // made by our server, escaped there
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => search().catch(() => {}), PAUSE_MS);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [input, ...results.querySelectorAll("a")];
    const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
    event.preventDefault();
    next?.focus();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return () => {
    if (!dialog.open) dialog.showModal();
    input.select();
    search().catch(() => {});
  };
}
