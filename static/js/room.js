// A live room: the journal's entries come by server-sent events, each followed by the room as it stands after it. The
// browser comes back by itself with the number of the last entry it saw; where no stream is free, it asks in turns.
const MINE = /\.(Item(Taken|PutBack|Decided|Deferred|Withdrawn)|Meeting(Opened|Closed))$/; // changes what one may do
const DESK = /\.(Item|Consent)/; // changes what the chair's desk offers
const ASK_MS = 3000;

export function followRoom(htmx) {
  const room = document.querySelector("[data-room]");
  if (!room) return;
  const state = room.querySelector("[data-room-state]");
  let seen = Number(room.dataset.after);
  let soon;

  const say = (words) => {
    state.hidden = !words;
    state.textContent = words;
  };
  const show = (html) => {
    const open = [...room.querySelectorAll("#room-now details[open]")].map((one) => one.id);
    room.querySelector("#room-now").outerHTML = html;
    for (const id of open) if (id) document.getElementById(id)?.setAttribute("open", "");
    tick();
  };
  const look = async () => {
    const answer = await fetch(room.dataset.now, { headers: { "HX-Request": "true" } });
    if (answer.ok) show(await answer.text());
    return answer.ok ? Number(answer.headers.get("X-Room-After")) : seen;
  };
  const refreshMine = () => {
    clearTimeout(soon); // thirty screens do not ask in the same instant
    soon = setTimeout(() => htmx.ajax("GET", room.dataset.mine, { target: "#room-mine", swap: "outerHTML" }), 60 + Math.random() * 400);
  };
  const hear = (entry) => {
    if (entry.id <= seen) return;
    seen = entry.id;
    const own = String(entry.person) === room.dataset.person;
    if (MINE.test(entry.event) || own || ("leads" in room.dataset && DESK.test(entry.event))) refreshMine();
    document.dispatchEvent(new CustomEvent("room:entry", { detail: entry }));
  };
  const ask = async () => {
    const after = await look().catch(() => seen);
    if (after > seen) {
      seen = after;
      refreshMine();
    }
    setTimeout(ask, ASK_MS);
  };

  const source = new EventSource(`${room.dataset.stream}?after=${seen}`);
  source.addEventListener("open", () => say(""));
  source.addEventListener("entry", (event) => hear(JSON.parse(event.data)));
  source.addEventListener("now", (event) => show(JSON.parse(event.data)));
  source.addEventListener("look", () => look());
  source.addEventListener("reload", () => location.reload());
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return say("The line is down; this page catches up by itself.");
    say("This page looks for news every few seconds.");
    ask();
  });
  setInterval(tick, 1000);
  tick();
}

// Timers run on between the journal's entries: the server said the seconds when the part was drawn.
const drawn = new WeakMap();
function tick() {
  const timer = document.querySelector("[data-timer]");
  if (!timer) return;
  if (!drawn.has(timer)) drawn.set(timer, Date.now());
  const seconds = Number(timer.dataset.seconds) + Math.floor((Date.now() - drawn.get(timer)) / 1000);
  const minutes = Number(timer.dataset.minutes);
  const mark = [100, 75, 50].find((level) => seconds * 100 >= level * minutes * 60) ?? 0;
  timer.dataset.level = mark;
  timer.querySelector("progress").value = Math.min(minutes, seconds / 60);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  timer.querySelector("[data-timer-words]").textContent = `${clock} of ${minutes}:00${mark ? `, past ${mark} %` : ""}`;
}
