/** Text with Telegram's entities. Offsets are UTF-16 units, as in JavaScript's strings. */

import { el } from "./dom.js";

/** Nodes for `text`; `taps` has `command(text)`, `copy(text)` and `follow(event, url)`. */
export function richText(text, entities, taps) {
  return pieces(text, entities ?? [], 0, text.length, taps);
}

function pieces(text, entities, begin, end, taps) {
  const nodes = [];
  let at = begin;
  for (let next = 0; next < entities.length;) {
    const entity = entities[next++];
    const stop = Math.min(entity.offset + entity.length, end);
    const inner = [];
    while (entities[next]?.offset < stop) inner.push(entities[next++]);
    nodes.push(text.slice(at, entity.offset));
    nodes.push(wrap(entity, text.slice(entity.offset, stop), pieces(text, inner, entity.offset, stop, taps), taps));
    // A block ends its line by itself: the line break behind it would show as an empty line.
    at = BLOCKS.has(entity.type) && text[stop] === "\n" ? stop + 1 : stop;
  }
  nodes.push(text.slice(at, end));
  return nodes.filter((node) => node !== "");
}

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s" };

function wrap(entity, text, inner, taps) {
  switch (entity.type) {
    case "bold": case "italic": case "underline": case "strikethrough":
      return el(TAGS[entity.type], {}, ...inner);
    case "code":
      return copying("code", text, taps);
    case "pre":
      return copying("pre", text, taps, { "data-language": entity.language });
    case "bot_command":
      return el("button", { type: "button", className: "command", on: { click: () => taps.command(text) } }, text);
    case "spoiler":
      return spoiler(inner);
    case "blockquote":
      return el("blockquote", {}, ...inner);
    case "expandable_blockquote":
      return foldable(inner);
    case "text_link":
      return link(entity.url, inner, taps);
    case "url":
      return link(/^https?:/.test(text) ? text : `http://${text}`, inner, taps);
    case "email":
      return link(`mailto:${text}`, inner, taps);
    default:
      return el("span", { className: "link" }, ...inner);
  }
}

function copying(tag, text, taps, props = {}) {
  return pressable(el(tag, { ...props, title: "Tap to copy" }, text), () => taps.copy(text));
}

function spoiler(inner) {
  const node = el("span", { className: "spoiler", "aria-label": "Hidden text, press to show" }, ...inner);
  return pressable(node, () => { node.classList.add("is-shown"); node.removeAttribute("aria-label"); });
}

function foldable(inner) {
  const node = el("blockquote", { className: "is-folded", title: "Show more or less" }, ...inner);
  return pressable(node, () => node.classList.toggle("is-folded"));
}

function link(url, inner, taps) {
  const props = { href: url, target: "_blank", rel: "noopener noreferrer", on: { click: (event) => taps.follow(event, url) } };
  return /^(https?|tg|mailto):/i.test(url) ? el("a", props, ...inner) : el("span", {}, ...inner);
}

function pressable(node, onPress) {
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.addEventListener("click", onPress);
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onPress();
  });
  return node;
}
