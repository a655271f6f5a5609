// Moves on the grid of power and interest, by dragging or with the arrow keys; nothing is kept before it is sent with its reason.
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const bounded = (value, low, high) => Math.min(Math.max(value, low), high);

export function moveOnGrid() {
  const frame = document.querySelector("[data-power-grid]");
  if (!frame) return;
  const svg = frame.querySelector("svg");
  const form = frame.querySelector("[data-power-form]");
  const [left, top, side] = ["left", "top", "side"].map((name) => Number(svg.dataset[name]));
  let moved = null;

  const show = (mark) => {
    const x = left + (mark.interest / 100) * side;
    const y = top + ((100 - mark.power) / 100) * side;
    for (const circle of mark.link.querySelectorAll("circle")) {
      circle.setAttribute("cx", x);
      circle.setAttribute("cy", y);
    }
    const reach = mark.link.querySelector(".power-reach");
    reach.setAttribute("x1", x);
    reach.setAttribute("x2", x);
    const label = mark.link.querySelector("text");
    label.setAttribute("x", x + 12);
    label.setAttribute("text-anchor", "start");
    label.setAttribute("y", y + 4);
    const isHome = mark.interest === mark.home.interest && mark.power === mark.home.power;
    mark.link.classList.toggle("is-moved", !isHome);
    form.hidden = isHome;
    moved = isHome ? null : mark;
    form.querySelector("[data-power-name]").textContent = mark.link.dataset.name;
    form.querySelector("[data-power-says]").textContent = `power ${Math.round(mark.power)}, interest ${mark.interest}`;
    form.elements.stakeholder.value = mark.link.dataset.mark;
    form.elements.interest.value = mark.interest;
    form.elements.total.value = Math.round(mark.power);
  };
  const putBack = () => {
    if (!moved) return;
    const mark = moved;
    Object.assign(mark, mark.home);
    show(mark);
    mark.link.focus();
  };
  const place = (mark, interest, power) => {
    if (moved && moved !== mark) putBack();
    mark.interest = bounded(Math.round(interest), 0, 100);
    mark.power = bounded(power, mark.lowest, mark.highest);
    show(mark);
  };
  const powerAt = (y) => 100 - ((y - top) / side) * 100;

  frame.classList.add("is-live");
  frame.querySelector("[data-power-help]").hidden = false;
  for (const link of svg.querySelectorAll("[data-mark]")) {
    const home = { interest: Math.round(((Number(link.dataset.x) - left) / side) * 100), power: powerAt(Number(link.dataset.y)) };
    const mark = { link, home, ...home, lowest: powerAt(Number(link.dataset.high)), highest: powerAt(Number(link.dataset.low)) };
    let dragged = false;
    link.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return putBack();
      const step = STEPS[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const far = event.shiftKey ? 10 : 1;
      place(mark, mark.interest + step[0] * far, mark.power + step[1] * far);
    });
    link.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      dragged = false;
      link.setPointerCapture(event.pointerId);
    });
    link.addEventListener("pointermove", (event) => {
      if (!link.hasPointerCapture(event.pointerId)) return;
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      dragged = true;
      place(mark, ((at.x - left) / side) * 100, powerAt(at.y));
    });
    link.addEventListener("click", (event) => { if (dragged) event.preventDefault(); });
    link.addEventListener("dragstart", (event) => event.preventDefault());
  }
  form.querySelector("[data-power-undo]").addEventListener("click", putBack);
}
