/** Where a person writes: text, commands, replies, edits, pictures; or the one big button of a chat that is closed. */

import { $ } from "./dom.js";
import { Commands } from "./commands.js";
import { act, sendPhoto } from "./server.js";
import { summary } from "./store.js";

const NO_COMMANDS = [];

export class Composer {
  #store;
  #say;
  #attempt;
  #text = $("text");
  #replyTo = null;
  #edited = null;
  #offered = null;
  #commands = new Commands((command) => this.#pick(command));

  /** `say(text, replyTo)` sends; `attempt(promise)` shows what went wrong. */
  constructor(store, say, attempt) {
    this.#store = store;
    this.#say = say;
    this.#attempt = attempt;
    this.#text.addEventListener("input", () => this.#typed());
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    $("entry").addEventListener("submit", (event) => { event.preventDefault(); this.#submit(); });
    $("menu").addEventListener("click", () => this.#toggleMenu());
    $("context-cancel").addEventListener("click", () => this.#leaveContext());
    $("photo").addEventListener("change", ({ target }) => this.#sendPhoto(target));
    $("big-button").addEventListener("click", () => this.#pressBig());
    document.addEventListener("pointerdown", ({ target }) => target.closest("#composer") ?? this.#commands.close());
  }

  /** Fits the composer to the open chat. */
  show({ isFresh }) {
    const { chat } = this.#store;
    if (isFresh) this.#clear();
    else if (this.#menu() !== this.#offered) this.#typed(); // the bot has changed its commands meanwhile
    const big = !chat.is_started ? "Start" : chat.bot_status === "kicked" && chat.type === "private" ? "Unblock bot" : "";
    $("big-button").hidden = !big;
    $("big-button").textContent = big;
    $("entry").hidden = Boolean(big);
    $("menu").hidden = chat.type !== "private" || !this.#menu().length || this.#text.value !== "";
    $("text").placeholder = chat.type === "private" ? "Message" : `Message ${chat.title}`;
  }

  reply(message) {
    this.#leaveContext();
    this.#replyTo = message;
    this.#showContext("reply", `Reply to ${message.from.first_name}`, summary(message));
  }

  edit(message) {
    this.#leaveContext();
    this.#edited = message;
    this.#text.value = message.text;
    this.#showContext("edit", "Edit message", summary(message));
    this.#typed();
  }

  /** Puts a text where a person writes, ready to be sent. */
  insert(text) {
    this.#text.value = text;
    this.#typed();
    this.focus();
  }

  focus() {
    // On a touch screen it would call up the keyboard.
    if (matchMedia("(hover: hover)").matches) this.#text.focus({ preventScroll: true });
  }

  #menu() {
    return this.#store.chat.menus[this.#store.me.id] ?? NO_COMMANDS;
  }

  #typed() {
    const value = this.#text.value;
    this.#offered = this.#menu();
    $("send").disabled = !value.trim();
    $("menu").hidden = this.#store.chat.type !== "private" || !this.#offered.length || value !== "";
    const begun = /^\/(\w*)$/.exec(value);
    if (begun) this.#commands.open(this.#offered.filter(({ command }) => command.startsWith(begun[1].toLowerCase())));
    else this.#commands.close();
  }

  #key(event) {
    if (event.isComposing) return;
    const open = this.#commands.isOpen;
    if (event.key === "Escape") this.#escape();
    else if (open && event.key === "ArrowDown") this.#commands.move(1);
    else if (open && event.key === "ArrowUp") this.#commands.move(-1);
    else if (open && event.key === "Tab") this.#complete();
    else if (event.key === "Enter" && !event.shiftKey) this.#enter();
    else return;
    event.preventDefault();
  }

  #escape() {
    if (this.#commands.isOpen) this.#commands.close();
    else this.#leaveContext();
  }

  #enter() {
    const chosen = this.#commands.isOpen && this.#commands.current;
    if (chosen) this.#pick(chosen);
    else this.#submit();
  }

  #complete() {
    this.#text.value = `/${this.#commands.current.command} `;
    this.#typed();
  }

  #pick({ command }) {
    const { chat, bot } = this.#store;
    this.#send(chat.type === "private" ? `/${command}` : `/${command}@${bot.username}`);
  }

  #submit() {
    const text = this.#text.value.trim();
    if (text) this.#send(text);
  }

  #send(text) {
    const [replyTo, edited] = [this.#replyTo, this.#edited];
    this.#clear();
    if (edited) this.#attempt(act("edit", { chat: edited.chat.id, message: edited.message_id, text }));
    else this.#say(text, replyTo?.message_id);
    this.focus();
  }

  #sendPhoto(input) {
    const { me, chat } = this.#store;
    const [file] = input.files;
    if (file) this.#attempt(sendPhoto(me.id, chat.id, file, this.#text.value.trim()));
    input.value = "";
    this.#clear();
  }

  #pressBig() {
    const { me, chat } = this.#store;
    if (chat.is_started) this.#attempt(act("unblock", { person: me.id }));
    else this.#say("/start");
  }

  #toggleMenu() {
    if (this.#commands.isOpen) this.#commands.close();
    else this.#commands.open(this.#menu());
    this.focus();
  }

  #clear() {
    this.#text.value = "";
    this.#leaveContext();
    this.#typed();
  }

  #showContext(symbol, title, text) {
    $("context-icon").setAttribute("href", `/page/icons.svg#${symbol}`);
    $("context-title").textContent = title;
    $("context-quote").textContent = text;
    $("context-bar").hidden = false;
    this.#text.focus();
  }

  #leaveContext() {
    if (this.#edited) this.#text.value = "";
    this.#replyTo = this.#edited = null;
    $("context-bar").hidden = true;
  }
}
