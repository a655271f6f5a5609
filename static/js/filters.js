// A GET form of filters with data-results="#rows" refreshes that region as it changes; the address keeps the filters.
const PAUSE_MS = 350; // long enough for a typed word, short enough to feel answered

export function filterAsYouGo(htmx) {
  let waiting;
  let asked = 0;

  async function refresh(form) {
    const target = document.querySelector(form.dataset.results);
    const filled = [...new FormData(form)].filter(([, value]) => value !== "");
    const url = `${form.action.split("?")[0]}?${new URLSearchParams(filled)}`;
    const turn = ++asked;
    target.setAttribute("aria-busy", "true");
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector(form.dataset.results);
    if (turn !== asked) return;
    if (!answer.ok || !fresh) return form.submit();
    target.replaceWith(document.adoptNode(fresh));
    htmx.process(fresh);
    history.replaceState(null, "", url);
  }

  const soon = (event, pause) => {
    const form = event.target.closest?.("form.filters[data-results]");
    if (!form) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh(form).catch(() => form.submit()), pause);
  };
  document.addEventListener("input", (event) => soon(event, PAUSE_MS));
  document.addEventListener("change", (event) => soon(event, 0));
}

// On a phone a long row of filters folds behind one button, open while filters are in use. Without scripts it stays open.
export function foldFilters() {
  for (const form of document.querySelectorAll("form.filters")) {
    if (form.querySelectorAll(".field").length < 4) continue;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn filters-toggle", textContent: "Filters" });
    const fold = (folded) => {
      form.classList.toggle("is-folded", folded);
      button.setAttribute("aria-expanded", String(!folded));
    };
    button.addEventListener("click", () => fold(!form.classList.contains("is-folded")));
    form.before(button);
    fold(!location.search);
  }
}
