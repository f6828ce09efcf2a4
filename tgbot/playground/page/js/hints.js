/** The cards that the demo puts beside the chat: what to try, and values to copy. */

import { $, el, icon } from "./dom.js";
import { copy } from "./overlays.js";

export function showHints(hints, onCommand) {
  $("hints").hidden = hints.length === 0;
  $("hints-title").textContent = hints.map(({ title }) => title).join(" · ");
  $("hints-cards").replaceChildren(...hints.map((hint) => card(hint, onCommand)));
}

function card({ title, text, values }, onCommand) {
  const rows = Object.entries(values).map(([name, value]) => el(
    "button", { type: "button", className: "hint-value", "aria-label": `Copy ${name}`, on: { click: () => copy(value) } },
    el("small", {}, name), el("code", {}, value), icon("copy"),
  ));
  return el("section", { className: "hint" }, el("h3", {}, title), text && el("p", {}, ...linked(text, onCommand)), ...rows);
}

/** Whole lines that begin with a `/` are sent by a tap; elsewhere only the command itself is. */
function linked(text, onCommand) {
  return text.split(/(^\/.*$|(?<!\S)\/[a-z_]+)/m).map((piece) => {
    if (!piece.startsWith("/")) return piece;
    const send = () => { toggle(false); onCommand(piece); };
    return el("button", { type: "button", className: "command", on: { click: send } }, piece);
  });
}

function toggle(isOpen) {
  $("hints-bar").setAttribute("aria-expanded", String(isOpen));
}

$("hints-bar").addEventListener("click", () => toggle($("hints-bar").getAttribute("aria-expanded") !== "true"));
document.addEventListener("pointerdown", ({ target }) => target.closest("#hints") ?? toggle(false));
