/** The messages of the open chat: added, changed and removed one by one; the end stays in sight unless one scrolls up. */

import { $, avatar, dayOf, el, showBadge } from "./dom.js";
import { bubble, rewrite, serviceText } from "./bubble.js";
import { isFor } from "./store.js";

const NEAR = 60;
const TOGETHER = 300;

export class Conversation {
  #store;
  #taps;
  #list = $("messages");
  #scroller = $("scroller");
  #isAtEnd = true;
  #top = 0;
  #missed = 0;

  constructor(store, taps) {
    this.#store = store;
    this.#taps = taps;
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    $("to-bottom").addEventListener("click", () => this.toEnd("smooth"));
    const follow = new ResizeObserver(() => this.#isAtEnd && this.toEnd());
    follow.observe(this.#list);
    follow.observe(this.#scroller);
  }

  /** Shows the whole chat anew; from its end, unless one was reading further up in the same chat. */
  show({ isFresh }) {
    const { chat } = this.#store;
    const top = this.#scroller.scrollTop;
    this.#list.replaceChildren(...this.#store.messagesOf(chat).map((message) => this.#node(message)));
    this.#arrange();
    if (isFresh || this.#isAtEnd) this.toEnd();
    else this.#scroller.scrollTop = top;
  }

  add(message) {
    if (!isFor(this.#store.me, message)) return;
    const node = this.#node(message);
    node.classList.add("is-new");
    this.#list.append(node);
    this.#arrange();
    if (this.#isAtEnd || message.from.id === this.#store.me.id) this.toEnd();
    else this.#missed += 1;
    this.#showMissed();
  }

  change(message) {
    const old = this.#find(message.message_id);
    if (!old) return;
    rewrite(old, this.#node(message));
    this.#arrange();
  }

  remove(messageId) {
    this.#find(messageId)?.remove();
    this.#arrange();
  }

  /** The bot has answered a press: its button is at rest again. */
  settle(messageId) {
    this.#find(messageId)?.querySelectorAll("[aria-busy]").forEach((key) => key.removeAttribute("aria-busy"));
  }

  jump(messageId) {
    this.#find(messageId)?.scrollIntoView({ block: "center", behavior: "smooth" });
  }

  toEnd(behavior = "instant") {
    this.#scroller.scrollTo({ top: this.#scroller.scrollHeight, behavior });
    this.#isAtEnd = true;
    this.#missed = 0;
    this.#showMissed();
  }

  #node(message) {
    const service = serviceText(message);
    if (service) return el("p", { className: "pill", "data-id": message.message_id }, service);
    const { me, bot, chat } = this.#store;
    return bubble(message, { me, bot, isGroup: chat.type !== "private" }, this.#taps);
  }

  #find(messageId) {
    return this.#list.querySelector(`[data-id="${messageId}"]`);
  }

  /** Days between the messages, and who spoke more than once in a row. */
  #arrange() {
    const { chat } = this.#store;
    this.#list.querySelectorAll(".day, .welcome").forEach((node) => node.remove());
    if (!chat.messages.size) this.#list.append(this.#welcome());
    let previous = null;
    for (const node of this.#list.querySelectorAll("[data-id]")) {
      const message = chat.messages.get(Number(node.dataset.id));
      if (!previous || dayOf(previous.message.date) !== dayOf(message.date)) {
        node.before(el("p", { className: "pill day" }, dayOf(message.date)));
      }
      const continues = previous !== null && isContinued(previous.message, message);
      node.classList.toggle("is-first", !continues);
      node.classList.add("is-last");
      previous?.node.classList.toggle("is-last", !continues);
      previous = { node, message };
    }
  }

  #welcome() {
    const { me, chat } = this.#store;
    const isPrivate = chat.type === "private";
    const text = isPrivate ? me.description || "Press START and see what this bot can do." : "No messages here yet. The bot hears commands and replies to it.";
    return el(
      "div", { className: "welcome" },
      avatar(isPrivate ? this.#store.bot.id : chat.id, chat.title ?? "", isPrivate ? "bot" : "group"),
      el("strong", {}, isPrivate ? "What can this bot do?" : chat.title),
      el("p", {}, text),
    );
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR;
    // Messages that grow move the end away without anybody's doing; only who scrolls up has left it.
    this.#isAtEnd = isNear || (this.#isAtEnd && scrollTop >= this.#top);
    this.#top = scrollTop;
    if (this.#isAtEnd) this.#missed = 0;
    this.#showMissed();
  }

  #showMissed() {
    $("to-bottom").hidden = this.#isAtEnd;
    showBadge($("to-bottom-badge"), this.#missed);
  }
}

function isContinued(earlier, later) {
  const sameSender = earlier.from.id === later.from.id && !serviceText(earlier) && !serviceText(later);
  return sameSender && later.date - earlier.date < TOGETHER && dayOf(earlier.date) === dayOf(later.date);
}
