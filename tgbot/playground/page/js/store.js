/** The playground's state as this page knows it: who is looking at which chat, and what has been read. */

export class Store extends EventTarget {
  bot = null;
  people = new Map();
  chats = new Map();
  hints = [];
  me = null;
  chat = null;
  #read = new Map();

  /** Takes an event of the server and tells listeners by an event of the same kind. */
  apply(event) {
    if (event.kind === "state") this.#load(event);
    const chat = this.chats.get(event.chat_id);
    if (event.kind === "message") this.#add(chat, event.message);
    if (event.kind === "edit") chat.messages.set(event.message.message_id, event.message);
    if (event.kind === "delete") chat.messages.delete(event.message_id);
    this.#tell(event.kind, event);
  }

  /** Looks through somebody's eyes at one of their chats; by default the private one. */
  select(personId, chatId) {
    this.me = this.people.get(personId) ?? this.people.values().next().value;
    const mine = this.chatsOf(this.me);
    this.chat = mine.find((chat) => chat.id === chatId) ?? mine[0];
    this.markRead();
    this.#tell("select");
  }

  chatsOf(person) {
    const mine = (chat) => (chat.type === "private" ? chat.id === person.id : place(chat, person));
    return [...this.chats.values()].filter(mine);
  }

  /** How the chat is called by those who are in it. */
  titleOf(chat) {
    return chat.type === "private" ? this.me.bot_name : chat.title;
  }

  /** What one sees of a chat: some messages of a group are for one person alone. */
  messagesOf(chat, person = this.me) {
    return [...chat.messages.values()].filter((message) => isFor(person, message));
  }

  lastOf(chat) {
    return this.messagesOf(chat).at(-1);
  }

  unread(person, chat) {
    const read = this.#read.get(key(person, chat)) ?? 0;
    return this.messagesOf(chat, person).filter((message) => message.message_id > read && message.from.id !== person.id).length;
  }

  unreadOf(person) {
    return this.chatsOf(person).reduce((sum, chat) => sum + this.unread(person, chat), 0);
  }

  markRead() {
    this.#markRead(this.me, this.chat);
    this.#tell("read");
  }

  #load({ bot, people, chats, hints }) {
    const isFirst = this.bot === null;
    Object.assign(this, { bot, hints });
    this.people = new Map(people.map((person) => [person.id, person]));
    this.chats = new Map(chats.map((chat) => [chat.id, { ...chat, messages: byId(chat.messages) }]));
    if (isFirst) this.people.forEach((person) => this.chatsOf(person).forEach((chat) => this.#markRead(person, chat)));
    this.me = this.people.get(this.me?.id) ?? null;
    this.chat = this.chats.get(this.chat?.id) ?? null;
  }

  #add(chat, message) {
    chat.messages.set(message.message_id, message);
    chat.is_started = true;
  }

  #markRead(person, chat) {
    this.#read.set(key(person, chat), this.lastOf(chat)?.message_id ?? 0);
  }

  #tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

export function isFor(person, message) {
  return !message.receiver_user || message.receiver_user.id === person?.id;
}

export function place(chat, person) {
  return chat.members.find(({ id, status }) => id === person.id && !["left", "kicked"].includes(status));
}

/** One line that stands for a message in lists and quotes. */
export function summary(message) {
  const media = message.photo ? "🖼 Photo" : message.document ? `📎 ${message.document.file_name}` : "";
  const text = message.text ?? message.caption ?? "";
  return [media, text].filter(Boolean).join(", ").replace(/\s+/g, " ").slice(0, 120);
}

const key = (person, chat) => `${person.id}/${chat.id}`;
const byId = (messages) => new Map(messages.map((message) => [message.message_id, message]));
