// The year's days are one stop of the Tab key; arrow keys move by a day or a week. Without scripts every day is a stop.
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export function walkTheYear() {
  const map = document.querySelector("[data-heat]");
  if (!map) return;
  const days = [...map.querySelectorAll("a")];
  let here = 0;
  const stand = (at) => {
    days[here].tabIndex = -1;
    here = at;
    days[here].tabIndex = 0;
  };
  for (const day of days) day.tabIndex = -1;
  stand(Math.max(days.findIndex((day) => Number(day.dataset.level)), 0));
  map.addEventListener("focusin", (event) => { const at = days.indexOf(event.target); if (at >= 0) stand(at); });
  map.addEventListener("keydown", (event) => {
    const next = here + (STEPS[event.key] ?? NaN);
    if (!days[next] || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    stand(next);
    days[next].focus();
  });
}
