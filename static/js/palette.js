// Ctrl/⌘ K: search and go. The server answers /search/ with a fragment; without it the form goes to the page.
const PAUSE_MS = 150;

export function openPalette() {
  const dialog = document.getElementById("palette");
  const results = document.getElementById("palette-results");
  const input = dialog?.querySelector("input");
  if (!dialog || !document.querySelector("[data-palette]")) return () => {};
  let waiting;
  let asked = 0;

  async function search() {
    const words = input.value.trim();
    const turn = ++asked;
    if (!words) return results.replaceChildren(...places());
    const answer = await fetch(`/search/?${new URLSearchParams({ q: words })}`, { headers: { "HX-Request": "true" } });
    const html = await answer.text();
    if (turn !== asked || !answer.ok) return;
    results.innerHTML = html; // made by our server, escaped there
    const pages = places().filter((link) => link.textContent.toLowerCase().includes(words.toLowerCase()));
    if (pages.length) results.querySelector("[data-nothing]")?.remove();
    results.prepend(...pages);
  }

  // The pages of the rail and of one's menu; with nothing typed, all of them.
  const places = () =>
    [...document.querySelectorAll(".rail-items a, a.menu-item")].map((link) => {
      const copy = link.cloneNode(true);
      copy.classList.remove("menu-item");
      copy.querySelector(".rail-count")?.remove();
      return copy;
    });

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
    results.replaceChildren(...places());
    if (!dialog.open) dialog.showModal();
    input.select();
  };
}
