// A press is what lies between a button's going down and the click that follows its release. What is drawn anew in
// between takes the button away, and the press is nobody's: so what is pressed stays as it is until it is released.
const LONGEST_MS = 5000; // a release outside the window may never be heard
const CLICK_MS = 300; // within which the click follows the release of a finger
let pressed;
let until = 0;

const begin = (event) => {
  pressed = event.target;
  until = Date.now() + LONGEST_MS;
};
const end = () => (until = Math.min(until, Date.now() + CLICK_MS));

export const isPressed = (part = document) => Date.now() < until && part.contains(pressed);

export function holdWhatIsPressed() {
  document.addEventListener("pointerdown", (event) => event.button === 0 && begin(event), true);
  document.addEventListener("keydown", (event) => event.key === " " && event.target.matches?.("button, summary") && begin(event), true);
  for (const name of ["pointerup", "pointercancel", "keyup"]) document.addEventListener(name, end, true);
  document.addEventListener("click", () => (until = 0));
  // What asks every few seconds asks again.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isPressed(event.detail.target) && event.detail.elt.matches?.("[hx-trigger^=every]")) event.detail.shouldSwap = false;
  });
}
