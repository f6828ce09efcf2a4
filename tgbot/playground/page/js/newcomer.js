/** Adds a person: a name, and the language that their app reports to the bot. */

import { $ } from "./dom.js";
import { act } from "./server.js";

const form = $("newcomer-form");

export function askForNewcomer() {
  form.reset();
  $("newcomer").showModal();
}

/** Calls `onJoined(person)` once the server has them. */
export function listenForNewcomers(attempt, onJoined) {
  form.addEventListener("submit", ({ submitter }) => {
    if (submitter?.value !== "join") return;
    const { name, language } = Object.fromEntries(new FormData(form));
    attempt(act("join", { name, language }).then(onJoined));
  });
}
