/** One message: its bubble and the keyboard beneath it. */

import { avatar, el, icon, timeOf } from "./dom.js";
import { richText } from "./richtext.js";
import { summary } from "./store.js";

const SENDER_COLOURS = ["#d8475b", "#2f83d8", "#8456d8", "#1f9468", "#d27a1e"];

/** `taps` is what can be done: press, menu, jump, view, command, copy, follow. */
export function bubble(message, { me, bot, isGroup }, taps) {
  const isOwn = message.from.id === me.id;
  const node = el("article", { className: "message", "data-id": message.message_id });
  node.classList.toggle("is-own", isOwn);
  if (isGroup && !isOwn) node.append(senderAvatar(message, bot));
  const rows = message.reply_markup?.inline_keyboard ?? [];
  const column = el("div", { className: "column" }, body(message, { isOwn, isGroup, bot }, taps));
  if (rows.length) {
    column.classList.add("has-keyboard");
    column.append(keyboard(message, rows, taps));
  }
  node.append(column);
  return node;
}

/** Puts the new bubble of an edited message in place of the old. A keyboard that stays the same is left alone, so that it
 * can be pressed while a live card changes above it. */
export function rewrite(old, node) {
  const [before, after] = [old, node].map((each) => each.querySelector(".keyboard")?.dataset.rows);
  if (before !== after) old.replaceWith(node);
  else old.querySelector(".bubble").replaceWith(node.querySelector(".bubble"));
}

/** What Telegram itself says in a chat, or `null` for an ordinary message. */
export function serviceText(message) {
  if (message.migrate_to_chat_id) return "The group was upgraded to a supergroup";
  return message.migrate_from_chat_id ? "This group is a supergroup now" : null;
}

function body(message, { isOwn, isGroup, bot }, taps) {
  const text = message.text ?? message.caption;
  const node = el("div", { className: "bubble" });
  if (isGroup && !isOwn) node.append(sender(message, bot));
  if (message.forward_origin) node.append(origin(message.forward_origin));
  if (message.reply_to_message) node.append(quote(message.reply_to_message, taps));
  if (message.photo) node.append(photo(message, taps));
  if (message.document) node.append(document_(message.document));
  if (text) {
    const words = richText(text, message.entities ?? message.caption_entities, taps);
    node.append(el("div", { className: "text" }, ...words, meta(message, isOwn)));
  } else {
    node.append(meta(message, isOwn));
    node.classList.toggle("is-picture", Boolean(message.photo));
  }
  node.append(actionsButton(message, taps));
  offerActions(node, message, taps);
  return node;
}

/** By a long press or the right button; where there is no mouse a tap does it too. */
function offerActions(node, message, taps) {
  const open = (event) => {
    event.preventDefault();
    taps.menu(message, event.clientX, event.clientY);
  };
  node.addEventListener("contextmenu", open);
  node.addEventListener("click", (event) => {
    if (matchMedia("(hover: none)").matches && !event.target.closest("a, button, [role=button]")) open(event);
  });
}

function actionsButton(message, taps) {
  const open = ({ currentTarget }) => {
    const { left, bottom } = currentTarget.getBoundingClientRect();
    taps.menu(message, left, bottom);
  };
  const props = { type: "button", className: "icon-button actions", "aria-label": "Message actions", "aria-haspopup": "menu" };
  return el("button", { ...props, on: { click: open } }, icon("down"));
}

function senderAvatar(message, bot) {
  const symbol = message.sender_chat ? "group" : message.from.id === bot.id ? "bot" : undefined;
  return avatar((message.sender_chat ?? message.from).id, message.from.first_name, symbol);
}

function sender(message, bot) {
  const id = (message.sender_chat ?? message.from).id;
  const name = message.sender_chat?.title ?? message.from.first_name;
  const role = message.sender_chat ? "admin" : message.from.id === bot.id ? "bot" : null;
  const node = el("div", { className: "sender" }, name, role && el("small", {}, role));
  node.style.setProperty("--sender", SENDER_COLOURS[Math.abs(id) % SENDER_COLOURS.length]);
  return node;
}

function origin({ sender_user: from }) {
  return el("div", { className: "origin" }, "Forwarded from ", el("b", {}, from.first_name));
}

function quote(message, taps) {
  const props = { type: "button", className: "quote", on: { click: () => taps.jump(message.message_id) } };
  return el("button", props, el("strong", {}, message.from.first_name), el("span", {}, summary(message)));
}

function photo(message, taps) {
  const { file_id: id, width, height } = message.photo.at(-1);
  const source = `/play/files/${id}`;
  // Width and height hold the place until the picture has come.
  const image = el("img", { src: source, width, height, alt: message.caption ? "" : "Picture" });
  const props = { type: "button", className: "photo", "aria-label": "Open the picture" };
  return el("button", { ...props, on: { click: () => taps.view(source) } }, image);
}

function document_({ file_id: id, file_name: name, file_size: size }) {
  const shownSize = size < 1024 ? `${size} B` : size < 2 ** 20 ? `${(size / 1024).toFixed(1)} KB` : `${(size / 2 ** 20).toFixed(1)} MB`;
  return el(
    "a", { className: "document", href: `/play/files/${id}`, download: name },
    el("span", { className: "document-icon" }, icon("file")),
    el("span", {}, el("strong", {}, name), el("small", {}, shownSize)),
  );
}

function meta(message, isOwn) {
  const edited = message.edit_date ? "edited " : "";
  const node = el("span", { className: "meta" }, el("time", {}, `${edited}${timeOf(message.date)}`));
  if (isOwn) node.append(icon("checks"));
  return node;
}

function keyboard(message, rows, taps) {
  const row = (buttons) => el("div", { className: "keyboard-row" }, ...buttons.map((button) => key(message, button, taps)));
  const props = { className: "keyboard", role: "group", "aria-label": "Buttons", "data-rows": JSON.stringify(rows) };
  return el("div", props, ...rows.map(row));
}

function key(message, button, taps) {
  const symbol = button.url || button.web_app ? "link" : button.copy_text ? "copy" : null;
  const props = { type: "button", className: "key", title: button.text, "data-style": button.style };
  const press = (event) => taps.press(message, button, event.currentTarget);
  return el("button", { ...props, "data-press": button.callback_data, on: { click: press } }, button.text, symbol && icon(symbol));
}
