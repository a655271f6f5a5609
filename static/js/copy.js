// button[data-copy="id"]: copies the text of that element, and says so. Hidden where there is no clipboard.
const SAID_FOR = 2000; // milliseconds

export function offerToCopy() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const words = button.textContent;
    button.setAttribute("aria-live", "polite");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not copied: select it";
      }
      setTimeout(() => (button.textContent = words), SAID_FOR);
    });
  }
}
