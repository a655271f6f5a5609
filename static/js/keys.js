// Single keys: j k move, ? lists, / searches, data-key acts. They rest while typing, and can be switched off (WCAG 2.1.4).
import { moveRow } from "./rows.js";

const OFF = "concordat.single-keys";
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

const isOff = () => localStorage.getItem(OFF) === "off";

export function listenToKeys(openPalette) {
  const sheet = document.getElementById("shortcuts");
  const openSheet = () => {
    listPageKeys(sheet);
    if (!sheet.open) sheet.showModal();
  };
  const fixed = { j: () => moveRow(1), k: () => moveRow(-1), "?": openSheet, "/": focusSearch };

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      return openPalette();
    }
    if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing || event.repeat && !"jk".includes(event.key)) return;
    if (isOff() || document.querySelector("dialog[open]") || event.target.closest?.(TYPING)) return;
    const act = fixed[event.key] ?? pageAct(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  });
  for (const button of document.querySelectorAll("[data-shortcuts]")) {
    button.hidden = false;
    button.addEventListener("click", openSheet);
  }
  const tick = sheet?.querySelector("[data-single-keys]");
  if (!tick) return;
  tick.checked = !isOff();
  tick.addEventListener("change", () => localStorage.setItem(OFF, tick.checked ? "on" : "off"));
}

const focusSearch = () => (document.querySelector("[data-find]") ?? document.getElementById("search"))?.focus();

// A control folded away is opened and focused first: nobody decides what they cannot see.
function pageAct(key) {
  const control = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!control || control.disabled) return null;
  if (control.checkVisibility()) return () => { control.focus(); control.click(); };
  return () => {
    for (let fold = control.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    (control.closest("form")?.querySelector("textarea") ?? control).focus();
  };
}

function listPageKeys(sheet) {
  const rows = [...document.querySelectorAll("[data-key]")].map((control) => {
    const row = document.createElement("div");
    const [term, words] = [document.createElement("dt"), document.createElement("dd")];
    term.append(Object.assign(document.createElement("kbd"), { textContent: control.dataset.key }));
    const label = control.cloneNode(true);
    label.querySelectorAll(".keys").forEach((caps) => caps.remove());
    words.textContent = label.textContent.trim();
    row.append(term, words);
    return row;
  });
  sheet.querySelector("[data-page-keys]").replaceChildren(...rows);
  sheet.querySelector("[data-page-keys-title]").hidden = !rows.length;
}
