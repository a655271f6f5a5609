// data-confirm on a form or its button: a question first. Runs before htmx hears of the submission.
const agreed = new WeakSet();

export function askFirst() {
  const dialog = document.getElementById("confirmation");
  if (!dialog) return;
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const words = event.submitter?.dataset.confirm ?? form.dataset.confirm;
      if (!words) return;
      if (agreed.delete(form)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      dialog.querySelector("h2").textContent = words;
      dialog.returnValue = "no";
      dialog.showModal();
      dialog.addEventListener(
        "close",
        () => {
          if (dialog.returnValue !== "yes") return;
          agreed.add(form);
          form.requestSubmit(event.submitter ?? undefined);
        },
        { once: true },
      );
    },
    true,
  );
}
