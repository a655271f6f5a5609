// A live room: the journal's entries come by server-sent events, each followed by the room as it stands after it. The
// browser comes back by itself with the number of the last entry it saw; where no stream is free, it asks in turns.
import { isPressed } from "./press.js";

const MINE = /\.(Item(Taken|PutBack|Decided|Deferred|Withdrawn)|Consent(Moved|Left|Reopened)|Meeting(Opened|Closed))$/; // changes what one may do
const DESK = /\.(Item|Consent|Room|Presence|Departure)/; // changes what the chair's desk offers
const ASK_MS = 3000;
const AGAIN_MS = 1000;
const REST_MS = 500; // a press that was begun before the ballot came lands within it
const RELEASED_MS = 50; // how soon what waits for the end of a press looks again

export function followRoom(htmx) {
  const room = document.querySelector("[data-room]");
  if (!room) return;
  const state = room.querySelector("[data-room-state]");
  let seen = Number(room.dataset.after);
  let soon;
  let isAsking = false;
  let held;
  const restSome = restBallots();

  const say = (words) => {
    state.hidden = !words;
    state.textContent = words;
  };
  const show = (html) => {
    clearTimeout(held);
    if (isPressed(room)) return (held = setTimeout(show, RELEASED_MS, html)); // also: nothing moves away from under a finger
    const sheet = document.createElement("template");
    sheet.innerHTML = html;
    for (const part of [...sheet.content.children]) drawAnew(document.getElementById(part.id), part);
    restSome();
    tick();
  };
  const look = async () => {
    const answer = await fetch(room.dataset.now, { headers: { "HX-Request": "true" } });
    if (answer.ok) show(await answer.text());
    return answer.ok ? Number(answer.headers.get("X-Room-After")) : seen;
  };
  const refreshMine = () => {
    clearTimeout(soon); // thirty screens do not ask in the same instant
    soon = setTimeout(() => {
      if (isSending() || isAsking || isHalfWritten() || isPressed(room)) return refreshMine(); // htmx would queue a second one, and nobody hears of its failure
      isAsking = true;
      htmx
        .ajax("GET", room.dataset.mine, { target: "#room-mine", swap: "outerHTML" })
        .catch(() => undefined) // asked again when the line is back
        .finally(() => (isAsking = false));
    }, 60 + Math.random() * 400);
  };
  const isSending = keepWhatIsWritten(refreshMine, restSome);
  const lookUntilSeen = () => look().catch(() => setTimeout(lookUntilSeen, AGAIN_MS));
  const hear = (entry) => {
    if (entry.id <= seen) return;
    seen = entry.id;
    const own = [entry.person, entry.about].map(String).includes(room.dataset.person);
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
  source.addEventListener("open", () => {
    if (!state.hidden) refreshMine();
    say("");
  });
  source.addEventListener("entry", (event) => hear(JSON.parse(event.data)));
  source.addEventListener("now", (event) => show(JSON.parse(event.data)));
  source.addEventListener("look", lookUntilSeen);
  source.addEventListener("reload", () => location.reload());
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return say("The line is down; this page catches up by itself.");
    say("This page looks for news every few seconds.");
    ask();
  });
  setInterval(tick, 1000);
  tick();
}

// What was unfolded stays so, and so does the link or the fold one stands on.
function drawAnew(old, part) {
  const open = [...old.querySelectorAll("details[open]")].map((one) => one.id);
  const here = old.contains(document.activeElement) ? document.activeElement : undefined;
  old.replaceWith(part);
  for (const id of open) if (id) document.getElementById(id)?.setAttribute("open", "");
  const same = here?.tagName === "SUMMARY" ? `#${here.parentElement.id} > summary` : `a[href="${CSS.escape(here?.getAttribute("href"))}"]`;
  if (here) part.querySelector(same)?.focus({ preventScroll: true });
}

// The room goes on while somebody writes: their part is drawn anew around what they have not sent yet, and around the
// sentence by which their last act was refused. What belongs to an item is kept only while that item is up; what was just
// sent is not, unless it was written anew meanwhile. While an act is pressed or on its way nothing is drawn anew, not even by
// the answer to another: its button would be gone, or its own answer would have no place to go. What such an answer says
// is asked for afterwards; the sentence by which it refuses is shown then.
function keepWhatIsWritten(refreshLater, restSome) {
  const sentAs = new WeakMap(); // a field and what it said when it was sent
  let kept;
  let sending = 0;
  let answered = []; // the forms that were accepted, by answers that were not drawn
  let refusals = []; // what such answers say that refuse
  const isAct = (event) => event.detail.requestConfig?.verb === "post";
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr, requestConfig, shouldSwap } = event.detail;
    if (target?.id !== "room-mine" || !shouldSwap) return;
    const form = isAct(event) && requestConfig.elt.closest("form");
    if (isPressed(target) || sending > (form ? 1 : 0) || (!form && isHalfWritten())) {
      event.detail.shouldSwap = false;
      if (form && xhr.status === 422) refusals.push(...refusalsIn(xhr.response));
      else if (form) answered.push(form);
      return refreshLater();
    }
    kept = written(target, form ? [...answered, form] : answered, sentAs);
    kept.unseen = refusals;
    answered = [];
    refusals = [];
  });
  document.addEventListener("htmx:afterSwap", () => {
    const part = document.getElementById("room-mine");
    if (kept && part) {
      writeAgain(part, kept);
      restSome();
    }
    kept = undefined;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isAct(event)) return;
    sending += 1;
    event.detail.xhr.addEventListener("loadend", () => (sending -= 1)); // htmx tells nobody of the answer to a form that is gone
    for (const one of event.detail.elt.closest("form")?.querySelectorAll("input, textarea, select") ?? []) sentAs.set(one, one.value);
  });
  return () => sending > 0;
}

// Who presses in the moment a ballot comes up means what stood there before; and while the page names another item than
// the ballot is for, nobody knows what they vote on. Such ballots rest.
function restBallots() {
  const here = () => [...document.querySelectorAll("#room-mine form[data-ballot]")];
  const current = (id) => document.getElementById(id)?.dataset.current;
  let since = new Map(here().map((form) => [form.dataset.ballot, 0]));
  const look = () => {
    since = new Map(here().map((form) => [form.dataset.ballot, since.get(form.dataset.ballot) ?? Date.now()]));
    const isNamed = current("room-current") === current("room-mine");
    for (const form of here()) {
      const rest = since.get(form.dataset.ballot) + REST_MS - Date.now();
      for (const button of form.querySelectorAll("button")) button.disabled = !isNamed || rest > 0;
      if (rest > 0) setTimeout(look, rest);
    }
  };
  look(); // a browser may remember over a reload that a button was disabled
  return look;
}

function refusalsIn(html) {
  const sheet = document.createElement("template");
  sheet.innerHTML = html;
  return sheet.content.querySelectorAll("[data-refused]");
}

// A date of which the day is still missing has no value yet that could be kept.
const isHalfWritten = () => Boolean(document.querySelector("#room-mine :focus")?.validity?.badInput);

function written(part, sent, sentAs) {
  const isSent = (field) => sent.some((form) => form.contains(field)) && (!sentAs.has(field) || sentAs.get(field) === field.value);
  const isOpen = (field) => field.id && !isSent(field);
  const changed = (field) => (field.tagName === "SELECT" ? !field.selectedOptions[0]?.defaultSelected : field.value !== field.defaultValue);
  return {
    item: part.dataset.current,
    refusal: sent.length ? undefined : part.querySelector("[data-refused]"),
    open: [...part.querySelectorAll("details[open]")].filter(isOpen).map((one) => one.id),
    fields: [...part.querySelectorAll("input, textarea, select")].filter((one) => isOpen(one) && changed(one)).map((one) => [one.id, one.value]),
    focus: part.contains(document.activeElement) ? document.activeElement : undefined,
  };
}

function writeAgain(part, kept) {
  const find = (id) => {
    const found = id && part.querySelector(`#${CSS.escape(id)}`);
    return found && (!found.closest("[data-of-item]") || part.dataset.current === kept.item) ? found : undefined;
  };
  if (kept.refusal && part.dataset.current === kept.item) part.prepend(kept.refusal);
  part.prepend(...kept.unseen);
  for (const id of kept.open) find(id)?.setAttribute("open", "");
  for (const [id, value] of kept.fields) {
    const field = find(id);
    if (field && (field.tagName !== "SELECT" || [...field.options].some((one) => one.value === value))) field.value = value;
  }
  const again = find(kept.focus?.id);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (typeof kept.focus.selectionStart === "number") again.setSelectionRange(kept.focus.selectionStart, kept.focus.selectionEnd);
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
