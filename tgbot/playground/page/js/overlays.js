/** What comes up over the chat: toasts, alerts, menus, pictures. */

import { $, avatar, el, icon } from "./dom.js";

const TOAST_LASTS = 3000;

export function toast(text) {
  const node = el("div", { className: "toast" }, text);
  $("toasts").replaceChildren(node);
  setTimeout(() => node.remove(), TOAST_LASTS);
}

export function alertBox(text) {
  $("alert-text").textContent = text;
  $("alert").showModal();
}

export function copy(text) {
  navigator.clipboard.writeText(text).then(() => toast("Copied"), () => toast("This browser did not let me copy"));
}

/** `entries` are `{label, symbol, isDanger, run}`; the menu keeps within the phone. */
export function openMenu(entries, x, y) {
  const popup = $("popup");
  popup.replaceChildren(...entries.map(({ label, symbol, isDanger, run }) => el(
    "button",
    { type: "button", role: "menuitem", className: isDanger ? "is-danger" : "", on: { click: () => { popup.hidePopover(); run(); } } },
    icon(symbol), label,
  )));
  popup.showPopover();
  const { offsetWidth: width, offsetHeight: height } = popup;
  const { left, top, right, bottom } = $("phone").getBoundingClientRect();
  popup.style.left = `${Math.max(left + 8, Math.min(x, right - width - 8))}px`;
  popup.style.top = `${Math.max(top + 8, Math.min(y, bottom - height - 8))}px`;
  popup.firstElementChild?.focus();
}

/** Asks for one of `chats`, then calls `onPick` with it. */
export function chooseChat(chats, titleOf, onPick) {
  const pick = (chat) => () => { $("chooser").close(); onPick(chat); };
  $("chooser-chats").replaceChildren(...chats.map((chat) => el(
    "button", { type: "button", className: "chat-row", on: { click: pick(chat) } },
    avatar(chat.id, "", chat.type === "private" ? "bot" : "group"), el("strong", {}, titleOf(chat)),
  )));
  $("chooser").showModal();
}

export function viewPicture(source) {
  $("viewer-image").src = source;
  $("viewer").showModal();
}

$("viewer").addEventListener("click", () => $("viewer").close());
$("popup").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const entries = [...$("popup").children];
  entries.at((entries.indexOf(document.activeElement) + step) % entries.length).focus();
});
