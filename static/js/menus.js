// Menus (details[data-menu]) close on Escape and on a click elsewhere.
export function closeMenus() {
  const close = (except) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (menu !== except) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => close(event.target.closest("details[data-menu]")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelector("details[data-menu][open] > summary")?.focus();
    close(null);
  });
}
