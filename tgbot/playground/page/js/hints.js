/** The cards that the demo puts beside the chat: what to try, and values to copy or to put into the message field. */

import { $, el, icon } from "./dom.js";
import { copy } from "./overlays.js";

/** `taps` is what can be done: `say(command)` and `insert(text)`. */
export function showHints(hints, taps) {
  $("hints").hidden = hints.length === 0;
  $("hints-title").textContent = hints.map(({ title }) => title).join(" · ");
  $("hints-cards").replaceChildren(...hints.map((hint) => card(hint, taps)));
}

function card({ title, text, values }, taps) {
  const rows = Object.entries(values).map(([name, value]) => el(
    "div", { className: "hint-value" },
    el("small", {}, name), el("code", {}, value),
    tool("copy", `Copy ${name}`, () => copy(value)),
    tool("insert", `Insert ${name}`, () => { toggle(false); taps.insert(value); }),
  ));
  return el("section", { className: "hint" }, el("h3", {}, title), text && el("p", {}, ...linked(text, taps.say)), ...rows);
}

function tool(symbol, label, click) {
  return el("button", { type: "button", className: "icon-button", title: label, "aria-label": label, on: { click } }, icon(symbol));
}

/** Whole lines that begin with a `/` are sent by a tap; elsewhere only the command itself is. */
function linked(text, say) {
  return text.split(/(^\/.*$|(?<!\S)\/[a-z_]+)/m).map((piece) => {
    if (!piece.startsWith("/")) return piece;
    const send = () => { toggle(false); say(piece); };
    return el("button", { type: "button", className: "command", on: { click: send } }, piece);
  });
}

function toggle(isOpen) {
  $("hints-bar").setAttribute("aria-expanded", String(isOpen));
}

$("hints-bar").addEventListener("click", () => toggle($("hints-bar").getAttribute("aria-expanded") !== "true"));
document.addEventListener("pointerdown", ({ target }) => target.closest("#hints") ?? toggle(false));
