/** The list of commands above the composer: all by the Menu button, fitting ones while a `/` is typed. */

import { $, el } from "./dom.js";

export class Commands {
  #list = $("commands");
  #shown = [];
  #at = 0;
  #onPick;

  constructor(onPick) {
    this.#onPick = onPick;
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  get current() {
    return this.#shown[this.#at];
  }

  open(commands) {
    this.#shown = commands;
    this.#at = 0;
    this.#list.replaceChildren(...commands.map((command, index) => this.#row(command, index)));
    this.#list.hidden = commands.length === 0;
    this.#list.scrollTop = 0;
    this.#mark();
  }

  close() {
    this.#list.hidden = true;
    this.#mark();
  }

  move(step) {
    this.#at = (this.#at + step + this.#shown.length) % this.#shown.length;
    this.#mark();
  }

  #row(command, index) {
    const props = { type: "button", className: "command-row", role: "option", id: `command-${index}`, tabIndex: -1 };
    const pick = () => this.#onPick(command);
    return el("button", { ...props, on: { click: pick } }, el("strong", {}, `/${command.command}`), el("span", {}, command.description));
  }

  #mark() {
    $("menu").setAttribute("aria-expanded", String(this.isOpen));
    [...this.#list.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === this.#at)));
    this.#list.children[this.#at]?.scrollIntoView({ block: "nearest" });
    if (this.isOpen) $("text").setAttribute("aria-activedescendant", `command-${this.#at}`);
    else $("text").removeAttribute("aria-activedescendant");
  }
}
