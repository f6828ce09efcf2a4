/** Who is in a group and what they may do there; everything can be changed by a choice in a list. */

import { $, avatar, el } from "./dom.js";
import { act } from "./server.js";
import { place } from "./store.js";

const ROLES = {
  administrator: { label: "Admin", act: "promote" },
  anonymous: { label: "Anonymous admin", act: "promote", anonymous: true },
  member: { label: "Member", act: "demote" },
  absent: { label: "Not in the group", act: "remove" },
};

/** Shows the open group's people, or does nothing while the dialog is closed: for when they may have changed. */
export function showMembers(store, attempt, { isOpening = false } = {}) {
  const { chat, people, bot } = store;
  if (!isOpening && !$("members").open) return;
  if (chat.type === "private") return $("members").close();
  $("members-title").textContent = chat.title;
  const rows = [...people.values(), bot].map((person) => row(chat, person, person === bot, attempt));
  $("members-list").replaceChildren(...rows);
  if (isOpening) $("members").showModal();
}

function row(chat, person, isBot, attempt) {
  const name = person.first_name;
  return el(
    "div", { className: "member-row" },
    avatar(person.id, name, isBot ? "bot" : undefined),
    el("strong", {}, name),
    role(chat, person, isBot, name, attempt),
  );
}

function role(chat, person, isBot, name, attempt) {
  const member = place(chat, person);
  if (member?.status === "creator") return el("span", { className: "role" }, "Owner");
  const present = member?.is_anonymous ? "anonymous" : member?.status;
  const choices = Object.entries(ROLES).filter(([key]) => !(isBot && key === "anonymous"));
  const options = choices.map(([key, { label }]) => el("option", { value: key, selected: key === (present ?? "absent") }, label));
  const change = ({ target }) => {
    const { act: name, anonymous } = ROLES[target.value];
    attempt(act(name, { chat: chat.id, person: person.id, anonymous }));
  };
  return el("select", { className: "role", "aria-label": `Role of ${name}`, on: { change } }, ...options);
}
