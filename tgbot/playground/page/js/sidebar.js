/** Who one is and which of their chats is open. */

import { $, avatar, badge, el, icon, showBadge, timeOf } from "./dom.js";
import { askForNewcomer } from "./newcomer.js";
import { summary } from "./store.js";

export class Sidebar {
  #store;

  constructor(store) {
    this.#store = store;
    $("back").addEventListener("click", () => this.#toggle(true));
    document.addEventListener("pointerdown", ({ target }) => target.closest("#sidebar, #back") ?? this.#toggle(false));
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.#toggle(false));
  }

  show() {
    const { people, me, chat } = this.#store;
    const focused = document.activeElement?.dataset.focus;
    $("people").replaceChildren(...[...people.values()].map((person) => this.#person(person)), this.#newcomer());
    $("chats").replaceChildren(...this.#store.chatsOf(me).map((each) => this.#chat(each)));
    if (focused) document.querySelector(`[data-focus="${focused}"]`)?.focus({ preventScroll: true });
    const elsewhere = this.#store.chatsOf(me).filter((each) => each !== chat);
    showBadge($("back-badge"), elsewhere.reduce((sum, each) => sum + this.#store.unread(me, each), 0));
  }

  #person(person) {
    const { me } = this.#store;
    const props = { type: "button", className: "person", "aria-pressed": String(person.id === me.id), "data-focus": `person-${person.id}` };
    const choose = () => this.#store.select(person.id, this.#store.chat.type === "private" ? person.id : this.#store.chat.id);
    return el(
      "button", { ...props, on: { click: choose } },
      avatar(person.id, person.first_name),
      el("span", { className: "person-name" }, person.first_name),
      el("small", {}, person.language_code),
      person.id === me.id ? null : badge(this.#store.unreadOf(person)),
    );
  }

  #newcomer() {
    const props = { type: "button", className: "person is-newcomer", "data-focus": "newcomer", on: { click: askForNewcomer } };
    return el("button", props, el("span", { className: "avatar" }, icon("add")), "Add", el("small", {}, "person"));
  }

  #chat(chat) {
    const { me, bot } = this.#store;
    const last = this.#store.lastOf(chat);
    const isPrivate = chat.type === "private";
    const props = { type: "button", className: "chat-row", "aria-pressed": String(chat === this.#store.chat), "data-focus": `chat-${chat.id}` };
    const choose = () => { this.#store.select(me.id, chat.id); this.#toggle(false); };
    return el(
      "button", { ...props, on: { click: choose } },
      avatar(isPrivate ? bot.id : chat.id, chat.title ?? "", isPrivate ? "bot" : "group"),
      el("strong", {}, this.#store.titleOf(chat)),
      el("time", {}, last ? timeOf(last.date) : ""),
      el("span", { className: "snippet" }, last ? summary(last) : "No messages yet"),
      badge(this.#store.unread(me, chat)),
    );
  }

  #toggle(isOpen) {
    $("sidebar").classList.toggle("is-open", isOpen);
  }
}
