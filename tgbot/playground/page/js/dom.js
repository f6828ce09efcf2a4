/** Small tools to build what is shown. */

const ICONS = "/page/icons.svg";
const SVG = "http://www.w3.org/2000/svg";
const TINTS = 5;

export const $ = (id) => document.getElementById(id);

/** An element; `props` are properties, `data-*`, `aria-*` and `role` attributes, `on` listeners. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name === "on") Object.entries(value).forEach(([type, listener]) => node.addEventListener(type, listener));
    else if (/^(data|aria)-|^role$/.test(name)) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${ICONS}#${name}`);
  svg.append(use);
  return svg;
}

/** A round picture: the first letter of a person, a symbol for the bot and for groups. */
export function avatar(id, name, symbol) {
  const node = el("span", { className: "avatar", "data-tint": Math.abs(id) % TINTS, "aria-hidden": "true" });
  node.append(symbol ? icon(symbol) : [...name][0].toUpperCase());
  return node;
}

export function badge(count) {
  return count ? el("span", { className: "badge", "aria-label": `${count} unread` }, String(count)) : null;
}

export function showBadge(node, count) {
  node.hidden = !count;
  node.textContent = count ? String(count) : "";
}

export function timeOf(date) {
  return new Date(date * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

export function dayOf(date) {
  return new Date(date * 1000).toLocaleDateString("en", { month: "long", day: "numeric" });
}
