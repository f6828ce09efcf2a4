/** The playground's own API: acts of people there, events here. */

/** Does one act, e.g. `act("say", {person, chat, text})`, and gives what came of it. Throws an Error with the server's reason. */
export async function act(name, asked) {
  const { result } = await answered(fetch(`/play/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(asked),
  }));
  return result;
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

async function answered(request) {
  const response = await request;
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `The server answered ${response.status}`);
  return answer;
}
