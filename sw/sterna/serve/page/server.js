// Requests to the server that the page came from.

function headers() {
  const key = document.getElementById("key").value;
  return key ? { Authorization: `Bearer ${key}` } : {};
}

// An error's line as the server says it.
async function refused(answer) {
  const body = await answer.json().catch(() => null);
  return new Error(body?.error?.message ?? `the server answers ${answer.status}`);
}

async function checked(request) {
  const answer = await request.catch((error) => {
    throw error.name === "AbortError" ? error : new Error("the server cannot be reached");
  });
  if (!answer.ok) throw await refused(answer);
  return answer;
}

export function get(path) {
  return checked(fetch(path, { headers: headers() }));
}

// The objects of an answer that comes in parts (server-sent events), as they come.
export async function* ask(body, signal) {
  const answer = await checked(fetch("v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers() },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  }));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the answer broke off");
    text += value;
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      if (!event.startsWith("data: ")) continue; // a comment: the server is still there
      const data = event.slice("data: ".length);
      if (data === "[DONE]") return;
      const part = JSON.parse(data);
      if (part.error) throw new Error(part.error.message);
      yield part;
    }
  }
}
