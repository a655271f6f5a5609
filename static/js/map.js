// The drawing of the map: zoom and pan, arrow keys from box to box, and what a box is tied to. Drawn on the server;
// without this file it is a picture of links, and the tables hold the same.
import { select } from "d3-selection";
import { zoom, zoomIdentity } from "d3-zoom";

const [LEAST, MOST] = [0.1, 3];
const READABLE = 0.7; // below it one starts at the focus rather than with all of it
const ROOM = 24; // px between a box one stands on and the edge of the frame
const VIEW = /^(\d{2,3})_(-?\d{1,5})_(-?\d{1,5})$/; // of the address: scale in percent, and what stands in the middle
const DIRECTIONS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

function bringToLife(map) {
  const svg = map.querySelector(".map-frame > svg");
  const scene = svg.querySelector("[data-scene]");
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const nodes = [...svg.querySelectorAll("[data-node]")].map(placed);
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  for (const line of svg.querySelectorAll("[data-ends]")) {
    const ends = line.dataset.ends.split(" ").map((key) => byKey.get(key));
    ends.forEach((end, at) => { end.lines.push(line); end.near.add(ends[1 - at]); });
  }

  svg.removeAttribute("viewBox");
  svg.setAttribute("height", height + 2 * ROOM);
  map.classList.add("is-live");
  map.querySelectorAll(".map-tools, .map-hint").forEach((one) => { one.hidden = false; });
  let [moved, isReady] = [false, false];
  let here = zoomIdentity;
  const view = zoom()
    .scaleExtent([LEAST, MOST])
    // The wheel scrolls the page, as everywhere; with Ctrl or ⌘ (and by pinching, which says Ctrl) it zooms.
    .filter((event) => (event.type === "wheel" ? event.ctrlKey || event.metaKey : !event.button))
    .on("zoom", (event) => {
      here = event.transform;
      moved ||= Boolean(event.sourceEvent);
      scene.setAttribute("transform", here.toString());
      map.dataset.distance = here.k < 0.35 ? "far" : here.k < 0.65 ? "mid" : "near";
    })
    .on("end", (event) => { if (event.sourceEvent) remember(); });
  const canvas = select(svg);
  canvas.call(view).on("dblclick.zoom", null);

  const stand = (key) => nodes.find((node) => node.link.classList.contains(key));
  const frame = () => [svg.clientWidth, svg.clientHeight];
  function showAll() {
    const [wide, high] = frame();
    const scale = Math.min(1, wide / width, high / height);
    canvas.call(view.transform, zoomIdentity.translate((wide - width * scale) / 2, (high - height * scale) / 2).scale(scale));
  }
  function begin() {
    showAll();
    if (here.k >= READABLE) return;
    const focus = stand("is-focus");
    const [x, y] = focus ? [focus.x, focus.y] : [Math.min(width, frame()[0] / READABLE) / 2, height / 2];
    centre(x, y, READABLE);
  }
  function centre(x, y, scale) {
    const [wide, high] = frame();
    canvas.call(view.transform, zoomIdentity.translate(wide / 2 - x * scale, high / 2 - y * scale).scale(scale));
  }
  // The address says what one sees, so that it can be sent to others; what it says wrongly is as if it said nothing.
  function remember() {
    const [x, y] = here.invert(frame().map((size) => size / 2));
    const address = new URL(location.href);
    address.searchParams.set("view", [here.k * 100, bounded(x, width), bounded(y, height)].map(Math.round).join("_"));
    history.replaceState(history.state, "", address);
  }
  function recall() {
    const found = VIEW.exec(new URLSearchParams(location.search).get("view") ?? "")?.slice(1).map(Number);
    if (!found) return false;
    const [scale, x, y] = [found[0] / 100, found[1], found[2]];
    if (scale < LEAST || scale > MOST || x !== bounded(x, width) || y !== bounded(y, height)) return false;
    moved = true;
    centre(x, y, scale);
    return true;
  }
  function bringIntoView(node) {
    const [x, y] = here.apply([node.x, node.y]);
    const [halfWide, halfHigh] = [node.wide / 2 * here.k + ROOM, node.high / 2 * here.k + ROOM];
    const [wide, high] = frame();
    const by = [within(x, halfWide, wide), within(y, halfHigh, high)];
    if (!by[0] && !by[1]) return;
    canvas.call(view.translateBy, by[0] / here.k, by[1] / here.k);
    if (isReady) remember();
  }
  function trace(node) {
    map.classList.toggle("is-tracing", Boolean(node));
    svg.querySelectorAll(".is-near").forEach((one) => one.classList.remove("is-near"));
    if (!node) return;
    [node, ...node.near].forEach((one) => one.link.classList.add("is-near"));
    node.lines.forEach((line) => line.classList.add("is-near"));
  }

  // One stop of the Tab key; the arrows move within.
  let current = stand("is-focus") ?? nodes[0];
  for (const node of nodes) node.link.tabIndex = node === current ? 0 : -1;
  const of = (event) => byKey.get(event.target.closest?.("[data-node]")?.dataset.node);
  svg.addEventListener("focusin", (event) => {
    const node = of(event);
    if (!node) return;
    current.link.tabIndex = -1;
    current = node;
    node.link.tabIndex = 0;
    bringIntoView(node);
    if (node.link.matches(":focus-visible")) trace(node);
  });
  svg.addEventListener("focusout", () => trace(null));
  svg.addEventListener("pointerover", (event) => { if (event.pointerType === "mouse") trace(of(event)); });
  svg.addEventListener("pointerleave", () => trace(null));
  svg.addEventListener("keydown", (event) => {
    const direction = DIRECTIONS[event.key];
    const from = of(event);
    if (!direction || !from || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    nextOf(from, direction, nodes)?.link.focus({ preventScroll: true });
  });
  for (const button of map.querySelectorAll("[data-map-zoom]")) {
    const by = Number(button.dataset.mapZoom);
    button.addEventListener("click", () => { moved = true; if (by) canvas.call(view.scaleBy, by); else showAll(); remember(); });
  }
  new ResizeObserver(() => { if (!moved) begin(); }).observe(svg);
  if (!recall()) begin();
  // Who walked here along the map walks on from where they stand.
  if (document.referrer && new URL(document.referrer).pathname === location.pathname) current?.link.focus();
  isReady = true;
}

function placed(link) {
  const [x, y] = link.getAttribute("transform").match(/-?\d+/g).map(Number);
  const box = link.querySelector(".map-box");
  const [wide, high] = [Number(box.getAttribute("width")), Number(box.getAttribute("height"))];
  return { key: link.dataset.node, link, x: x + wide / 2, y: y + high / 2, wide, high, near: new Set(), lines: [] };
}

// Along a line where one leads that way; else to the nearest box there.
function nextOf(from, [across, down], nodes) {
  const ahead = nodes.filter((node) => node !== from && (across ? (node.x - from.x) * across > 1 : (node.y - from.y) * down > 1));
  const tied = across ? ahead.filter((node) => from.near.has(node)) : [];
  const cost = (node) => Math.abs(node.x - from.x) * (across ? 1 : 3) + Math.abs(node.y - from.y) * (across ? 3 : 1);
  return (tied.length ? tied : ahead).reduce((best, node) => (best && cost(best) <= cost(node) ? best : node), null);
}

// At most one drawing away from it, on either side.
function bounded(at, size) {
  return Math.round(Math.min(2 * size, Math.max(-size, at)));
}

// How far to move so that what lies `half` around `at` is inside 0 … `size`.
function within(at, half, size) {
  if (at - half < 0) return half - at;
  return at + half > size ? size - half - at : 0;
}

const map = document.querySelector("[data-map]");
if (map) bringToLife(map);
