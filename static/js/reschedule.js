// The week: a change is dragged (on a touch screen after a long press), or focused and moved by arrow keys, to another time. Letting go (or Enter) opens the edit
// form with the window proposed and what it would mean; nothing is kept here. Without scripts a link beside it opens the form.
const GRID_S = 15 * 60; // what a window snaps to
const STEADY_PX = 4; // a hand that shakes does not drag
const LONG_PRESS_MS = 450; // on a touch screen: before it, a finger scrolls
const FINGER_PX = 10; // a finger that rests moves no further

export function rescheduleInWeek() {
  const week = document.querySelector("[data-week]");
  if (!week) return;
  const note = Object.assign(document.createElement("div"), { className: "move-note" });
  note.setAttribute("role", "status");
  document.body.append(note);
  const scale = { from: Number(week.dataset.from), until: Number(week.dataset.until), zone: week.dataset.zone };
  for (const item of week.querySelectorAll("[data-move]")) movable(item, scale, note);
}

function movable(item, scale, note) {
  const link = item.querySelector("a");
  const start = Number(item.dataset.start);
  const track = item.closest(".lane-track");
  let [to, grip, dragged, pressing] = [start, null, false, null];
  item.classList.add("can-move");
  link.draggable = false;

  // Its start stays within the week shown: what one does not see, one does not plan.
  function show(asked) {
    to = Math.min(Math.max(asked, scale.from), scale.until - GRID_S);
    const shift = ((to - Math.max(start, scale.from)) / (scale.until - scale.from)) * track.clientWidth;
    item.style.transform = to === start ? "" : `translateX(${shift}px)`;
    item.classList.toggle("is-moving", to !== start || Boolean(grip));
    note.textContent = to === start ? "" : `${item.dataset.name}: ${said(to, scale.zone)} – ${said(to + Number(item.dataset.length), scale.zone)}. ${grip ? "Let go to open the form." : "Enter opens the form, Escape puts it back."}`;
  }
  const putBack = () => { letGo(); grip = null; show(start); };
  const open = () => location.assign(`${item.dataset.move}?moved_to=${new Date(to * 1000).toISOString().slice(0, 19)}Z`);

  item.addEventListener("pointerdown", (event) => {
    dragged = false;
    if (event.button || !event.isPrimary || event.target.closest(".lane-move") || getComputedStyle(item).position !== "absolute") return;
    const found = { x: event.clientX, y: event.clientY, id: event.pointerId };
    if (event.pointerType !== "touch") grip = found;
    else pressing = { ...found, timer: setTimeout(() => take(found), LONG_PRESS_MS) };
  });
  const letGo = () => { clearTimeout(pressing?.timer); pressing = null; };
  // A long press has hold of it: what follows moves the change, and neither scrolls nor opens the link.
  function take(found) {
    pressing = null;
    [grip, dragged] = [found, true];
    item.setPointerCapture(grip.id);
    navigator.vibrate?.(10);
    show(start);
  }
  item.addEventListener("touchmove", (event) => { if (grip && event.cancelable) event.preventDefault(); }, { passive: false });
  item.addEventListener("contextmenu", (event) => { if (grip || pressing) event.preventDefault(); });
  item.addEventListener("pointermove", (event) => {
    if (pressing && Math.hypot(event.clientX - pressing.x, event.clientY - pressing.y) > FINGER_PX) letGo();
    if (!grip) return;
    const far = event.clientX - grip.x;
    if (!dragged && Math.abs(far) < STEADY_PX) return;
    if (!dragged) item.setPointerCapture(grip.id);
    dragged = true;
    const seconds = (far / track.clientWidth) * (scale.until - scale.from);
    show(Math.round((start + seconds) / GRID_S) * GRID_S);
  });
  item.addEventListener("pointerup", () => {
    letGo();
    const wasDragged = grip && dragged;
    grip = null;
    if (!wasDragged) return;
    if (to === start) putBack();
    else open();
  });
  item.addEventListener("pointercancel", putBack);
  item.addEventListener("click", (event) => { if (dragged) event.preventDefault(); }, true);
  link.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && !event.altKey && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      show(event.shiftKey ? dayLater(to, step, scale.zone) : onGrid(to, step));
    } else if (event.key === "Escape" && to !== start) putBack();
    else if (event.key === "Enter" && to !== start) { event.preventDefault(); open(); }
  });
  link.addEventListener("blur", () => { if (!grip && to !== start) putBack(); });
  addEventListener("pageshow", (event) => { if (event.persisted) putBack(); });
}

const onGrid = (at, step) => (step > 0 ? Math.floor(at / GRID_S) + 1 : Math.ceil(at / GRID_S) - 1) * GRID_S;

// The same time of day on the next or the last day, also over a night in which the clocks change.
function dayLater(at, step, zone) {
  const then = at + step * 86400;
  const drift = (((minutes(then, zone) - minutes(at, zone) + 720) % 1440) + 1440) % 1440 - 720;
  return then - drift * 60;
}

function minutes(at, zone) {
  const [hour, minute] = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at * 1000).split(":");
  return Number(hour) * 60 + Number(minute);
}

const said = (at, zone) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" }).format(at * 1000);
