/** Puts the parts together: events of the server in, acts of people out. */

import "./theme.js";
import { $ } from "./dom.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { Header } from "./header.js";
import { showHints } from "./hints.js";
import { showMembers } from "./members.js";
import { listenForNewcomers } from "./newcomer.js";
import { alertBox, chooseChat, copy, openMenu, toast, viewPicture } from "./overlays.js";
import { act, listen } from "./server.js";
import { Sidebar } from "./sidebar.js";
import { Store } from "./store.js";

const PENDING_LASTS = 10_000;

const store = new Store();
const sidebar = new Sidebar(store);
const header = new Header(store, attempt);
const composer = new Composer(store, say, attempt);
const conversation = new Conversation(store, {
  press, copy, follow, menu,
  jump: (id) => conversation.jump(id),
  view: viewPicture,
  command: sayCommand,
});

store.addEventListener("state", () => {
  const [person, chat] = location.hash.slice(1).split("/").map(Number);
  store.select(store.me?.id ?? person, store.chat?.id ?? chat);
  showHints(store.hints, { say: sayCommand, insert: (text) => composer.insert(text) });
  showMembers(store, attempt);
});

store.addEventListener("select", () => {
  const hash = `#${store.me.id}/${store.chat.id}`;
  const isFresh = hash !== location.hash;
  history.replaceState(null, "", hash);
  header.show({ isTyping: false });
  conversation.show({ isFresh });
  composer.show({ isFresh });
});

store.addEventListener("read", () => sidebar.show());

onMessage("message", ({ message }) => {
  conversation.add(message);
  header.show({ isTyping: message.from.id !== store.bot.id });
  composer.show({ isFresh: false });
});
onMessage("edit", ({ message }) => conversation.change(message));
onMessage("delete", ({ message_id: id }) => conversation.remove(id));

store.addEventListener("action", ({ detail }) => detail.chat_id === store.chat.id && header.typing(detail.action));

store.addEventListener("answer", ({ detail }) => {
  if (detail.chat_id === store.chat.id) conversation.settle(detail.message_id);
  if (detail.person !== store.me.id) return;
  if (detail.url) open(detail.url);
  if (!detail.text) return;
  if (detail.alert) alertBox(detail.text);
  else toast(detail.text);
});

listenForNewcomers(attempt, become);

listen((event) => store.apply(event), (isConnected) => {
  $("connection").textContent = isConnected ? "Connected" : "Connecting…";
  $("connection").classList.toggle("is-connected", isConnected);
});

/** Does what is to be done in the open chat; lists and badges follow in any case. */
function onMessage(kind, show) {
  store.addEventListener(kind, ({ detail }) => {
    if (detail.chat_id === store.chat.id) {
      show(detail);
      store.markRead();
    } else {
      sidebar.show();
    }
  });
}

/** The answer may come before or after the event that tells of them. */
function become({ id }) {
  if (store.people.has(id)) store.select(id, id);
  else store.addEventListener("state", () => store.select(id, id), { once: true });
}

async function attempt(promise) {
  try {
    await promise;
  } catch (error) {
    toast(error.message);
  }
}

function say(text, replyTo) {
  attempt(act("say", { person: store.me.id, chat: store.chat.id, text, reply_to: replyTo }));
}

function sayCommand(text) {
  const isPlain = store.chat.type !== "private" && /^\/\w+$/.test(text);
  say(isPlain ? `${text}@${store.bot.username}` : text);
}

function press(message, button, key) {
  if (button.copy_text) copy(button.copy_text.text);
  else if (button.url) open(button.url);
  else if (button.callback_data) pressCallback(message, button, key);
  else toast("This button does nothing in the playground");
}

function pressCallback(message, button, key) {
  key.setAttribute("aria-busy", "true");
  setTimeout(() => key.removeAttribute("aria-busy"), PENDING_LASTS);
  attempt(act("press", { person: store.me.id, chat: store.chat.id, message: message.message_id, data: button.callback_data }));
}

/** A link to this bot stays in the playground. */
function follow(event, url) {
  const start = new RegExp(`^https?://t\\.me/${store.bot.username}(?:\\?start=([\\w-]+))?$`, "i").exec(url);
  if (!start) return;
  event.preventDefault();
  store.select(store.me.id, store.me.id);
  say(["/start", start[1]].filter(Boolean).join(" "));
}

function open(url) {
  const event = new Event("click", { cancelable: true });
  follow(event, url);
  if (!event.defaultPrevented) window.open(url, "_blank", "noopener");
}

function menu(message, x, y) {
  const where = { chat: message.chat.id, message: message.message_id };
  const isOwn = message.from.id === store.me.id;
  const text = message.text ?? message.caption;
  const forward = () => chooseChat(store.chatsOf(store.me), (chat) => store.titleOf(chat), (chat) => {
    attempt(act("forward", { ...where, person: store.me.id, to: chat.id }));
  });
  openMenu([
    { label: "Reply", symbol: "reply", run: () => composer.reply(message) },
    text && { label: "Copy text", symbol: "copy", run: () => copy(text) },
    isOwn && message.text && { label: "Edit", symbol: "edit", run: () => composer.edit(message) },
    { label: "Forward", symbol: "forward", run: forward },
    { label: "Delete", symbol: "delete", isDanger: true, run: () => attempt(act("delete", where)) },
  ].filter(Boolean), x, y);
}
