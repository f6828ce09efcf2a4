/** The playground's own API: acts of people there, events here. */

/** Does one act, e.g. `act("say", {person, chat, text})`. Throws an Error with the server's reason. */
export async function act(name, asked) {
  await answered(fetch(`/play/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(asked),
  }));
}

export async function sendPhoto(person, chat, file, caption) {
  await answered(fetch(`/play/photo?${new URLSearchParams({ person, chat, caption })}`, { method: "POST", body: file }));
}

/** Calls `onEvent` with the whole state first and after every reconnect, with single changes in between. */
export function listen(onEvent, onStatus) {
  const source = new EventSource("/play/events");
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
  source.onopen = () => onStatus(true);
  source.onerror = () => onStatus(false);
}

async function answered(response) {
  const { ok, status } = await response;
  if (!ok) throw new Error((await (await response).json().catch(() => ({}))).error ?? `The server answered ${status}`);
}
