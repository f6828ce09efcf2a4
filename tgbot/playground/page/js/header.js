/** The head of the open chat: its name, who is in it, and that somebody is typing. */

import { $, avatar } from "./dom.js";
import { act } from "./server.js";
import { showMembers } from "./members.js";
import { openMenu } from "./overlays.js";
import { place } from "./store.js";

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

  /** `isTyping` keeps what it says of the bot's doing, if anything. */
  show({ isTyping }) {
    const { chat, bot } = this.#store;
    const isPrivate = chat.type === "private";
    const face = avatar(isPrivate ? bot.id : chat.id, chat.title ?? "", isPrivate ? "bot" : "group");
    face.id = "chat-avatar";
    $("chat-avatar").replaceWith(face);
    $("chat-title").textContent = this.#store.titleOf(chat);
    $("chat-more").hidden = isPrivate && !chat.is_started;
    if (!isTyping) this.rest();
  }

  typing(action) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.rest(), TYPING_LASTS);
    this.#subtitle(ACTIONS[action] ?? "typing…", true);
  }

  rest() {
    clearTimeout(this.#timer);
    const { chat, people, bot } = this.#store;
    const present = [...people.values(), bot].filter((person) => place(chat, person)).length;
    this.#subtitle(chat.type === "private" ? "bot" : `${present} members`, false);
  }

  #subtitle(text, isTyping) {
    $("chat-subtitle").textContent = text;
    $("chat-subtitle").classList.toggle("is-typing", isTyping);
  }

  #blocking() {
    const { me, chat } = this.#store;
    const isBlocked = chat.bot_status === "kicked";
    const run = () => this.#attempt(act(isBlocked ? "unblock" : "block", { person: me.id }));
    return { label: isBlocked ? "Unblock bot" : "Stop and block bot", symbol: "block", isDanger: !isBlocked, run };
  }

  #members() {
    return { label: "Members", symbol: "group", run: () => showMembers(this.#store, this.#attempt, { isOpening: true }) };
  }

  #openMenu({ right, bottom }) {
    openMenu([this.#store.chat.type === "private" ? this.#blocking() : this.#members()], right - 200, bottom);
  }
}
