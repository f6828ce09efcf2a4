/** The head of the open chat: its name, who is in it, and that somebody is typing. */

import { $, avatar } from "./dom.js";
import { act } from "./server.js";
import { openMenu } from "./overlays.js";

const TYPING_LASTS = 5000;
const ACTIONS = { upload_photo: "sending a photo…", upload_document: "sending a file…" };

export class Header {
  #store;
  #attempt;
  #timer = 0;

  constructor(store, attempt) {
    this.#store = store;
    this.#attempt = attempt;
    $("chat-more").addEventListener("click", ({ currentTarget }) => this.#openMenu(currentTarget.getBoundingClientRect()));
  }

  show() {
    const { chat, bot } = this.#store;
    const isPrivate = chat.type === "private";
    const face = avatar(isPrivate ? bot.id : chat.id, chat.title ?? "", isPrivate ? "bot" : "group");
    face.id = "chat-avatar";
    $("chat-avatar").replaceWith(face);
    $("chat-title").textContent = this.#store.titleOf(chat);
    $("chat-more").hidden = !isPrivate || !chat.is_started;
    this.rest();
  }

  typing(action) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.rest(), TYPING_LASTS);
    this.#subtitle(ACTIONS[action] ?? "typing…", true);
  }

  rest() {
    clearTimeout(this.#timer);
    const { chat } = this.#store;
    this.#subtitle(chat.type === "private" ? "bot" : `${chat.members.length} members`, false);
  }

  #subtitle(text, isTyping) {
    $("chat-subtitle").textContent = text;
    $("chat-subtitle").classList.toggle("is-typing", isTyping);
  }

  #openMenu({ right, bottom }) {
    const { me, chat } = this.#store;
    const isBlocked = chat.bot_status === "kicked";
    const name = isBlocked ? "unblock" : "block";
    const run = () => this.#attempt(act(name, { person: me.id }));
    openMenu([{ label: isBlocked ? "Unblock bot" : "Stop and block bot", symbol: "block", isDanger: !isBlocked, run }], right - 200, bottom);
  }
}
